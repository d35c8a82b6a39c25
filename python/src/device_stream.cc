#include "device_stream.h"

#include <string>

#include "arguments.h"
#include "errors.h"

namespace py = pybind11;

namespace longwing::python {
namespace {

constexpr std::intptr_t kDefaultStream = 1;
constexpr std::int32_t kCudaDevice = 2;

void* exchanged_stream(const char* argument, const Device& device, const dlpack::ExchangeApi& exchange) {
  void* stream = nullptr;
  if (exchange.current_work_stream(kCudaDevice, device.index, &stream) != 0) {
    raise_from_current(ErrorKind::kRuntime, std::string(argument) + ": its library tells no current stream: " + current_error_text());
  }
  return stream;
}

}  // namespace

std::intptr_t DeviceStream::dlpack_number() const {
  const auto number = reinterpret_cast<std::intptr_t>(handle);
  return number == 0 ? kDefaultStream : number;
}

DeviceStream current_stream(py::handle array, const char* argument, const Device& device, const dlpack::ExchangeApi* exchange,
                            py::handle stream_function) {
  DeviceStream stream{.device = device};
  if (exchange && exchange->current_work_stream) {
    stream.handle = exchanged_stream(argument, device, *exchange);
    stream.library_own = true;
  } else if (!stream_function.is_none()) {
    const py::object number = stream_function(array);
    stream.handle = reinterpret_cast<void*>(static_cast<std::intptr_t>(integer_of(number, "stream")));
    stream.library_own = true;
  }
  return stream;
}

}  // namespace longwing::python
