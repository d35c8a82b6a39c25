#!/usr/bin/env bash
# Everything that only a GPU can show, in one command of less than 9 minutes: builds for this machine's GPU alone, runs the tests, measures.
# Needs an NVIDIA GPU, nvcc, CMake, a C++ compiler, and a python3 with torch, NumPy, pybind11 and pytest; fetches nothing.
# usage: bench/gpu.sh [RESULTS.json]
set -euo pipefail
cd "$(dirname "$0")/.."
began=$SECONDS
limit=520  # seconds in all
say() { echo "== $1 (second $((SECONDS - began)))"; }
left() { local rest=$((limit - (SECONDS - began) - $1)); echo $((rest > 10 ? rest : 10)); }
missing() { echo "bench/gpu.sh: $1" >&2; exit 2; }

for tool in nvcc cmake python3 c++; do
  command -v "$tool" >/dev/null || missing "$tool is not on PATH"
done
command -v nvidia-smi >/dev/null || missing "no NVIDIA driver: nvidia-smi is not on PATH"
capability=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader | head -n 1) || missing "nvidia-smi finds no GPU"
for module in torch numpy pybind11; do
  python3 -c "import $module" 2>/dev/null || missing "python3 has no module $module"
done
architecture=${capability/./}
mkdir -p build
build=build/gpu site=$PWD/build/gpu/site jobs=$(nproc)

say "build for compute capability $capability, $jobs jobs"
generator=()
if command -v ninja >/dev/null; then generator=(-G Ninja); fi
cmake -S . -B "$build" "${generator[@]}" -DCMAKE_BUILD_TYPE=Release -DLONGWING_CUDA=ON -DCMAKE_CUDA_ARCHITECTURES="$architecture" \
  -DLONGWING_PYTHON=ON -DPython_EXECUTABLE="$(command -v python3)" >"$build.log" 2>&1 || { tail -n 40 "$build.log"; exit 1; }
cmake --build "$build" -j "$jobs" >>"$build.log" 2>&1 || { tail -n 40 "$build.log"; exit 1; }
rm -rf "$site"
cmake --install "$build" --component python --prefix "$site" >>"$build.log"
cp -R python/longwing/. "$site/longwing/"
export PYTHONPATH="$site" PYTHONDONTWRITEBYTECODE=1
python3 -m longwing info

status=0
if python3 -c "import pytest" 2>/dev/null; then
  say "tests/cuda"
  timeout "$(left 300)" python3 -m pytest -q -p no:cacheprovider -W default tests/cuda || status=$?
else
  echo "tests/cuda were not run: python3 has no pytest"
  status=1
fi

say "bench"
name=$(nvidia-smi --query-gpu=name --format=csv,noheader | head -n 1 | tr 'A-Z ' 'a-z-')
results=${1:-bench/results/gpu-$name.json}
timeout "$(left 30)" python3 -m bench gpu --seconds "$(left 150)" --json "$results" || status=$?

if command -v compute-sanitizer >/dev/null; then
  for tool in memcheck racecheck; do
    say "compute-sanitizer $tool"
    ended=0
    timeout "$(left 5)" compute-sanitizer --tool "$tool" --error-exitcode 9 --log-file "build/gpu-$tool.log" \
      python3 tests/cuda/sanitized.py || ended=$?
    case $ended in
      0) echo "$tool found nothing" ;;
      124) echo "$tool did not end in the time that was left" ;;
      *) echo "$tool ended with $ended:"; tail -n 20 "build/gpu-$tool.log"; status=$ended ;;
    esac
  done
fi
say "done: $results"
exit "$status"
