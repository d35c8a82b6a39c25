#include "cpu/isa.h"
#include "cpu/kernels/table.h"

namespace longwing::cpu {

extern const IsaKernels k_neon = {make_table<float>("neon", 32), make_table<double>("neon", 32)};

}  // namespace longwing::cpu
