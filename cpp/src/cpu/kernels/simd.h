// One vector type per instruction set, over the compilers' vector extensions.
//
// Everything in kernels/ lives in an anonymous namespace: each isa/*.cc compiles it once with its own flags, and no symbol of one
// instruction set may be taken by the linker for another's. For the same reason nothing here includes a standard header with code.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#include "core/complex.h"

namespace longwing::cpu {
namespace {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif

template <class T>
struct Vec {
  typedef T Native __attribute__((vector_size(kVectorBytes)));
  static constexpr int kLanes = kVectorBytes / static_cast<int>(sizeof(T));

  Native v;

  Vec() = default;
  LONGWING_HD Vec(Native native) : v(native) {}
  LONGWING_HD explicit Vec(double value) : v(static_cast<T>(value) - Native{}) {}

  LONGWING_HD static Vec load(const T* p) {
    Native native;
    __builtin_memcpy(&native, p, sizeof native);
    return native;
  }
  LONGWING_HD static Vec broadcast(const T* p) { return *p - Native{}; }
  LONGWING_HD void store(T* p) const { __builtin_memcpy(p, &v, sizeof v); }

  friend LONGWING_HD Vec operator+(Vec a, Vec b) { return a.v + b.v; }
  friend LONGWING_HD Vec operator-(Vec a, Vec b) { return a.v - b.v; }
  friend LONGWING_HD Vec operator*(Vec a, Vec b) { return a.v * b.v; }
  friend LONGWING_HD Vec operator/(Vec a, Vec b) { return a.v / b.v; }
  friend LONGWING_HD Vec operator-(Vec a) { return -a.v; }

  // What the activations ask for besides (core/epilogue.h); comparisons give integers of the same width, all bits or none.
  friend LONGWING_HD Vec magnitude(Vec x) { return x.v < 0 ? -x.v : x.v; }
  friend LONGWING_HD Vec at_most(Vec x, double limit) { return x.v > static_cast<T>(limit) ? Vec(limit).v : x.v; }
  friend LONGWING_HD Vec select_negative(Vec x, Vec a, Vec b) { return x.v < 0 ? a.v : b.v; }
  friend LONGWING_HD Vec times_power_of_two(Vec p, Vec shifted) {
    using Bits = decltype(p.v < p.v);
    constexpr int kMantissaBits = sizeof(T) == 4 ? 23 : 52;
    return (Native)((Bits)p.v + ((Bits)shifted.v << kMantissaBits));
  }
};

/// The first `count` elements, zeros behind them; nothing beyond them is read.
template <class T>
LONGWING_HD Vec<T> load_partial(const T* p, int count) {
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4) return typename Vec<T>::Native(_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1), p));
  else return typename Vec<T>::Native(_mm512_maskz_loadu_pd(static_cast<__mmask8>((1u << count) - 1), p));
#else
  T values[Vec<T>::kLanes] = {};
  for (int i = 0; i < count; ++i) values[i] = p[i];
  return Vec<T>::load(values);
#endif
}

/// Stores the first `count` elements; nothing beyond them is touched.
template <class T>
LONGWING_HD void store_partial(T* p, Vec<T> value, int count) {
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4) _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << count) - 1), value.v);
  else _mm512_mask_storeu_pd(p, static_cast<__mmask8>((1u << count) - 1), value.v);
#else
  T values[Vec<T>::kLanes];
  value.store(values);
  for (int i = 0; i < count; ++i) p[i] = values[i];
#endif
}

// a·b + c: one rounding where the instruction set has it.
#if defined(__AVX512F__)
LONGWING_HD Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) { return Vec<float>::Native(_mm512_fmadd_ps(a.v, b.v, c.v)); }
LONGWING_HD Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) { return Vec<double>::Native(_mm512_fmadd_pd(a.v, b.v, c.v)); }
#elif defined(__FMA__)
LONGWING_HD Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) { return Vec<float>::Native(_mm256_fmadd_ps(a.v, b.v, c.v)); }
LONGWING_HD Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) { return Vec<double>::Native(_mm256_fmadd_pd(a.v, b.v, c.v)); }
#elif defined(__aarch64__)
LONGWING_HD Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) { return Vec<float>::Native(vfmaq_f32(c.v, a.v, b.v)); }
LONGWING_HD Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) { return Vec<double>::Native(vfmaq_f64(c.v, a.v, b.v)); }
#else
LONGWING_HD Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) { return a * b + c; }
LONGWING_HD Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) { return a * b + c; }
#endif

#if defined(__FMA__) || defined(__aarch64__)
constexpr bool kFused = true;
#else
constexpr bool kFused = false;
#endif

/// a·b by way of double, each part rounded once.
LONGWING_HD Complex<Vec<float>> multiply_wide(const Complex<Vec<float>>& a, const Complex<Vec<float>>& b) {
  typedef double Wide __attribute__((vector_size(2 * kVectorBytes)));
  const Wide a_re = __builtin_convertvector(a.re.v, Wide), a_im = __builtin_convertvector(a.im.v, Wide);
  const Wide b_re = __builtin_convertvector(b.re.v, Wide), b_im = __builtin_convertvector(b.im.v, Wide);
  const Wide re = a_re * b_re - a_im * b_im, im = a_re * b_im + a_im * b_re;
  return {__builtin_convertvector(re, Vec<float>::Native), __builtin_convertvector(im, Vec<float>::Native)};
}

/// A vector is kChunks parts of 128 bits with kChunk elements each: few instructions move an element from one to another.
template <class T>
constexpr int kChunk = 16 / static_cast<int>(sizeof(T));
template <class T>
constexpr int kChunks = Vec<T>::kLanes / kChunk<T>;

/// kChunk elements from p on, in every chunk.
template <class T>
LONGWING_HD Vec<T> broadcast_chunk(const T* p) {
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4) return typename Vec<T>::Native(_mm512_maskz_broadcast_f32x4(0xFFFF, _mm_loadu_ps(p)));
  else return typename Vec<T>::Native(_mm512_castps_pd(_mm512_maskz_broadcast_f32x4(0xFFFF, _mm_castpd_ps(_mm_loadu_pd(p)))));
#elif defined(__AVX2__)
  if constexpr (sizeof(T) == 4) return typename Vec<T>::Native(_mm256_broadcast_ps(reinterpret_cast<const __m128*>(p)));
  else return typename Vec<T>::Native(_mm256_broadcast_pd(reinterpret_cast<const __m128d*>(p)));
#else
  return Vec<T>::load(p);
#endif
}

// The shuffles of two vectors that are one instruction each: inside the chunks, or of whole chunks.
enum class Shuffle {
  kInterleaveLow,
  kInterleaveHigh,  // a0 b0 a1 b1 … of each chunk's lower or upper half
  kInterleavePairsLow,
  kInterleavePairsHigh,  // the same for pairs of elements
  kHalvesLow,
  kHalvesHigh,  // the lower or upper half of a, then of b
  kChunksEven,
  kChunksOdd,  // every other chunk of a, then of b
};

// Which element, b's behind a's, goes to a lane.
template <Shuffle kShuffle, int kLanes, int kWidth>
constexpr int shuffled_from(int lane) {
  const int chunk = lane / kWidth, at = lane % kWidth, half = kWidth / 2;
  switch (kShuffle) {
    case Shuffle::kInterleaveLow: return chunk * kWidth + at / 2 + at % 2 * kLanes;
    case Shuffle::kInterleaveHigh: return chunk * kWidth + half + at / 2 + at % 2 * kLanes;
    case Shuffle::kInterleavePairsLow: return chunk * kWidth + at % half + at / half * kLanes;
    case Shuffle::kInterleavePairsHigh: return chunk * kWidth + half + at % half + at / half * kLanes;
    case Shuffle::kHalvesLow: return lane % (kLanes / 2) + lane / (kLanes / 2) * kLanes;
    case Shuffle::kHalvesHigh: return kLanes / 2 + lane % (kLanes / 2) + lane / (kLanes / 2) * kLanes;
    default: break;
  }
  const int from = 2 * (chunk % (kLanes / kWidth / 2)) + (kShuffle == Shuffle::kChunksOdd ? 1 : 0);
  return from * kWidth + at + chunk / (kLanes / kWidth / 2) * kLanes;
}

template <Shuffle kShuffle, class T, int... I>
LONGWING_HD Vec<T> shuffle(Vec<T> a, Vec<T> b, std::integer_sequence<int, I...>) {
  return typename Vec<T>::Native(__builtin_shufflevector(a.v, b.v, shuffled_from<kShuffle, Vec<T>::kLanes, kChunk<T>>(I)...));
}

template <class T>
LONGWING_HD void swap(Vec<T>& a, Vec<T>& b) {
  const Vec<T> first = a;
  a = b;
  b = first;
}

/// a, b = two shuffles of the two
template <Shuffle kFirst, Shuffle kSecond, class T>
LONGWING_HD void shuffle_pair(Vec<T>& a, Vec<T>& b) {
  constexpr auto lanes = std::make_integer_sequence<int, Vec<T>::kLanes>();
  const Vec<T> first = shuffle<kFirst>(a, b, lanes);
  b = shuffle<kSecond>(a, b, lanes);
  a = first;
}

/// rows[j], element c·kChunk + i  <->  rows[i], element c·kChunk + j: kChunk vectors, each chunk a square matrix.
template <class T>
LONGWING_HD void transpose_in_chunks(Vec<T>* rows) {
  if constexpr (kChunk<T> == 2) return shuffle_pair<Shuffle::kInterleaveLow, Shuffle::kInterleaveHigh>(rows[0], rows[1]);
  shuffle_pair<Shuffle::kInterleaveLow, Shuffle::kInterleaveHigh>(rows[0], rows[1]);
  shuffle_pair<Shuffle::kInterleaveLow, Shuffle::kInterleaveHigh>(rows[2], rows[3]);
  shuffle_pair<Shuffle::kInterleavePairsLow, Shuffle::kInterleavePairsHigh>(rows[0], rows[2]);
  shuffle_pair<Shuffle::kInterleavePairsLow, Shuffle::kInterleavePairsHigh>(rows[1], rows[3]);
  swap(rows[1], rows[2]);
}

/// rows[j], chunk i  <->  rows[i], chunk j: kChunks vectors.
template <class T>
LONGWING_HD void transpose_chunks(Vec<T>* rows) {
  if constexpr (kChunks<T> == 2) shuffle_pair<Shuffle::kHalvesLow, Shuffle::kHalvesHigh>(rows[0], rows[1]);
  if constexpr (kChunks<T> == 4) {
    shuffle_pair<Shuffle::kHalvesLow, Shuffle::kHalvesHigh>(rows[0], rows[1]);
    shuffle_pair<Shuffle::kHalvesLow, Shuffle::kHalvesHigh>(rows[2], rows[3]);
    shuffle_pair<Shuffle::kChunksEven, Shuffle::kChunksOdd>(rows[0], rows[2]);
    shuffle_pair<Shuffle::kChunksEven, Shuffle::kChunksOdd>(rows[1], rows[3]);
    swap(rows[1], rows[2]);
  }
}

/// A line: kLanes real parts, then kLanes imaginary parts; lane l belongs to node l of the first pass.
template <class T>
constexpr int kLine = 2 * Vec<T>::kLanes;

/// The same number, of which the compiler does not know that it stands in memory: it is loaded once, and not again for every use.
template <class T>
LONGWING_HD Vec<T> in_register(Vec<T> x) {
#if defined(__AVX512F__)
  asm("" : "+v"(x.v));
#elif defined(__x86_64__)
  asm("" : "+x"(x.v));
#elif defined(__aarch64__)
  asm("" : "+w"(x.v));
#endif
  return x;
}

template <class T>
LONGWING_HD Complex<Vec<T>> load_line(const T* line) {
  return {in_register(Vec<T>::load(line)), in_register(Vec<T>::load(line + Vec<T>::kLanes))};
}

template <class T>
LONGWING_HD void store_line(T* line, Complex<Vec<T>> value) {
  value.re.store(line);
  value.im.store(line + Vec<T>::kLanes);
}

}  // namespace
}  // namespace longwing::cpu
