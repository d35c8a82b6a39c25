// Memory of our own that another library takes over through DLPack: the way to a result where arrays are immutable.
#pragma once

#include <pybind11/pybind11.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "longwing/types.h"

namespace longwing::python {

/// A C-contiguous array in host memory, aligned for any vector and for libraries that take over only aligned memory.
class Buffer {
 public:
  static constexpr std::size_t kAlignment = 64;

  Buffer(const pybind11::tuple& shape, DType dtype);

  pybind11::tuple dlpack_device() const;
  /// A versioned capsule where `max_version` is at least (1, 0), else a legacy one.
  pybind11::capsule dlpack(pybind11::handle max_version) const;

  struct Memory;  // shared with every capsule

 private:
  std::shared_ptr<Memory> memory_;
};

}  // namespace longwing::python
