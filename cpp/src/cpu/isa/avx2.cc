#include "cpu/isa.h"
#include "cpu/kernels/table.h"

namespace longwing::cpu {

extern const IsaKernels k_avx2 = {make_table<float>("avx2", 16), make_table<double>("avx2", 16)};

}  // namespace longwing::cpu
