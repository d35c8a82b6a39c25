// The stream that a call's work goes to: the one its array library enqueues to next, in the two forms that it is asked for and passed in.
#pragma once

#include <pybind11/pybind11.h>

#include "dlpack_abi.h"
#include "longwing/types.h"

namespace longwing::python {

/// A stream of a CUDA device.
struct DeviceStream {
  Device device;
  void* handle = nullptr;    ///< CUDA's; null is its default stream
  bool library_own = false;  ///< the array library orders its work by this stream, so that nobody has to wait

  /// DLPack's number for it, which producers take as `__dlpack__(stream=…)`: 1 the default stream, which CUDA calls 0 or 1 and DLPack
  /// does not let be 0; 2 the default stream of the thread; else the handle.
  std::intptr_t dlpack_number() const;
};

/// The current stream of an array on a CUDA device: from its type's exchange interface, else from its adapter's `stream` function, else the
/// default stream. Errors name `argument`.
DeviceStream current_stream(pybind11::handle array, const char* argument, const Device& device, const dlpack::ExchangeApi* exchange,
                            pybind11::handle stream_function);

}  // namespace longwing::python
