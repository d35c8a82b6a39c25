// Machines without a usable device: each reason by its words.
#include <gtest/gtest.h>

#include <string>

#include "dispatch/cuda_device.h"
#include "fake_cuda/fake_runtime.h"
#include "longwing/error.h"

namespace longwing::cuda {
namespace {

struct Absence {
  const char* name;
  void (*change)(fake::Machine&);
  const char* words;
};

class Machines : public ::testing::TestWithParam<Absence> {
 protected:
  void TearDown() override { fake::machine() = {}; }
};

TEST_P(Machines, SayWhatIsMissing) {
  GetParam().change(fake::machine());
  std::string reason = no_device_because();
  try {
    if (reason.empty()) cuda_device(0);
  } catch (const RuntimeError& error) {
    reason = error.what();
  }
  EXPECT_NE(reason.find(GetParam().words), std::string::npos) << reason;
}

INSTANTIATE_TEST_SUITE_P(
    Reasons, Machines,
    ::testing::Values(Absence{"driver", [](fake::Machine& m) { m.driver_version = 0; }, "no NVIDIA driver is installed"},
                      Absence{"old", [](fake::Machine& m) { m.driver_version = 12040; }, "too old: it supports CUDA 12.4"},
                      Absence{"device", [](fake::Machine& m) { m.devices = 0; }, "sees no device"},
                      Absence{"capability", [](fake::Machine& m) { m.major = 7; }, "compute capability 8.0 or higher"},
                      Absence{"pools", [](fake::Machine& m) { m.has_pools = false; }, "in the order of streams"},
                      Absence{"code", [](fake::Machine& m) { m.has_kernels = false; }, "holds code for the simulation"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(Machine, WithADeviceHasNoReason) { EXPECT_EQ(no_device_because(), ""); }

}  // namespace
}  // namespace longwing::cuda
