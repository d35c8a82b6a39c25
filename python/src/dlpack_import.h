// An array of any library as a TensorView, borrowed through DLPack for the length of one call.
#pragma once

#include <pybind11/pybind11.h>

#include <functional>

#include "device_stream.h"
#include "dlpack_abi.h"
#include "longwing/tensor_view.h"

namespace longwing::python {

struct ImportedArray {
  TensorView view;
  pybind11::object owner;  ///< keeps the view's memory: the array or its capsule
};

/// The stream of a call on a CUDA device.
using StreamOf = std::function<DeviceStream(const Device& device)>;

/// The view of `array`; on a CUDA device its values are ready for work on the stream that `stream_of` is asked for. `exchange` is its
/// type's exchange interface, or null. Errors name `argument`; a RuntimeError where no backend serves the array's device.
ImportedArray import_array(pybind11::handle array, const char* argument, const dlpack::ExchangeApi* exchange, const StreamOf& stream_of);

/// The exchange interface of a type, or null where it has none that this binding can call.
const dlpack::ExchangeApi* exchange_api_of(pybind11::handle type);

}  // namespace longwing::python
