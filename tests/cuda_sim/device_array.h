// Arrays of every dtype and layout for calls of the engine, from and to the oracle's doubles.
#pragma once

#include <cstddef>
#include <cstring>
#include <vector>

#include "device/half.cuh"
#include "longwing/tensor_view.h"
#include "reference/convolution.h"

namespace longwing::cuda {

inline void store_number(std::byte* at, DType dtype, double value) {
  const auto put = [at](auto number) { std::memcpy(at, &number, sizeof number); };
  switch (dtype) {
    case DType::kFloat32: return put(static_cast<float>(value));
    case DType::kFloat64: return put(value);
    case DType::kFloat16: return put(to_float16(static_cast<float>(value)));
    case DType::kBFloat16: return put(to_bfloat16(static_cast<float>(value)));
  }
}

inline double load_number(const std::byte* at, DType dtype) {
  const auto get = [at](auto number) {
    std::memcpy(&number, at, sizeof number);
    return number;
  };
  switch (dtype) {
    case DType::kFloat32: return static_cast<double>(get(float{}));
    case DType::kFloat64: return get(double{});
    case DType::kFloat16: return static_cast<double>(to_float(get(Float16{})));
    case DType::kBFloat16: return static_cast<double>(to_float(get(BFloat16{})));
  }
  return 0;
}

/// The values as an array of `dtype` can hold them: what the oracle has to see.
inline void round_values(reference::Values& values, DType dtype) {
  for (double& value : values) {
    std::byte bytes[8];
    store_number(bytes, dtype, value);
    value = load_number(bytes, dtype);
  }
}

/// An array whose memory holds its last two axes the other way around where `transposed`.
class DeviceArray {
 public:
  DeviceArray(const reference::Values& values, std::vector<std::int64_t> shape, DType dtype, bool transposed = false)
      : dtype_(dtype), bytes_(values.size() * size_of(dtype)) {
    view_.dtype = dtype;
    view_.device = {DeviceType::kCuda, 0};
    view_.rank = static_cast<int>(shape.size());
    std::int64_t step = 1;
    for (std::size_t i = shape.size(); i-- > 0;) {
      view_.shape[i] = shape[i];
      view_.strides[i] = step;
      step *= shape[i];
    }
    if (transposed && shape.size() >= 2) {
      const std::size_t last = shape.size() - 1;
      view_.strides[last] = shape[last - 1];
      view_.strides[last - 1] = 1;
    }
    view_.data = bytes_.data();
    for (std::size_t i = 0; i < values.size(); ++i) store_number(bytes_.data() + offset(i), dtype, values[i]);
  }

  const TensorView& view() {
    view_.data = bytes_.data();
    return view_;
  }
  const std::vector<std::byte>& bytes() const { return bytes_; }
  reference::Values values() const {
    reference::Values values(bytes_.size() / size_of(dtype_));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = load_number(bytes_.data() + offset(i), dtype_);
    return values;
  }

 private:
  // Of the number at `index` in the order of the shape.
  std::size_t offset(std::size_t index) const {
    auto rest = static_cast<std::int64_t>(index);
    std::int64_t place = 0;
    for (int axis = view_.rank - 1; axis >= 0; --axis) {
      place += rest % view_.extent(axis) * view_.stride(axis);
      rest /= view_.extent(axis);
    }
    return static_cast<std::size_t>(place) * size_of(dtype_);
  }

  DType dtype_;
  TensorView view_;
  std::vector<std::byte> bytes_;
};

}  // namespace longwing::cuda
