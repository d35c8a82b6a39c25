// From C++ exceptions to the Python ones, and text about Python objects for their messages.
#pragma once

#include <pybind11/pybind11.h>

#include <string>
#include <utility>

#include "longwing/error.h"

namespace longwing::python {

enum class ErrorKind { kValue, kType, kRuntime };

/// Raises a longwing error with the Python error that is now set as its cause; one that is no Exception (a KeyboardInterrupt) goes
/// on as it is.
[[noreturn]] void raise_from_current(ErrorKind kind, const std::string& message);

/// "ValueError: the message" of the Python error that is now set, which stays set.
std::string current_error_text();

/// "numpy.ndarray", "int", ...
std::string type_name(pybind11::handle object);

/// repr(object), cut at 80 characters.
std::string short_repr(pybind11::handle object);

/// Runs `function`; a longwing error from it gets the argument's name in front.
template <class Function>
auto with_argument(const char* argument, Function&& function) {
  const auto named = [argument](const Error& error) { return std::string(argument) + ": " + error.what(); };
  try {
    return std::forward<Function>(function)();
  } catch (const TypeError& error) {
    throw TypeError(named(error));
  } catch (const ValueError& error) {
    throw ValueError(named(error));
  } catch (const RuntimeError& error) {
    throw RuntimeError(named(error));
  }
}

}  // namespace longwing::python
