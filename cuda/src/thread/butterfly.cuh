// Butterflies of one thread: those of core/butterfly.h, and 32 points composed of 8 and 4.
#pragma once

#include "core/butterfly.h"

namespace longwing::cuda {

/// cos(2πk/32) to 20 digits. No array: device code can't read a host's, and unrolled loops fold the switch.
LONGWING_HD constexpr double cosine32(int k) {
  const int folded = k % 32 <= 16 ? k % 32 : 32 - k % 32;
  const double sign = folded <= 8 ? 1.0 : -1.0;
  switch (folded <= 8 ? folded : 16 - folded) {
    case 0: return sign;
    case 1: return sign * 0.98078528040323044913;
    case 2: return sign * 0.92387953251128675613;
    case 3: return sign * 0.83146961230254523708;
    case 4: return sign * 0.70710678118654752440;
    case 5: return sign * 0.55557023301960222474;
    case 6: return sign * 0.38268343236508977173;
    case 7: return sign * 0.19509032201612826785;
    default: return 0.0;
  }
}

template <int Sign, class V>
LONGWING_HD void butterfly32(Complex<V>* x) {
  Complex<V> y[32];
  LONGWING_UNROLL
  for (int b = 0; b < 4; ++b) {  // 8 points at distance 4, then the rotation by exp(Sign·2πi·a·b/32)
    Complex<V> part[8];
    LONGWING_UNROLL
    for (int a = 0; a < 8; ++a) part[a] = x[4 * a + b];
    butterfly8<Sign>(part);
    LONGWING_UNROLL
    for (int a = 0; a < 8; ++a) {
      y[4 * a + b] = a * b == 0 ? part[a] : part[a] * Complex<V>{V(cosine32(a * b)), V(Sign * cosine32(a * b + 24))};
    }
  }
  LONGWING_UNROLL
  for (int a = 0; a < 8; ++a) {
    butterfly4<Sign>(y[4 * a], y[4 * a + 1], y[4 * a + 2], y[4 * a + 3]);
    LONGWING_UNROLL
    for (int b = 0; b < 4; ++b) x[a + 8 * b] = y[4 * a + b];
  }
}

/// X[j] = sum_q x[q] exp(Sign·2πi·j·q/R) in place, natural order in and out.
template <int R, int Sign, class V>
LONGWING_HD void thread_butterfly(Complex<V>* x) {
  if constexpr (R == 32) {
    butterfly32<Sign>(x);
  } else {
    butterfly<R, Sign>(x);
  }
}

}  // namespace longwing::cuda
