#include "dlpack_import.h"

#include <algorithm>
#include <array>
#include <climits>
#include <optional>
#include <string>

#include "errors.h"
#include "longwing/backend.h"

namespace py = pybind11;

namespace longwing::python {
namespace {

// Interned once and kept for good: they must outlive every static destructor that could need them.
struct Names {
  py::handle device = intern("__dlpack_device__");
  py::handle dlpack = intern("__dlpack__");
  py::handle version_keyword = py::make_tuple(py::handle(intern("max_version"))).release();
  py::handle stream_keyword = py::make_tuple(py::handle(intern("stream"))).release();
  py::handle both_keywords = py::make_tuple(py::handle(intern("max_version")), py::handle(intern("stream"))).release();
  py::handle max_version = py::make_tuple(dlpack::kMajor, dlpack::kMinor).release();

  static py::handle intern(const char* text) { return PyUnicode_InternFromString(text); }
  static const Names& get() {
    static const Names names;
    return names;
  }
};

[[noreturn]] void refuse(const char* argument, py::handle array) {
  raise_from_current(ErrorKind::kType,
                     std::string(argument) + ": " + type_name(array) + " can't export this array through DLPack: " + current_error_text() +
                         "; native byte order, strides of whole elements and float32, float64, float16 or bfloat16 are supported");
}

void check_served(const Device& device, const char* argument) {
  if (device.type != DeviceType::kCpu) with_argument(argument, [&] { return &backend_for(device.type); });
}

// Asks for the device before anything else: an array on a device that nothing serves is never touched.
Device device_of(py::handle array, const char* argument) {
  PyObject* arguments[] = {array.ptr()};
  const auto device = py::reinterpret_steal<py::object>(
      PyObject_VectorcallMethod(Names::get().device.ptr(), arguments, 1 | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr));
  if (!device) refuse(argument, array);
  long type = -1, index = -1;
  if (PyTuple_Check(device.ptr()) && PyTuple_GET_SIZE(device.ptr()) == 2) {
    type = PyLong_AsLong(PyTuple_GET_ITEM(device.ptr(), 0));
    index = PyLong_AsLong(PyTuple_GET_ITEM(device.ptr(), 1));
  }
  if (PyErr_Occurred()) refuse(argument, array);
  const auto narrow = [](long value) { return static_cast<int>(std::clamp<long>(value, INT_MIN, INT_MAX)); };
  const Device where = with_argument(argument, [&] { return device_from_dlpack(narrow(type), narrow(index)); });
  check_served(where, argument);
  return where;
}

// __dlpack__(max_version=, stream=), each where it is wanted; null with a Python error set. The CPU has no streams, and some producers
// there refuse the keyword.
PyObject* call_dlpack(py::handle array, py::handle stream, bool with_version) {
  const Names& names = Names::get();
  PyObject* arguments[] = {array.ptr(), nullptr, nullptr};
  std::size_t count = 1;
  if (with_version) arguments[count++] = names.max_version.ptr();
  if (stream) arguments[count++] = stream.ptr();
  const py::handle keywords = !stream ? names.version_keyword : with_version ? names.both_keywords : names.stream_keyword;
  return PyObject_VectorcallMethod(names.dlpack.ptr(), arguments, 1 | PY_VECTORCALL_ARGUMENTS_OFFSET, count > 1 ? keywords.ptr() : nullptr);
}

// The capsule, in the newest layout that both sides know, its values ready for the stream; no stream on the CPU.
py::object capsule_of(py::handle array, const char* argument, const std::optional<DeviceStream>& stream) {
  const py::object number = stream ? py::object(py::int_(stream->dlpack_number())) : py::object();
  PyObject* capsule = call_dlpack(array, number, true);
  if (!capsule && PyErr_ExceptionMatches(PyExc_TypeError)) {  // a producer from before version 1.0 has no such keyword
    PyErr_Clear();
    capsule = call_dlpack(array, number, false);
  }
  if (!capsule) refuse(argument, array);
  return py::reinterpret_steal<py::object>(capsule);
}

TensorView view_of(const dlpack::Tensor& tensor, bool writable, const char* argument) {
  return with_argument(argument, [&] {
    TensorView view = TensorView::from_dltensor(tensor);
    view.writable = writable;
    return view;
  });
}

}  // namespace

ImportedArray import_array(py::handle array, const char* argument, const dlpack::ExchangeApi* exchange, const StreamOf& stream_of) {
  if (exchange) {  // it borrows and neither copies nor waits, so that the device needs no question of its own
    dlpack::Tensor tensor = {};
    if (exchange->tensor_from_py_object(array.ptr(), &tensor) != 0) refuse(argument, array);
    const TensorView view = view_of(tensor, true, argument);
    check_served(view.device, argument);
    if (view.device.type != DeviceType::kCpu) stream_of(view.device);
    return {view, py::reinterpret_borrow<py::object>(array)};
  }
  const Device device = device_of(array, argument);
  std::optional<DeviceStream> stream;
  if (device.type != DeviceType::kCpu) stream = stream_of(device);
  py::object capsule = capsule_of(array, argument, stream);
  if (void* pointer = PyCapsule_CheckExact(capsule.ptr()) && PyCapsule_IsValid(capsule.ptr(), dlpack::kVersionedName)
                          ? PyCapsule_GetPointer(capsule.ptr(), dlpack::kVersionedName)
                          : nullptr) {
    const auto& managed = *static_cast<const dlpack::ManagedTensorVersioned*>(pointer);
    if (managed.version.major != dlpack::kMajor) {
      throw TypeError(std::string(argument) + ": DLPack version " + std::to_string(managed.version.major) + " is not supported: 1 is");
    }
    return {view_of(managed.dl_tensor, (managed.flags & dlpack::kReadOnly) == 0, argument), std::move(capsule)};
  }
  if (PyCapsule_CheckExact(capsule.ptr()) && PyCapsule_IsValid(capsule.ptr(), dlpack::kLegacyName)) {
    // This layout can't say that memory is immutable, so nothing is written through it.
    const auto& managed = *static_cast<const dlpack::ManagedTensor*>(PyCapsule_GetPointer(capsule.ptr(), dlpack::kLegacyName));
    return {view_of(managed.dl_tensor, false, argument), std::move(capsule)};
  }
  throw TypeError(std::string(argument) + ": __dlpack__ of " + type_name(array) + " returned no DLPack capsule");
}

const dlpack::ExchangeApi* exchange_api_of(py::handle type) {
  const py::object capsule = py::getattr(type, "__dlpack_c_exchange_api__", py::none());
  if (!PyCapsule_IsValid(capsule.ptr(), dlpack::kExchangeName)) return nullptr;
  auto* api = static_cast<const dlpack::ExchangeApi*>(PyCapsule_GetPointer(capsule.ptr(), dlpack::kExchangeName));
  while (api && api->version.major != dlpack::kMajor) api = api->previous;
  return api && api->tensor_from_py_object ? api : nullptr;
}

}  // namespace longwing::python
