#include "call_arrays.h"

#include <string>

#include "errors.h"
#include "longwing/backend.h"

namespace py = pybind11;

namespace longwing::python {

CallArrays::CallArrays(py::handle first, const char* argument)
    : first_(first), first_argument_(argument), library_(ArrayLibrary::of(first, argument)) {}

// The first array decides the stream: the core refuses arrays on any other device.
ImportedArray CallArrays::import(py::handle array, const char* argument, const dlpack::ExchangeApi* exchange) {
  return import_array(array, argument, exchange, [&](const Device& device) {
    if (stream_ && stream_->device == device) return *stream_;
    const DeviceStream stream = current_stream(array, argument, device, exchange, library_.stream);
    if (!stream_) stream_ = stream;
    return stream;
  });
}

TensorView CallArrays::keep(ImportedArray imported) {
  owners_.at(count_++) = std::move(imported.owner);
  return imported.view;
}

const ArrayLibrary& CallArrays::library_of(py::handle array, const char* argument) const {
  const ArrayLibrary& library = ArrayLibrary::of(array, argument);
  if (&library == &library_ || library.name == library_.name) return library;
  throw TypeError(std::string(argument) + " must be an array of " + first_argument_ + "'s library " + library_.name + ", got " +
                  type_name(array) + " of " + library.name);
}

TensorView CallArrays::input(py::handle array, const char* argument) {
  const ArrayLibrary& library = library_of(array, argument);
  if (library.prepare.is_none()) return keep(import(array, argument, library.exchange));
  const py::object prepared = library.prepare(array, argument);
  return keep(import(prepared, argument, library.exchange));
}

std::optional<TensorView> CallArrays::optional_input(py::handle array, const char* argument) {
  if (array.is_none()) return {};
  return input(array, argument);
}

TensorView CallArrays::output(py::handle array, const char* argument) {
  TensorView view = input(array, argument);
  if (!library_.takes_out) {
    throw TypeError(std::string(argument) + " must be writable, got " + type_name(array) + ": arrays of " + library_.name +
                    " are immutable; leave " + argument + " out and take the result");
  }
  return view;
}

Result CallArrays::allocate(const OutputShape& shape, DType dtype, const char* argument) {
  TensorView extents;
  extents.rank = shape.rank;
  extents.shape = shape.extents;
  extents.size(argument);  // an overflowing product is told here, not by whatever the library makes of it

  py::tuple sizes(static_cast<std::size_t>(shape.rank));
  for (std::size_t axis = 0; axis < sizes.size(); ++axis) {
    PyTuple_SET_ITEM(sizes.ptr(), static_cast<Py_ssize_t>(axis), PyLong_FromLongLong(shape.extents[axis]));
  }
  const py::str dtype_name = to_string(dtype);
  PyObject* const arguments[] = {first_.ptr(), sizes.ptr(), dtype_name.ptr()};
  PyObject* const target = PyObject_Vectorcall(library_.empty.ptr(), arguments, 3, nullptr);
  if (!target) {
    raise_from_current(ErrorKind::kRuntime, std::string(argument) + " of shape " + std::string(py::repr(sizes)) + " and dtype " +
                                                to_string(dtype) + " could not be allocated: " + current_error_text());
  }
  Result result{py::reinterpret_steal<py::object>(target), {}};
  const bool exchanged = Py_TYPE(target) == Py_TYPE(first_.ptr());
  result.view = keep(import(result.target, argument, exchanged ? library_.exchange : nullptr));
  result.view.writable = true;  // nobody else has seen it yet, whatever its library lets others do
  return result;
}

Execution CallArrays::on_stream(Execution execution) const {
  if (stream_) execution.stream = stream_->handle;
  return execution;
}

// A library that told no stream knows nothing of the one that was used: it gets the result when it is there.
void CallArrays::wait() const {
  if (stream_ && !stream_->library_own) {
    backend_for(stream_->device.type).wait(stream_->device, stream_->handle);
  }
}

py::object CallArrays::finish(const Result& result) const {
  return library_.finish.is_none() ? result.target : library_.finish(result.target);
}

}  // namespace longwing::python
