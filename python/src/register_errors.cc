#include <exception>
#include <new>

#include "errors.h"
#include "module.h"

namespace py = pybind11;

namespace longwing::python {
namespace {

// Borrowed for the life of the process: the module holds them, and errors may be raised while it is torn down.
struct ErrorTypes {
  PyObject *base = nullptr, *value = nullptr, *type = nullptr, *runtime = nullptr;
};
ErrorTypes error_types;

PyObject* type_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kValue: return error_types.value;
    case ErrorKind::kType: return error_types.type;
    default: return error_types.runtime;
  }
}

PyObject* make_type(py::module_& module, const char* name, const char* doc, std::initializer_list<PyObject*> bases) {
  py::tuple tuple(bases.size());
  std::size_t i = 0;
  for (PyObject* base : bases) tuple[i++] = py::reinterpret_borrow<py::object>(base);
  PyObject* type = PyErr_NewExceptionWithDoc((std::string("longwing.") + name).c_str(), doc, tuple.ptr(), nullptr);
  if (!type) throw py::error_already_set();
  module.attr(name) = py::handle(type);
  return type;
}

void translate(std::exception_ptr pointer) {
  try {
    std::rethrow_exception(pointer);
  } catch (const ValueError& error) {
    py::set_error(error_types.value, error.what());
  } catch (const TypeError& error) {
    py::set_error(error_types.type, error.what());
  } catch (const Error& error) {
    py::set_error(error_types.runtime, error.what());
  } catch (const std::bad_alloc&) {
    py::set_error(error_types.runtime, "out of memory: the call's workspace, plan or spectrum could not be allocated");
  }
}

}  // namespace

void raise_from_current(ErrorKind kind, const std::string& message) {
  if (!PyErr_ExceptionMatches(PyExc_Exception)) throw py::error_already_set();
  py::raise_from(type_of(kind), message.c_str());
  throw py::error_already_set();
}

std::string current_error_text() {
  py::error_already_set error;
  const py::object value = error.value();
  std::string text = type_name(value) + ": " + py::str(value).cast<std::string>();
  error.restore();
  return text;
}

std::string type_name(py::handle object) {
  const py::error_scope pending;  // looking a name up in a metaclass and its bases clears the error that is set
  const py::handle type = py::type::handle_of(object);
  const std::string module = py::str(type.attr("__module__")), name = py::str(type.attr("__qualname__"));
  return module == "builtins" ? name : module + "." + name;
}

std::string short_repr(py::handle object) {
  const py::error_scope pending;
  constexpr std::size_t kMost = 80;
  std::string text = py::repr(object);
  if (text.size() > kMost) text = text.substr(0, kMost - 3) + "...";
  return text;
}

void register_errors(py::module_& module) {
  error_types.base = make_type(module, "LongwingError", "Base of every error that longwing raises on purpose.", {PyExc_Exception});
  PyObject* base = error_types.base;
  error_types.value = make_type(module, "LongwingValueError",
                                "An argument has a wrong value: shape, size, mode, overlap. Also a ValueError.", {base, PyExc_ValueError});
  error_types.type =
      make_type(module, "LongwingTypeError", "An argument has a wrong type: dtype, device, library, read-only output. Also a TypeError.",
                {base, PyExc_TypeError});
  error_types.runtime =
      make_type(module, "LongwingRuntimeError",
                "The call was right and could not be carried out: no memory, no backend. Also a RuntimeError.", {base, PyExc_RuntimeError});
  py::register_exception_translator(translate);
}

}  // namespace longwing::python
