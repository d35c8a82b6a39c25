// Gradients of a call, row by row, saving nothing but the inputs.
#pragma once

#include "cpu/row_engine.h"
#include "cpu/rows.h"
#include "longwing/plan.h"

namespace longwing::cpu {

/// Carries out a validated backward call; `spectra` holds the prepared filter rows.
template <class T>
void run_backward(const RowEngine<T>& engine, const RowSet& rows, const T* spectra, const BackwardArgs& args);

}  // namespace longwing::cpu
