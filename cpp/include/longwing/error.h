// Every exception this library throws. Each message names the argument, its value and what is supported.
#pragma once

#include <stdexcept>
#include <string>

namespace longwing {

/// Base class: catch this to catch everything the library throws on purpose.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// An argument has the right type and a wrong value: shape, size, mode, overlap.
class ValueError : public Error {
 public:
  using Error::Error;
};

/// An argument has a wrong type: dtype, device, read-only memory where an output is asked.
class TypeError : public Error {
 public:
  using Error::Error;
};

/// The call was right and could not be carried out: no memory, no such backend.
class RuntimeError : public Error {
 public:
  using Error::Error;
};

/// The caller's `Execution::should_stop` returned true; outputs hold unspecified values.
class Cancelled : public Error {
 public:
  using Error::Error;
};

}  // namespace longwing
