// Plain Python values as the core's types. Errors name the argument, its value and what is supported.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>

#include "longwing/types.h"

namespace longwing::python {

Mode mode_of(pybind11::handle value);
ReverseLag reverse_lag_of(pybind11::handle value);
/// None is Activation::kNone.
Activation activation_of(pybind11::handle value);
DType dtype_of(pybind11::handle value);
/// "cpu", "cuda" or "cuda:1".
Device device_of(pybind11::handle value);
/// Anything with __index__ but a bool.
std::int64_t integer_of(pybind11::handle value, const char* argument);
bool flag_of(pybind11::handle value, const char* argument);

}  // namespace longwing::python
