// Elements of arrays in memory as numbers of the compute type. The dtype is decided outside of a row's loops.
#pragma once

#include "device/arguments.h"
#include "device/half.cuh"

namespace longwing::cuda {

template <class T>
LONGWING_HD T load_as(const float* p) {
  return static_cast<T>(*p);
}
template <class T>
LONGWING_HD T load_as(const double* p) {
  return static_cast<T>(*p);
}
template <class T>
LONGWING_HD T load_as(const Float16* p) {
  return static_cast<T>(to_float(*p));
}
template <class T>
LONGWING_HD T load_as(const BFloat16* p) {
  return static_cast<T>(to_float(*p));
}

template <class T>
LONGWING_HD void store_as(float* p, T value) {
  *p = static_cast<float>(value);
}
template <class T>
LONGWING_HD void store_as(double* p, T value) {
  *p = static_cast<double>(value);
}
template <class T>
LONGWING_HD void store_as(Float16* p, T value) {
  *p = to_float16(static_cast<float>(value));
}
template <class T>
LONGWING_HD void store_as(BFloat16* p, T value) {
  *p = to_bfloat16(static_cast<float>(value));
}

template <class Pointer>
struct PointeeOf;
template <class Element>
struct PointeeOf<Element*> {
  using Type = Element;
};
template <class Pointer>
using Pointee = typename PointeeOf<Pointer>::Type;

/// action(pointer to the element type): the run-time dtype becomes a type, once.
template <class Action>
LONGWING_HD void with_dtype(DType dtype, void* data, const Action& action) {
  switch (dtype) {
    case DType::kFloat32: return action(static_cast<float*>(data));
    case DType::kFloat64: return action(static_cast<double*>(data));
    case DType::kFloat16: return action(static_cast<Float16*>(data));
    case DType::kBFloat16: return action(static_cast<BFloat16*>(data));
  }
}

/// The same for arrays of rows: float64 is computed in double, everything else in float.
template <class T, class Action>
LONGWING_HD void with_row_dtype(DType dtype, const Action& action) {
  if constexpr (sizeof(T) == sizeof(double)) {
    action(static_cast<double*>(nullptr));
  } else if (dtype == DType::kFloat32) {
    action(static_cast<float*>(nullptr));
  } else if (dtype == DType::kFloat16) {
    action(static_cast<Float16*>(nullptr));
  } else {
    action(static_cast<BFloat16*>(nullptr));
  }
}

/// The number of one channel.
template <class T>
LONGWING_HD T channel_value(const ChannelArray& array, int channel) {
  T value = 0;
  with_dtype(array.dtype, array.data, [&](auto* data) { value = load_as<T>(data + channel * array.stride); });
  return value;
}

}  // namespace longwing::cuda
