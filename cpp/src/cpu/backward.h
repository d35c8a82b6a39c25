// Gradients of a call, row by row, saving nothing but the inputs.
#pragma once

#include "cpu/row_engine.h"
#include "cpu/rows.h"
#include "longwing/plan.h"

namespace longwing::cpu {

/// The filter rows of a call: prepared, or as they are where the call takes them singly.
template <class T>
struct Filters {
  const T* spectra = nullptr;
  const TensorView *k = nullptr, *reverse_filter = nullptr;
};

/// Whether one thread has all the rows of a filter, so that it can prepare it in its own near cache.
bool takes_filters_singly(const RowSet& rows, const BackwardArgs& args);

/// Carries out a validated backward call.
template <class T>
void run_backward(const RowEngine<T>& engine, const RowSet& rows, const Filters<T>& filters, const BackwardArgs& args);

}  // namespace longwing::cpu
