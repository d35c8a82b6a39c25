#include "cpu/isa.h"
#include "cpu/kernels/table.h"

namespace longwing::cpu {

extern const IsaKernels k_avx512 = {make_table<float>("avx512", 32), make_table<double>("avx512", 32)};

}  // namespace longwing::cpu
