// The arrays of one call: all of one library, each borrowed until the call returns, and new ones for its results.
#pragma once

#include <pybind11/pybind11.h>

#include <array>
#include <optional>

#include "array_library.h"
#include "longwing/plan.h"

namespace longwing::python {

/// A new array that a call fills.
struct Result {
  pybind11::object target;
  TensorView view;
};

class CallArrays {
 public:
  /// `first` decides the library; `argument` is its name in errors.
  CallArrays(pybind11::handle first, const char* argument);

  TensorView input(pybind11::handle array, const char* argument);
  /// Nothing where `array` is None.
  std::optional<TensorView> optional_input(pybind11::handle array, const char* argument);
  /// The caller's out=: whether it is writable, fits and overlaps is the core's to check.
  TensorView output(pybind11::handle array, const char* argument);
  /// An uninitialised array beside the call's first one.
  Result allocate(const OutputShape& shape, DType dtype, const char* argument);
  /// How the call runs: `execution` on the stream of its arrays.
  Execution on_stream(Execution execution) const;
  /// After the call: returns once its work is done, where the library knows nothing of the stream; without the GIL.
  void wait() const;
  /// The result as an array of the library.
  pybind11::object finish(const Result& result) const;

 private:
  /// The array's library, which must be the call's.
  const ArrayLibrary& library_of(pybind11::handle array, const char* argument) const;
  TensorView keep(ImportedArray imported);
  /// The view of `array`, ready on the call's stream.
  ImportedArray import(pybind11::handle array, const char* argument, const dlpack::ExchangeApi* exchange);

  static constexpr std::size_t kMost = 16;  // the largest call, backward, has 5 inputs and 6 outputs
  pybind11::handle first_;
  const char* first_argument_;
  const ArrayLibrary& library_;
  std::array<pybind11::object, kMost> owners_;
  std::size_t count_ = 0;
  std::optional<DeviceStream> stream_;  // on a CUDA device, of the first array there
};

}  // namespace longwing::python
