#include "cpu/row_io.h"

#include <cstring>

namespace longwing::cpu {
const void* element(const void* data, DType dtype, std::int64_t index) {
  return static_cast<const char*>(data) + index * static_cast<std::int64_t>(size_of(dtype));
}

void* element(void* data, DType dtype, std::int64_t index) {
  return static_cast<char*>(data) + index * static_cast<std::int64_t>(size_of(dtype));
}

RowSource RowSource::window(std::int64_t begin, std::int64_t count) const {
  RowSource part = *this;
  part.data = element(data, dtype, begin * stride);
  if (gate) part.gate = element(gate, dtype, begin * gate_stride);
  part.length = count;
  part.periodic = false;
  return part;
}

template <class T>
void RowIo<T>::gate(T* values, const void* gate, DType dtype, std::int64_t stride, std::int64_t begin, std::int64_t count) const {
  alignas(64) T factors[kTile];
  for (std::int64_t done = 0; done < count; done += kTile) {
    const std::int64_t part = std::min(kTile, count - done);
    kernels_.load(factors, element(gate, dtype, (begin + done) * stride), dtype, stride, part);
    kernels_.multiply(values + done, values + done, factors, part);
  }
}

// A tile is one of many short stretches, too short for the hardware to foresee the next of the same row.
template <class T>
void RowIo<T>::prefetch(const void* data, DType dtype, std::int64_t stride, std::int64_t begin, std::int64_t count) const {
  if (stride != 1) return;
  const auto* const first = static_cast<const char*>(element(data, dtype, begin));
  for (const char* line = first; line < first + count * static_cast<std::int64_t>(size_of(dtype)); line += 64) __builtin_prefetch(line);
}

// Samples that exist, converted and gated, to dst.
template <class T>
void RowIo<T>::load_gated(const RowSource& source, std::int64_t begin, std::int64_t count, T* dst) const {
  const std::int64_t ahead = std::min(count, source.length - begin - count);
  prefetch(source.data, source.dtype, source.stride, begin + count, ahead);
  if (source.gate) prefetch(source.gate, source.dtype, source.gate_stride, begin + count, ahead);
  if (source.gate && source.dtype == kDTypeOf<T> && source.stride == 1 && source.gate_stride == 1) {
    return kernels_.multiply(dst, static_cast<const T*>(source.data) + begin, static_cast<const T*>(source.gate) + begin, count);
  }
  kernels_.load(dst, element(source.data, source.dtype, begin * source.stride), source.dtype, source.stride, count);
  if (source.gate) gate(dst, source.gate, source.dtype, source.gate_stride, begin, count);
}

template <class T>
void RowIo<T>::load_periodic(const RowSource& source, std::int64_t begin, std::int64_t count, T* dst) const {
  std::int64_t at = begin % source.length;
  if (at < 0) at += source.length;
  for (std::int64_t done = 0; done < count; at = 0) {
    const std::int64_t part = std::min(count - done, source.length - at);
    load_gated(source, at, part, dst + done);
    done += part;
  }
}

template <class T>
T* RowIo<T>::stage(const RowSource& source, std::int64_t begin, std::int64_t count, T* buffer) const {
  if (source.periodic) {
    load_periodic(source, begin, count, buffer);
    return buffer;
  }
  const std::int64_t first = std::max<std::int64_t>(begin, 0), last = std::min(begin + count, source.length);
  std::fill(buffer, buffer + (first - begin), T(0));
  load_gated(source, first, last - first, buffer + (first - begin));
  std::fill(buffer + (last - begin), buffer + count, T(0));
  return buffer;
}

template <class T>
void RowIo<T>::write(const RowSink& sink, std::int64_t begin, std::int64_t count, T* buffer) const {
  const std::int64_t first = std::max<std::int64_t>(begin, 0), last = std::min(begin + count, sink.length);
  if (first >= last) return;
  T* const values = buffer + (first - begin);
  if (sink.activation != Activation::kNone) kernels_.activate(values, nullptr, sink.activation, last - first);
  if (sink.gate) prefetch(sink.gate, sink.dtype, sink.gate_stride, last, std::min(last - first, sink.length - last));
  if (sink.gate && sink.dtype == kDTypeOf<T> && sink.stride == 1 && sink.gate_stride == 1) {
    return kernels_.multiply(static_cast<T*>(sink.data) + first, values, static_cast<const T*>(sink.gate) + first, last - first);
  }
  if (sink.gate) gate(values, sink.gate, sink.dtype, sink.gate_stride, first, last - first);
  kernels_.store(element(sink.data, sink.dtype, first * sink.stride), sink.dtype, sink.stride, values, last - first);
}

template <class T>
void RowIo<T>::materialize(const RowSource& source, std::int64_t begin, std::int64_t count, T* dst) const {
  const T* const values = read(source, begin, count, dst);
  if (!values) {
    std::fill(dst, dst + count, T(0));
  } else if (values != dst) {
    std::memcpy(dst, values, static_cast<std::size_t>(count) * sizeof(T));
  }
}

template class RowIo<float>;
template class RowIo<double>;

}  // namespace longwing::cpu
