// Asks the CUDA engine that the program was linked with for a device: convolves on nothing, and exits with 1 where no engine was found.
#include <longwing/longwing.h>

#include <cstdio>
#include <string>

int main() {
  try {
    const longwing::ConvPlan plan({.length = 1000, .filter_length = 1000, .device = {longwing::DeviceType::kCuda, 0}});
    std::printf("%s\n", plan.explain().c_str());
    return 0;
  } catch (const longwing::RuntimeError& error) {
    const std::string said = error.what();
    std::printf("%s\n", said.c_str());
    // The engine's own words; without it the core says that there is no engine.
    return said.find("NVIDIA driver") == std::string::npos ? 1 : 0;
  }
}
