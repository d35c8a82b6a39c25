// Which instruction set runs: the best one this machine has, or the one LONGWING_ISA names.
#pragma once

#include "cpu/kernel_table.h"

namespace longwing::cpu {

struct IsaKernels {
  KernelTable<float> f32;
  KernelTable<double> f64;

  template <class T>
  const KernelTable<T>& of() const {
    if constexpr (sizeof(T) == 4) return f32;
    else return f64;
  }
};

/// Chosen once, at the first call; a ValueError where LONGWING_ISA names one that this machine or build lacks.
const IsaKernels& kernels();

}  // namespace longwing::cpu
