// longwing._core: the operation for arrays of any library. The package `longwing` beside it is what users import.
#include "module.h"

#include "longwing/version.h"

PYBIND11_MODULE(_core, module) {
  module.doc() = "The compiled part of longwing: use the package longwing.";
  module.attr("__version__") = longwing::version();
  longwing::python::register_errors(module);
  longwing::python::register_buffer(module);
  longwing::python::register_spectrum(module);
  longwing::python::register_plan(module);
  longwing::python::register_long_conv(module);
  longwing::python::register_threads(module);
  longwing::python::register_cache(module);
  longwing::python::register_info(module);
}
