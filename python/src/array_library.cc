#include "array_library.h"

#include <memory>
#include <unordered_map>

#include "errors.h"

namespace py = pybind11;

namespace longwing::python {
namespace {

struct Entry {
  py::object type;  // held, so that its address stays its own
  ArrayLibrary library;
};

// Guarded by the GIL. Never destroyed: its objects must not be released after the interpreter is gone.
std::unordered_map<PyTypeObject*, std::unique_ptr<Entry>>& entries() {
  static auto* const map = new std::unordered_map<PyTypeObject*, std::unique_ptr<Entry>>;
  return *map;
}

ArrayLibrary load(py::handle adapter, py::handle type) {
  return {.name = adapter.attr("name").cast<std::string>(),
          .prepare = adapter.attr("prepare"),
          .empty = adapter.attr("empty"),
          .finish = adapter.attr("finish"),
          .stream = adapter.attr("stream"),
          .takes_out = adapter.attr("takes_out").cast<bool>(),
          .exchange = adapter.attr("trusts_exchange").cast<bool>() ? exchange_api_of(type) : nullptr};
}

}  // namespace

const ArrayLibrary& ArrayLibrary::of(py::handle array, const char* argument) {
  PyTypeObject* const type = Py_TYPE(array.ptr());
  if (const auto it = entries().find(type); it != entries().end()) return it->second->library;

  const py::handle type_object = py::type::handle_of(array);
  const py::object adapter = py::module_::import("longwing._arrays").attr("adapter_of")(type_object);
  if (adapter.is_none()) {
    throw TypeError(std::string(argument) + " must be an array of NumPy, torch, JAX, CuPy or another library of the array API standard " +
                    "that exports DLPack, got " + type_name(array) + " " + short_repr(array));
  }
  auto entry = std::make_unique<Entry>(Entry{py::reinterpret_borrow<py::object>(type_object), load(adapter, type_object)});
  return entries().emplace(type, std::move(entry)).first->second->library;
}

}  // namespace longwing::python
