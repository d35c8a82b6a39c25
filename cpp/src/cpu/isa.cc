#include "cpu/isa.h"

#include <cstdlib>
#include <string>
#include <vector>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "longwing/error.h"
#include "longwing/threads.h"

namespace longwing::cpu {

extern const IsaKernels k_base, k_avx2, k_avx512, k_neon;

namespace {

struct Isa {
  const char* name;
  const IsaKernels* kernels;
  bool supported;
};

#if defined(__x86_64__)
// Clang 16 does not know "f16c" in __builtin_cpu_supports, so the processor is asked.
bool has_f16c() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
}
#endif

// Weakest first. On Arm the vector unit is part of the architecture, so its kernels are the base.
std::vector<Isa> compiled_isas() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c();
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
  return {{"base", &k_base, true}, {"avx2", &k_avx2, avx2}, {"avx512", &k_avx512, avx512}};
#elif defined(__aarch64__)
  return {{"neon", &k_neon, true}};
#else
  return {{"base", &k_base, true}};
#endif
}

const IsaKernels& choose() {
  const std::vector<Isa> isas = compiled_isas();
  const char* forced = std::getenv("LONGWING_ISA");
  if (forced && *forced) {
    for (const Isa& isa : isas) {
      if (isa.supported && std::string(forced) == isa.name) return *isa.kernels;
    }
    std::string names;
    for (const std::string& name : available_isas()) names += (names.empty() ? "" : ", ") + name;
    throw ValueError("LONGWING_ISA must be one of " + names + " on this machine, got " + forced);
  }
  const IsaKernels* best = nullptr;
  for (const Isa& isa : isas) {
    if (isa.supported) best = isa.kernels;
  }
  return *best;
}

}  // namespace

const IsaKernels& kernels() {
  static const IsaKernels& chosen = choose();
  return chosen;
}

}  // namespace longwing::cpu

namespace longwing {

std::string isa() { return cpu::kernels().f32.isa; }

std::vector<std::string> available_isas() {
  std::vector<std::string> names;
  for (const auto& isa : cpu::compiled_isas()) {
    if (isa.supported) names.emplace_back(isa.name);
  }
  return names;
}

}  // namespace longwing
