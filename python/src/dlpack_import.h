// An array of any library as a TensorView, borrowed through DLPack for the length of one call.
#pragma once

#include <pybind11/pybind11.h>

#include "dlpack_abi.h"
#include "longwing/tensor_view.h"

namespace longwing::python {

struct ImportedArray {
  TensorView view;
  pybind11::object owner;  ///< keeps the view's memory: the array or its capsule
};

/// The view of `array`; `exchange` is its type's exchange interface, or null. Errors name `argument`.
ImportedArray import_array(pybind11::handle array, const char* argument, const dlpack::ExchangeApi* exchange);

/// The exchange interface of a type, or null where it has none that this binding can call.
const dlpack::ExchangeApi* exchange_api_of(pybind11::handle type);

}  // namespace longwing::python
