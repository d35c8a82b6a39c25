#include "core/cuda_plugin.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>

#include "longwing/version.h"

namespace longwing {
namespace {

constexpr const char* kFile = "liblongwing_cuda.so";
constexpr const char* kVariable = "LONGWING_CUDA_LIBRARY";

// Folder of the shared library or program that this function was linked into.
std::filesystem::path own_folder() {
  Dl_info info = {};
  if (dladdr(reinterpret_cast<const void*>(&cuda_plugin), &info) == 0 || !info.dli_fname) return {};
  return std::filesystem::path(info.dli_fname).parent_path();
}

// Stays loaded: plans and spectra of it may live as long as the process.
void* entry_in(const std::filesystem::path& file, std::string& problem) {
  void* const library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  void* const entry = library ? dlsym(library, kCudaPluginEntry) : nullptr;
  if (!entry) {
    const char* const reason = dlerror();
    problem = "the CUDA engine " + file.string() + " can't be loaded: " + (reason ? reason : "unknown error");
  }
  return entry;
}

CudaPlugin loaded(void* entry, const std::string& where) {
  const char* own_version = "unknown";
  const Backend* const backend = reinterpret_cast<CudaPluginEntry>(entry)(version(), &own_version);
  if (backend) return {backend, {}};
  return {nullptr, "the CUDA engine " + where + " is of longwing " + own_version + ", and this is longwing " + version()};
}

CudaPlugin load() {
  std::string problem;
  if (const char* const named = std::getenv(kVariable); named && *named) {
    void* const entry = entry_in(named, problem);
    return entry ? loaded(entry, named) : CudaPlugin{nullptr, problem + " (" + kVariable + " names it)"};
  }
  if (void* const linked = dlsym(RTLD_DEFAULT, kCudaPluginEntry)) return loaded(linked, "linked into this program");
  const std::filesystem::path file = own_folder() / kFile;
  if (std::error_code error; !std::filesystem::exists(file, error)) {
    return {nullptr, "this build of longwing holds no CUDA engine: arrays must be on the CPU"};
  }
  void* const entry = entry_in(file, problem);
  return entry ? loaded(entry, file.string()) : CudaPlugin{nullptr, problem};
}

}  // namespace

const CudaPlugin& cuda_plugin() {
  static const CudaPlugin plugin = load();
  return plugin;
}

}  // namespace longwing
