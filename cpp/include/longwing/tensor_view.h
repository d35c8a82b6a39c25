// A borrowed, strided array: what every entry point takes. The caller owns the memory.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>

#include "longwing/types.h"

namespace longwing {

/// Address, element type, shape and strides (in elements, any sign, zero allowed for inputs).
struct TensorView {
  static constexpr int kMaxRank = 16;

  void* data = nullptr;
  DType dtype = DType::kFloat32;
  Device device = {};
  int rank = 0;
  bool writable = true;
  std::array<std::int64_t, kMaxRank> shape = {};
  std::array<std::int64_t, kMaxRank> strides = {};

  TensorView() = default;

  /// A C-contiguous view over `data`.
  TensorView(void* data, DType dtype, std::initializer_list<std::int64_t> shape);
  TensorView(const void* data, DType dtype, std::initializer_list<std::int64_t> shape);
  TensorView(float* data, std::initializer_list<std::int64_t> shape) : TensorView(static_cast<void*>(data), DType::kFloat32, shape) {}
  TensorView(const float* data, std::initializer_list<std::int64_t> shape)
      : TensorView(static_cast<const void*>(data), DType::kFloat32, shape) {}
  TensorView(double* data, std::initializer_list<std::int64_t> shape) : TensorView(static_cast<void*>(data), DType::kFloat64, shape) {}
  TensorView(const double* data, std::initializer_list<std::int64_t> shape)
      : TensorView(static_cast<const void*>(data), DType::kFloat64, shape) {}

  /// Extent and stride counted from the last axis: `extent(-1)` is the innermost.
  std::int64_t extent(int axis) const { return shape[static_cast<std::size_t>(axis < 0 ? axis + rank : axis)]; }
  std::int64_t stride(int axis) const { return strides[static_cast<std::size_t>(axis < 0 ? axis + rank : axis)]; }

  /// Number of elements; a product that overflows is a ValueError naming `argument`.
  std::int64_t size(const char* argument = "tensor") const;

  /// Takes any struct shaped like DLPack's DLTensor (its memory must be on the CPU or on a CUDA device).
  template <class DLTensorLike>
  static TensorView from_dltensor(const DLTensorLike& tensor);

 private:
  void set_contiguous(std::initializer_list<std::int64_t> extents);
};

/// True unless the two views provably share no byte.
bool may_overlap(const TensorView& a, const TensorView& b);

/// True unless no two elements of the view provably share an address.
bool repeats_elements(const TensorView& view);

/// The view's element type from DLPack's (code, bits, lanes); a TypeError names what is supported.
DType dtype_from_dlpack(int code, int bits, int lanes);
/// The view's device from DLPack's device type; a TypeError names what is supported.
Device device_from_dlpack(int device_type, int device_id);
/// A ValueError that names `argument` where `rank` is negative or above kMaxRank.
int checked_rank(std::int64_t rank, const char* argument = "an array");

template <class DLTensorLike>
TensorView TensorView::from_dltensor(const DLTensorLike& tensor) {
  TensorView view;
  view.dtype =
      dtype_from_dlpack(static_cast<int>(tensor.dtype.code), static_cast<int>(tensor.dtype.bits), static_cast<int>(tensor.dtype.lanes));
  view.device = device_from_dlpack(static_cast<int>(tensor.device.device_type), static_cast<int>(tensor.device.device_id));
  view.rank = checked_rank(tensor.ndim);
  view.data = static_cast<char*>(tensor.data) + tensor.byte_offset;
  std::int64_t step = 1;
  for (int axis = view.rank - 1; axis >= 0; --axis) {
    const auto i = static_cast<std::size_t>(axis);
    view.shape[i] = tensor.shape[axis];
    view.strides[i] = tensor.strides ? tensor.strides[axis] : step;
    if (!tensor.strides) step *= tensor.shape[axis] > 0 ? tensor.shape[axis] : 1;
  }
  return view;
}

}  // namespace longwing
