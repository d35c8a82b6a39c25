#include "arguments.h"

#include <charconv>
#include <initializer_list>
#include <string>
#include <string_view>

#include "errors.h"

namespace py = pybind11;

namespace longwing::python {
namespace {

std::string_view text_of(py::handle value, const char* argument) {
  Py_ssize_t size = 0;
  const char* const text = PyUnicode_Check(value.ptr()) ? PyUnicode_AsUTF8AndSize(value.ptr(), &size) : nullptr;
  if (text) return {text, static_cast<std::size_t>(size)};
  PyErr_Clear();  // a string that is no Unicode text, a lone surrogate for one
  throw TypeError(std::string(argument) + " must be a string, got " + type_name(value) + " " + short_repr(value));
}

// The enumerator whose name is `value`.
template <class Enum>
Enum named(py::handle value, const char* argument, std::initializer_list<Enum> all) {
  const std::string_view text = text_of(value, argument);
  for (const Enum candidate : all) {
    if (text == to_string(candidate)) return candidate;
  }
  std::string names;
  for (const Enum candidate : all) names += std::string(names.empty() ? "" : ", ") + "\"" + to_string(candidate) + "\"";
  throw ValueError(std::string(argument) + " must be one of " + names + ", got " + short_repr(value));
}

}  // namespace

Mode mode_of(py::handle value) { return named(value, "mode", {Mode::kCausal, Mode::kCircular, Mode::kSame, Mode::kFull, Mode::kValid}); }

ReverseLag reverse_lag_of(py::handle value) { return named(value, "reverse_lag", {ReverseLag::kShifted, ReverseLag::kOverlapped}); }

Activation activation_of(py::handle value) {
  if (value.is_none()) return Activation::kNone;
  if (!PyUnicode_Check(value.ptr()))
    throw TypeError("activation must be a string or None, got " + type_name(value) + " " + short_repr(value));
  return named(value, "activation", {Activation::kGelu, Activation::kSilu});
}

DType dtype_of(py::handle value) { return named(value, "dtype", {DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kBFloat16}); }

Device device_of(py::handle value) {
  const std::string_view text = text_of(value, "device");
  const std::string_view cuda = "cuda", cuda_index = "cuda:";
  if (text == "cpu") return {DeviceType::kCpu, 0};
  if (text == cuda) return {DeviceType::kCuda, 0};
  if (text.starts_with(cuda_index)) {
    int index = -1;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + cuda_index.size(), end, index);
    if (error == std::errc() && stop == end && index >= 0) return {DeviceType::kCuda, index};
  }
  throw ValueError("device must be \"cpu\", \"cuda\" or \"cuda:N\", got " + short_repr(value));
}

std::int64_t integer_of(py::handle value, const char* argument) {
  if (PyBool_Check(value.ptr()) || !PyIndex_Check(value.ptr())) {
    throw TypeError(std::string(argument) + " must be an integer, got " + type_name(value) + " " + short_repr(value));
  }
  const auto index = py::reinterpret_steal<py::object>(PyNumber_Index(value.ptr()));
  if (!index) raise_from_current(ErrorKind::kType, std::string(argument) + " must be an integer: " + current_error_text());
  int overflow = 0;
  const long long integer = PyLong_AsLongLongAndOverflow(index.ptr(), &overflow);
  if (overflow != 0) throw ValueError(std::string(argument) + " must fit in 64 bits, got " + short_repr(value));
  return integer;
}

bool flag_of(py::handle value, const char* argument) {
  if (!PyBool_Check(value.ptr())) {
    throw TypeError(std::string(argument) + " must be True or False, got " + type_name(value) + " " + short_repr(value));
  }
  return value.is(py::handle(Py_True));
}

}  // namespace longwing::python
