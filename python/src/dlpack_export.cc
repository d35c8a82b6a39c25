#include "dlpack_export.h"

#include <new>
#include <string>

#include "arguments.h"
#include "dlpack_abi.h"
#include "errors.h"
#include "longwing/tensor_view.h"
#include "module.h"

namespace py = pybind11;

namespace longwing::python {

struct Buffer::Memory {
  Memory(const TensorView& extents, DType type) : rank(extents.rank), dtype(type), shape(extents.shape) {
    const auto elements = static_cast<std::size_t>(extents.size("shape"));
    data = ::operator new(elements * size_of(type), std::align_val_t{kAlignment});
    std::int64_t step = 1;
    for (int axis = rank - 1; axis >= 0; --axis) {
      strides[static_cast<std::size_t>(axis)] = step;
      step *= shape[static_cast<std::size_t>(axis)];
    }
  }
  ~Memory() { ::operator delete(data, std::align_val_t{kAlignment}); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  void* data = nullptr;
  int rank;
  DType dtype;
  std::array<std::int64_t, TensorView::kMaxRank> shape, strides = {};
};

namespace {

dlpack::DataType data_type_of(DType dtype) {
  constexpr std::uint8_t kFloat = 2, kBFloat = 4;
  return {.code = dtype == DType::kBFloat16 ? kBFloat : kFloat, .bits = static_cast<std::uint8_t>(8 * size_of(dtype)), .lanes = 1};
}

// What a capsule points to: the managed struct and its share of the memory.
template <class Managed>
struct Export {
  Managed managed = {};
  std::shared_ptr<Buffer::Memory> memory;
};

template <class Managed>
void destroy_managed(Managed* managed) {
  delete static_cast<Export<Managed>*>(managed->manager_ctx);
}

// A consumer renames the capsule it takes over, so one that dies under its own name still owns the struct.
template <class Managed>
void destroy_capsule(PyObject* capsule) {
  const char* const name = PyCapsule_GetName(capsule);
  if (name == std::string(dlpack::kUsedVersionedName) || name == std::string(dlpack::kUsedLegacyName)) return;
  if (auto* managed = static_cast<Managed*>(PyCapsule_GetPointer(capsule, name))) managed->deleter(managed);
}

template <class Managed>
py::capsule make_capsule(std::shared_ptr<Buffer::Memory> memory, const char* name) {
  auto exported = std::make_unique<Export<Managed>>();
  Managed& managed = exported->managed;
  managed.dl_tensor = {.data = memory->data,
                       .device = {.device_type = 1, .device_id = 0},
                       .ndim = memory->rank,
                       .dtype = data_type_of(memory->dtype),
                       .shape = memory->shape.data(),
                       .strides = memory->strides.data(),
                       .byte_offset = 0};
  managed.manager_ctx = exported.get();
  managed.deleter = &destroy_managed<Managed>;
  if constexpr (requires { managed.version; }) managed.version = {dlpack::kMajor, dlpack::kMinor};
  exported->memory = std::move(memory);
  PyObject* const capsule = PyCapsule_New(&managed, name, &destroy_capsule<Managed>);
  if (!capsule) throw py::error_already_set();
  exported.release();
  return py::reinterpret_steal<py::capsule>(capsule);
}

}  // namespace

Buffer::Buffer(const py::tuple& shape, DType dtype) {
  TensorView extents;
  extents.rank = checked_rank(static_cast<std::int64_t>(shape.size()));
  for (std::size_t axis = 0; axis < shape.size(); ++axis) extents.shape[axis] = integer_of(shape[axis], "shape");
  memory_ = std::make_shared<Memory>(extents, dtype);
}

py::tuple Buffer::dlpack_device() const { return py::make_tuple(1, 0); }

py::capsule Buffer::dlpack(py::handle max_version) const {
  const bool versioned = py::isinstance<py::tuple>(max_version) && py::len(max_version) == 2 &&
                         integer_of(py::reinterpret_borrow<py::tuple>(max_version)[0], "max_version") >= 1;
  if (versioned) return make_capsule<dlpack::ManagedTensorVersioned>(memory_, dlpack::kVersionedName);
  return make_capsule<dlpack::ManagedTensor>(memory_, dlpack::kLegacyName);
}

void register_buffer(py::module_& module) {
  py::class_<Buffer>(module, "Buffer", "Memory for a result, C-contiguous and 64-byte aligned; taken over through DLPack.")
      .def(py::init([](const py::tuple& shape, py::handle dtype) { return Buffer(shape, dtype_of(dtype)); }), py::arg("shape"),
           py::arg("dtype"))
      .def("__dlpack_device__", &Buffer::dlpack_device)
      .def(
          "__dlpack__",
          [](const Buffer& self, py::handle, py::handle max_version, py::handle, py::handle) { return self.dlpack(max_version); },
          py::kw_only(), py::arg("stream") = py::none(), py::arg("max_version") = py::none(), py::arg("dl_device") = py::none(),
          py::arg("copy") = py::none());
}

}  // namespace longwing::python
