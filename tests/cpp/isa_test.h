// A fixture that runs a test on the kernels of every instruction set of this machine, whatever LONGWING_ISA says.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "cpu/isa.h"
#include "longwing/threads.h"

namespace longwing::cpu {

extern const IsaKernels k_base, k_avx2, k_avx512, k_neon;

inline std::vector<const IsaKernels*> tested_kernels() {
#if defined(__x86_64__)
  const std::vector<const IsaKernels*> compiled = {&k_base, &k_avx2, &k_avx512};
#elif defined(__aarch64__)
  const std::vector<const IsaKernels*> compiled = {&k_neon};
#else
  const std::vector<const IsaKernels*> compiled = {&k_base};
#endif
  const std::vector<std::string> names = available_isas();
  std::vector<const IsaKernels*> tested;
  std::copy_if(compiled.begin(), compiled.end(), std::back_inserter(tested),
               [&](const IsaKernels* kernels) { return std::find(names.begin(), names.end(), kernels->f32.isa) != names.end(); });
  return tested;
}

class IsaTest : public ::testing::TestWithParam<const IsaKernels*> {
 protected:
  /// check(table) for float and for double.
  template <class Check>
  void for_each_table(const Check& check) const {
    check(GetParam()->f32);
    check(GetParam()->f64);
  }
};

inline std::string isa_name(const ::testing::TestParamInfo<const IsaKernels*>& info) { return info.param->f32.isa; }

}  // namespace longwing::cpu

/// Defines the fixture `Suite` and runs its tests once for each instruction set.
#define LONGWING_ISA_SUITE(Suite)  \
  class Suite : public IsaTest {}; \
  INSTANTIATE_TEST_SUITE_P(Isa, Suite, ::testing::ValuesIn(tested_kernels()), isa_name)
