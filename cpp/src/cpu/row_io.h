// Rows as the passes read and write them: any dtype and stride, gated, zero or periodic outside, in tiles of the ring.
#pragma once

#include <algorithm>
#include <cstdint>

#include "cpu/kernel_table.h"

namespace longwing::cpu {

/// Longest run of samples handled at once: both parts of every row of a tile then fit half an L1 cache.
constexpr std::int64_t kTile = 128;

/// The dtype that T is stored as.
template <class T>
constexpr DType kDTypeOf = sizeof(T) == 4 ? DType::kFloat32 : DType::kFloat64;

/// What the passes see of one input row: sample i = data[i]·gate[i] for i in [0, length).
struct RowSource {
  const void* data = nullptr;
  DType dtype = DType::kFloat32;
  std::int64_t stride = 1;
  std::int64_t length = 0;
  const void* gate = nullptr;  ///< of the same dtype
  std::int64_t gate_stride = 1;
  bool periodic = false;  ///< sample i is that of i mod length; else zero outside

  /// The same row without its first `begin` samples, `count` of them; not periodic.
  RowSource window(std::int64_t begin, std::int64_t count) const;
};

/// Where one output row goes: data[i] = gate[i]·act(value[i]) for i in [0, length).
struct RowSink {
  void* data = nullptr;
  DType dtype = DType::kFloat32;
  std::int64_t stride = 1;
  std::int64_t length = 0;
  const void* gate = nullptr;  ///< of the same dtype
  std::int64_t gate_stride = 1;
  Activation activation = Activation::kNone;
};

const void* element(const void* data, DType dtype, std::int64_t index);
void* element(void* data, DType dtype, std::int64_t index);

template <class T>
class RowIo {
 public:
  explicit RowIo(const KernelTable<T>& kernels) : kernels_(kernels) {}

  /// Whether samples stand as the passes want them wherever there are any.
  static bool is_plain(const RowSource& source) { return source.dtype == kDTypeOf<T> && source.stride == 1 && !source.gate; }
  static bool is_plain(const RowSink& sink) {
    return sink.dtype == kDTypeOf<T> && sink.stride == 1 && !sink.gate && sink.activation == Activation::kNone;
  }

  /// Where samples [begin, begin+count) stand as the passes want them, in the caller's own memory; null where they do not.
  T* in_place(const RowSource& source, std::int64_t begin, std::int64_t count) const {
    if (!is_plain(source) || begin < 0 || begin + count > source.length) return nullptr;
    return const_cast<T*>(static_cast<const T*>(source.data)) + begin;
  }
  T* in_place(const RowSink& sink, std::int64_t begin, std::int64_t count) const {
    if (!is_plain(sink) || begin < 0 || begin + count > sink.length) return nullptr;
    return static_cast<T*>(sink.data) + begin;
  }

  /// Samples [begin, begin+count) of the source: either the caller's own memory or `buffer`, with zeros where the source has
  /// none. Null where all are zero.
  T* read(const RowSource& source, std::int64_t begin, std::int64_t count, T* buffer) const {
    if (T* const own = in_place(source, begin, count)) return own;
    if (!source.periodic && (begin >= source.length || begin + count <= 0)) return nullptr;
    return stage(source, begin, count, buffer);
  }

  /// Where the values of outputs [begin, begin+count) may be written: the caller's own memory or `buffer`. Null where none is
  /// an output.
  T* place(const RowSink& sink, std::int64_t begin, std::int64_t count, T* buffer) const {
    if (begin + count <= 0 || begin >= sink.length) return nullptr;
    T* const own = in_place(sink, begin, count);
    return own ? own : buffer;
  }

  /// Carries values that were written to a buffer through activation and gate to their place.
  void write(const RowSink& sink, std::int64_t begin, std::int64_t count, T* buffer) const;

  /// The whole range [begin, begin+count) of a source, copied to dst.
  void materialize(const RowSource& source, std::int64_t begin, std::int64_t count, T* dst) const;

 private:
  T* stage(const RowSource& source, std::int64_t begin, std::int64_t count, T* buffer) const;
  void load_gated(const RowSource& source, std::int64_t begin, std::int64_t count, T* dst) const;
  void prefetch(const void* data, DType dtype, std::int64_t stride, std::int64_t begin, std::int64_t count) const;
  void load_periodic(const RowSource& source, std::int64_t begin, std::int64_t count, T* dst) const;
  void gate(T* values, const void* gate, DType dtype, std::int64_t stride, std::int64_t begin, std::int64_t count) const;

  const KernelTable<T>& kernels_;
};

extern template class RowIo<float>;
extern template class RowIo<double>;

}  // namespace longwing::cpu
