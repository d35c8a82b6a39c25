#include "cpu/isa.h"
#include "cpu/kernels/table.h"

namespace longwing::cpu {

extern const IsaKernels k_base = {make_table<float>("base", 16), make_table<double>("base", 16)};

}  // namespace longwing::cpu
