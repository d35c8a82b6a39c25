// The pointwise functions between the skip term and the post gate, with their derivatives.
//
// Over any V with arithmetic, `fma` and four primitives: magnitude(x), at_most(x, limit) (which keeps NaN), select_negative(x, a, b)
// = x < 0 ? a : b, and times_power_of_two(p, shifted), p times two to the integer in the low bits of `shifted`.
#pragma once

#include "core/hd.h"

namespace longwing {

template <class V>
struct ValueAndDerivative {
  V value, derivative;
};

/// What depends on the precision T: of exp, ln 2 in two parts, the first so short that its product with an exponent is exact, and the
/// number whose addition rounds to an integer; of the normal distribution, a number whose addition leaves half the digits of a value
/// up to 40, and G below.
///
/// G(t) = (a + c)·exp(a²/2)·Q(a), t = (a - c)/(a + c), c = 4.5, where Q(a) = erfc(a/sqrt(2))/2: interpolated at Chebyshev nodes in
/// 60 digits, so that the relative error is 8e-9 for float and 6e-17 for double over all a >= 0.
template <class T>
struct EpilogueConstants;

template <>
struct EpilogueConstants<float> {
  static constexpr double kShift = 0x1.8p23, kLowest = -86, kLn2High = 0.693359375, kLn2Low = -2.12194440054690582e-4;
  static constexpr int kExpDegree = 7;
  static constexpr double kHalfDigits = 0x1.8p17;
  static constexpr double kTail[] = {0.76323053359,    -0.64025776123,   0.44645218404,   -0.25314172937,
                                     0.11138652065,    -0.033872159603,  4.2065203206e-3, 1.7524760712e-3,
                                     -8.8343969275e-4, -9.9050046801e-7, 7.8825354396e-5, -8.6960008661e-6};
};

template <>
struct EpilogueConstants<double> {
  static constexpr double kShift = 0x1.8p52, kLowest = -707, kLn2High = 0.69314718055966295651, kLn2Low = 2.8235290563031577123e-13;
  static constexpr int kExpDegree = 13;
  static constexpr double kHalfDigits = 0x1.8p32;
  static constexpr double kTail[] = {0.763230528970203128,    -0.640257760252616399,   0.446452517055678809,   -0.253141799951029997,
                                     0.111382596570211797,    -0.0338713261754969814,  4.22361338022251706e-3, 1.74883054687837267e-3,
                                     -9.17746504616300912e-4, 6.38130138794712586e-6,  1.12042734053610234e-4, -1.59337480474696046e-5,
                                     -1.4236080323087938e-5,  3.19210129151306035e-6,  2.14336157283834695e-6, -5.03793900450401756e-7,
                                     -3.8008151656417879e-7,  6.60907651581580732e-8,  7.12124294972210362e-8, -6.18799257004028483e-9,
                                     -1.15077800931861864e-8, 2.69477197111612429e-10, 1.09058023075896941e-9};
};

/// sum_i Table::at(i)·x^i; the table is a type, because device code can't refer to a host array.
template <class Table, int I = 0, class V>
LONGWING_HD V polynomial(V x) {
  constexpr double coefficient = Table::at(I);
  if constexpr (I + 1 == Table::kTerms) {
    return V(coefficient);
  } else {
    return fma(polynomial<Table, I + 1>(x), x, V(coefficient));
  }
}

template <class T>
struct NormalTail {
  static constexpr int kTerms = sizeof(EpilogueConstants<T>::kTail) / sizeof(double);
  static constexpr double at(int i) { return EpilogueConstants<T>::kTail[i]; }
};

/// 1/i!
template <int Degree>
struct InverseFactorials {
  static constexpr int kTerms = Degree + 1;
  static constexpr double at(int i) { return i == 0 ? 1.0 : at(i - 1) / i; }
};

/// exp(high + low) for a sum <= 0, |low| small; below the smallest normal number 0.
template <class T, class V>
LONGWING_HD V exponential(V high, V low) {
  using Constants = EpilogueConstants<T>;
  const V sum = high + low;
  const V shifted = fma(sum, V(1.44269504088896340736), V(Constants::kShift));
  const V exponent = shifted - V(Constants::kShift);
  const V rest = fma(exponent, V(-Constants::kLn2Low), fma(exponent, V(-Constants::kLn2High), high) + low);
  return select_negative(sum - V(Constants::kLowest), V(0.0),
                         times_power_of_two(polynomial<InverseFactorials<Constants::kExpDegree>>(rest), shifted));
}

/// x·Phi(x), Phi the normal distribution function, accurate relative to the result for negative x too; derivative Phi + x·phi.
template <class T, class V>
LONGWING_HD ValueAndDerivative<V> gelu(V x) {
  using Constants = EpilogueConstants<T>;
  constexpr double kCenter = 4.5, kDensity = 0.39894228040143267794;
  const V a = at_most(magnitude(x), 40.0);
  const V half = (a + V(Constants::kHalfDigits)) - V(Constants::kHalfDigits);  // a² = half² + (a - half)(a + half), the first exactly
  const V decay = exponential<T>(V(-0.5) * half * half, V(-0.5) * ((a - half) * (a + half)));
  const V inverse = V(1.0) / (a + V(kCenter));
  const V tail = decay * inverse * polynomial<NormalTail<T>>((a - V(kCenter)) * inverse);
  const V distribution = select_negative(x, tail, V(1.0) - tail);
  return {x * distribution, fma(x * V(kDensity), decay, distribution)};
}

/// x·s, s = 1/(1 + exp(-x)); derivative s·(1 + x·(1 - s)).
template <class T, class V>
LONGWING_HD ValueAndDerivative<V> silu(V x) {
  const V decay = exponential<T>(-at_most(magnitude(x), 1000.0), V(0.0));
  const V whole = V(1.0) / (V(1.0) + decay), part = decay * whole;
  const V sigmoid = select_negative(x, part, whole), rest = select_negative(x, whole, part);
  return {x * sigmoid, sigmoid * fma(x, rest, V(1.0))};
}

}  // namespace longwing
