// The kernel table of the instruction set this file is compiled for. Included once by each isa/*.cc.
#pragma once

#include "cpu/kernels/convert.h"
#include "cpu/kernels/edge.h"
#include "cpu/kernels/elementwise.h"
#include "cpu/kernels/passes.h"
#include "cpu/kernels/transpose.h"

namespace longwing::cpu {
namespace {

template <class T>
constexpr KernelTable<T> make_table(const char* isa, int registers) {
  return {.isa = isa,
          .lanes = Vec<T>::kLanes,
          .registers = registers,
          .lane_radices = {kLaneRadixA<T>, kLaneRadixB<T>},
          .descend = find_pass<true, T>,
          .ascend = find_pass<false, T>,
          .center = find_center<T>,
          .turn = turn<T>,
          .enter = enter<T>,
          .leave = leave<T>,
          .load = load<T>,
          .store = store<T>,
          .transpose = transpose<T>,
          .multiply = multiply<T>,
          .add = add<T>,
          .scale = scale<T>,
          .activate = activate<T>,
          .correlate = correlate<T>,
          .dot = dot<T>};
}

}  // namespace
}  // namespace longwing::cpu
