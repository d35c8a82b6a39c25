// The CUDA engine is a library of its own, loaded when a CUDA device is first asked for or about: importing longwing costs nothing more,
// and works where there is no driver.
#pragma once

#include <string>

#include "longwing/backend.h"

namespace longwing {

/// What loading the plug-in came to: its backend, or why there is none.
struct CudaPlugin {
  const Backend* backend = nullptr;
  std::string absent_because;
};

/// Name of the function that the plug-in exports, and its type: the backend, or null where `version` is not the plug-in's own, which it
/// tells in `own_version`.
constexpr const char* kCudaPluginEntry = "longwing_cuda_backend";
using CudaPluginEntry = const Backend* (*)(const char* version, const char** own_version);

/// Loads the plug-in once a process: from the file that LONGWING_CUDA_LIBRARY names, else from among the libraries the program was
/// linked with (longwing::cuda), else from the folder of the file that holds this code.
const CudaPlugin& cuda_plugin();

}  // namespace longwing
