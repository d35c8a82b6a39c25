// Checks of a call's arrays against its spec. Everything is checked before anything is written.
#pragma once

#include "longwing/plan.h"

namespace longwing {

/// Spec and filter kind of a one-shot call, read off its arrays.
ConvSpec spec_of(const LongConvArgs& args, FilterKind& kind);

/// A ValueError where `output` may share memory with another array of the call; that one may be null.
void check_apart(const char* argument, const TensorView& output, const char* other, const TensorView* view);

void check_filter(const ConvSpec& spec, const TensorView& k, const std::optional<TensorView>& reverse_filter, FilterKind kind);

/// The arrays of a forward call; `kind` and `filters` describe the filter.
void check_forward(const ConvSpec& spec, FilterKind kind, std::int64_t filters, const ForwardArgs& args);
void check_backward(const ConvSpec& spec, const BackwardArgs& args);

}  // namespace longwing
