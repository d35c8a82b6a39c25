// DLPack's binary interface, as its specification lays it out (versions 1.0 to 1.3): the part that this binding reads or writes.
// A test holds these offsets against another copy of the specification's header.
#pragma once

#include <cstdint>

namespace longwing::python::dlpack {

constexpr std::uint32_t kMajor = 1, kMinor = 3;  // the newest version that this binding understands
constexpr std::uint64_t kReadOnly = 1;           // bit of ManagedTensorVersioned::flags
constexpr const char* kVersionedName = "dltensor_versioned";
constexpr const char* kLegacyName = "dltensor";
constexpr const char* kUsedVersionedName = "used_dltensor_versioned";
constexpr const char* kUsedLegacyName = "used_dltensor";
constexpr const char* kExchangeName = "dlpack_exchange_api";

struct Version {
  std::uint32_t major, minor;
};

struct Device {
  std::int32_t device_type, device_id;
};

struct DataType {
  std::uint8_t code, bits;
  std::uint16_t lanes;
};

struct Tensor {
  void* data;
  Device device;
  std::int32_t ndim;
  DataType dtype;
  std::int64_t* shape;
  std::int64_t* strides;  // in elements; null means C-contiguous (before version 1.2)
  std::uint64_t byte_offset;
};

struct ManagedTensor {  // before version 1.0
  Tensor dl_tensor;
  void* manager_ctx;
  void (*deleter)(ManagedTensor*);
};

struct ManagedTensorVersioned {
  Version version;
  void* manager_ctx;
  void (*deleter)(ManagedTensorVersioned*);
  std::uint64_t flags;
  Tensor dl_tensor;
};

/// What a type's `__dlpack_c_exchange_api__` capsule points to. Only the borrowing entry and the current stream are called.
struct ExchangeApi {
  Version version;
  ExchangeApi* previous;
  void (*managed_tensor_allocator)();
  void (*managed_tensor_from_py_object)();
  void (*managed_tensor_to_py_object)();
  int (*tensor_from_py_object)(void* object, Tensor* out);  // borrows: valid while the object lives; -1 with a Python error set
  int (*current_work_stream)(std::int32_t device_type, std::int32_t device_id, void** out);  // may be null; -1 with a Python error set
};

}  // namespace longwing::python::dlpack
