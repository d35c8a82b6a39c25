// What longwing has to know of an array library beyond DLPack: its adapter, from the Python package's _arrays module.
#pragma once

#include <pybind11/pybind11.h>

#include <string>

#include "dlpack_import.h"
#include "longwing/plan.h"

namespace longwing::python {

/// One array type's way in and out. Types of one library share its name.
struct ArrayLibrary {
  std::string name;          ///< "NumPy", "torch", ...
  pybind11::object prepare;  ///< (array, argument) -> what to export, or None: export the array itself
  pybind11::object empty;    ///< (like, shape, dtype name) -> a new writable array, or a Buffer
  pybind11::object finish;   ///< (target) -> the result, or None: the target is the result
  pybind11::object stream;   ///< (array) -> its library's current CUDA stream, or None: the library tells none
  bool takes_out = true;     ///< false where arrays are immutable
  const dlpack::ExchangeApi* exchange = nullptr;

  /// The library of an array's type, looked up once a type. A TypeError names `argument` where the object is no array.
  static const ArrayLibrary& of(pybind11::handle array, const char* argument);
};

}  // namespace longwing::python
