// The parts that make up the extension module, in the order in which they are registered.
#pragma once

#include <pybind11/pybind11.h>

namespace longwing::python {

void register_errors(pybind11::module_& module);
void register_buffer(pybind11::module_& module);
void register_spectrum(pybind11::module_& module);
void register_plan(pybind11::module_& module);
void register_long_conv(pybind11::module_& module);
void register_threads(pybind11::module_& module);
void register_cache(pybind11::module_& module);
void register_info(pybind11::module_& module);

}  // namespace longwing::python
