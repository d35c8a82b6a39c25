// What this machine can do at most: multiply-add instructions, and streams through each level of its memory.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

namespace {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif

typedef float Vector __attribute__((vector_size(kVectorBytes)));

// With two multiply-adds a cycle and a latency of at most 5, 10 chains keep the pipes full; 12 and two operands fit 16 registers.
constexpr int kChains = 12;
constexpr std::int64_t kSteps = 20000;

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// Stops the compiler from knowing a value, without moving it out of its register.
void hide(Vector& value) { asm volatile("" : "+x"(value)); }

double multiply_adds() {
  Vector chains[kChains], factor = {}, term = {};
  factor += 0.5F;
  term += 1.0F;
  hide(factor);
  hide(term);
#pragma GCC unroll 12
  for (Vector& chain : chains) {
    Vector start = term;
    hide(start);  // otherwise the chains are seen to be equal, and are one
    chain = start;
  }
  for (std::int64_t step = 0; step < kSteps; ++step) {
#pragma GCC unroll 12
    for (Vector& chain : chains) chain = chain * factor + term;
  }
  Vector sum = {};
#pragma GCC unroll 12
  for (const Vector& chain : chains) sum += chain;
  hide(sum);
  constexpr int kLanes = kVectorBytes / sizeof(float);
  return 2.0 * kLanes * kChains * kSteps;
}

// Runs `work` for `seconds` and returns the best rate of a run: what the machine gives when nobody disturbs it.
template <class Work>
double best_rate(double seconds, Work&& work) {
  double best = 0;
  const double end = now() + seconds;
  do {
    const double begin = now();
    const double done = work();
    best = std::max(best, done / (now() - begin));
  } while (now() < end);
  return best;
}

}  // namespace

extern "C" {

/// Floating-point operations a second of one thread that does nothing but float32 multiply-adds.
double longwing_bench_fma(double seconds) { return best_rate(seconds, multiply_adds); }

/// Bytes a second of a[i] = b[i] + s c[i] over three float32 arrays of `bytes` in all; two reads and a write are counted.
double longwing_bench_triad(std::int64_t bytes, double seconds) {
  const std::int64_t each = std::max<std::int64_t>(bytes / 3 / kVectorBytes, 1);
  const std::size_t size = static_cast<std::size_t>(each) * kVectorBytes;
  const std::align_val_t alignment{64};
  Vector* arrays[3];
  for (Vector*& array : arrays) {
    array = static_cast<Vector*>(operator new(size, alignment));
    std::memset(static_cast<void*>(array), 0, size);
  }
  const std::int64_t passes = std::max<std::int64_t>(1, (std::int64_t{1} << 20) / (3 * each * kVectorBytes));
  const double rate = best_rate(seconds, [&] {
    Vector scale = {};
    scale += 0.5F;
    for (std::int64_t pass = 0; pass < passes; ++pass) {
      hide(scale);
      for (std::int64_t i = 0; i < each; ++i) arrays[0][i] = arrays[1][i] + scale * arrays[2][i];
      asm volatile("" ::: "memory");
    }
    return static_cast<double>(passes * 3 * each * kVectorBytes);
  });
  for (Vector* array : arrays) operator delete(array, alignment);
  return rate;
}
}
