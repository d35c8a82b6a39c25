#include "dispatch/backward.h"

#include <algorithm>

namespace longwing::cuda {
namespace {

// Gradients keep partial sums beside their rows, so their slabs are this many times those of a forward call.
constexpr std::size_t kSlabFactor = 2;
constexpr std::int64_t kRowsOfARun = 4;  // shorter runs would spend more on the tree than on the rows

std::size_t aligned(std::size_t bytes) { return (bytes + 255) / 256 * 256; }

bool skip_is_a_tap(const BackwardArgs& args, const RowSpace& space) {
  return args.dskip && (args.dk || args.dreverse_filter) && space.kind == FilterKind::kShared && space.channels == space.groups;
}

}  // namespace

int Backward::runs_of(std::int64_t rows) {
  int runs = 1;
  while (runs < kFilterRuns && rows / (2 * runs) >= kRowsOfARun) runs *= 2;
  return runs;
}

Backward::Backward(const EngineState& state, const BackwardArgs& args, FilterKind kind, std::int64_t filters, const void* spectrum)
    : state_(state),
      args_(args),
      spectrum_(spectrum),
      space_(row_space(state.spec, kind, filters, args.u)),
      bank_(kind == FilterKind::kBank),
      banks_(bank_ ? static_cast<int>(filters) : 1),
      filter_rows_(bank_ ? state.spec.groups : space_.filter_rows()),
      each_(space_.rows_per_filter()),
      runs_(runs_of(each_)),
      wants_dx_(args.du || args.dpre_gate),
      wants_filter_(args.dk || args.dreverse_filter),
      keeps_dc_(args.activation != Activation::kNone && (wants_dx_ || wants_filter_ || args.dskip)),
      recomputes_(keeps_dc_ || args.dpost_gate),
      skip_is_a_tap_(skip_is_a_tap(args, space_) && state.spec.reverse_length == 0),
      launcher_(state, args.execution.stream) {}

Backward::Memory Backward::bytes(std::int64_t filter_rows, std::int64_t rows) const {
  const auto of_rows = [&](bool wanted, std::int64_t numbers) {
    return wanted ? aligned(static_cast<std::size_t>(rows * numbers) * state_.number_bytes()) : 0;
  };
  const std::size_t sums = wants_filter_ ? static_cast<std::size_t>(filter_rows * runs_) * state_.transform_bytes() : 0;
  const std::size_t forward = recomputes_ ? state_.column_bytes(state_.shape.forward) : 0;
  const std::size_t adjoint = state_.column_bytes(state_.shape.adjoint) * (wants_filter_ ? 2 : wants_dx_ ? 1 : 0);
  const std::size_t finish = wants_filter_ && forward + adjoint > 0 ? static_cast<std::size_t>(filter_rows) * state_.transform_bytes() : 0;
  return {.columns = aligned(std::max(static_cast<std::size_t>(rows) * std::max(forward, adjoint), finish)),
          .dc = of_rows(keeps_dc_, state_.map.output_length),
          .dx_sum = of_rows(wants_dx_ && accumulates(), state_.map.input_length),
          .dpost_sum = of_rows(args_.dpost_gate && accumulates() && !post_gate_has_bank(), state_.map.output_length),
          .partials = aligned(sums) * static_cast<std::size_t>(banks_),
          .stash = wants_filter_ && state_.row.policy.stash ? aligned(sums) : 0};
}

std::size_t Backward::total(const Memory& b) { return b.columns + b.dc + b.dx_sum + b.dpost_sum + b.partials + b.stash; }

// As many whole filter rows as the workspace allows; where it does not hold the rows of one, a part of them.
RowSlab Backward::first_slab() const {
  const std::size_t budget = kSlabFactor * state_.slab_bytes();
  RowSlab slab{.first_filter_row = 0, .filter_rows = 1, .first_index = 0, .index_count = each_};
  const std::size_t one = total(bytes(1, each_));
  if (one <= budget) {
    slab.filter_rows = std::clamp<std::int64_t>(static_cast<std::int64_t>(budget / std::max<std::size_t>(1, one)), 1, filter_rows_);
    return slab;
  }
  const std::size_t fixed = total(bytes(1, 0)), row = total(bytes(1, 1)) - fixed;
  const std::size_t room = budget > fixed ? budget - fixed : 0;
  slab.index_count = std::clamp<std::int64_t>(static_cast<std::int64_t>(room / std::max<std::size_t>(1, row)), 1, each_);
  return slab;
}

void Backward::run() {
  if (filter_rows_ == 0) return;
  void* const stream = args_.execution.stream;
  const RowSlab largest = first_slab();
  const Memory at = bytes(largest.filter_rows, largest.rows());
  const bool by_terms = args_.dskip && !skip_is_a_tap_;
  const Workspace memory(state_.runtime, total(at), stream);
  const Workspace terms(state_.runtime, by_terms ? static_cast<std::size_t>(space_.rows()) * sizeof(double) : 0, stream);
  skip_terms_ = terms.data();
  for (std::int64_t first = 0; first < filter_rows_; first += largest.filter_rows) {
    RowSlab slab = largest;
    slab.first_filter_row = first;
    slab.filter_rows = std::min(largest.filter_rows, filter_rows_ - first);
    do {
      slab.index_count = std::min(largest.index_count, each_ - slab.first_index);
      for (int bank = 0; bank < banks_; ++bank) work(slab, bank, at, memory.data());
      slab.first_index += slab.index_count;
    } while (slab.first_index < each_);
    for (int bank = 0; wants_filter_ && bank < banks_; ++bank) finish(slab, bank, at, memory.data());
  }
  if (by_terms) skip_terms({}, 0, at, nullptr);
}

void Backward::work(const RowSlab& slab, int bank, const Memory& at, std::byte* memory) const {
  if (slab.rows() > 0 && recomputes_) recompute(slab, bank, at, memory);
  if (wants_filter_ && state_.gradients_by_tensor()) {
    row_gradients(slab, bank, at, memory);
  } else {
    if (slab.rows() > 0 && wants_dx_) input_gradient(slab, bank, at, memory);
    if (wants_filter_) filter_gradient(slab, bank, at, memory);
  }
  if (slab.rows() > 0 && args_.dskip && !skip_is_a_tap_) skip_terms(slab, bank, at, memory);
}

std::int64_t Backward::first_row(const RowSlab& slab, int bank) const {
  return (bank * static_cast<std::int64_t>(space_.groups) + slab.first_filter_row) * each_ + slab.first_index;
}

std::byte* Backward::partials(const RowSlab&, int bank, const Memory& at, std::byte* memory) const {
  return memory + at.columns + at.dc + at.dx_sum + at.dpost_sum +
         static_cast<std::size_t>(bank) * (at.partials / static_cast<std::size_t>(banks_));
}

SourceArgs Backward::x() const { return {state_.shape.correlated, row_array(args_.u, false), row_array(args_.pre_gate, false)}; }

SourceArgs Backward::dc(const RowSlab& slab, const Memory& at, std::byte* memory) const {
  SourceArgs source{state_.shape.adjoint, row_array(args_.dy, bank_), row_array(args_.post_gate, post_gate_has_bank())};
  if (!keeps_dc_) return source;
  source.array = slab_array(space_, slab, memory + at.columns, state_.compute_dtype(), state_.map.output_length);
  source.gate = {};
  return source;
}

ConvolveArgs Backward::convolve_args(const RowSlab& slab, int bank) const {
  ConvolveArgs convolve;
  convolve.rows = space_;
  convolve.first_row = first_row(slab, bank);
  convolve.row_count = slab.rows();
  convolve.skip = channel_array(args_.skip);
  convolve.spectrum = spectrum_;
  return convolve;
}

void Backward::add_over_bank(EpilogueArgs& epilogue, const RowSlab& slab, int bank, void* sum, std::int64_t length) const {
  epilogue.sum = slab_array(space_, slab, sum, state_.compute_dtype(), length);
  epilogue.add_sum = bank > 0;
  epilogue.keep_sum = bank + 1 < banks_;
}

void Backward::recompute(const RowSlab& slab, int bank, const Memory& at, std::byte* memory) const {
  ConvolveArgs convolve = convolve_args(slab, bank);
  convolve.source = x();
  convolve.source.window = state_.shape.forward;
  EpilogueArgs& epilogue = convolve.epilogue;
  epilogue.kind = Epilogue::kGradient;
  epilogue.activation = args_.activation;
  epilogue.dy = row_array(args_.dy, bank_);
  epilogue.post_gate = row_array(args_.post_gate, post_gate_has_bank());
  epilogue.dpost = row_array(args_.dpost_gate, post_gate_has_bank());
  if (keeps_dc_) epilogue.dc = slab_array(space_, slab, memory + at.columns, state_.compute_dtype(), state_.map.output_length);
  if (at.dpost_sum > 0) add_over_bank(epilogue, slab, bank, memory + at.columns + at.dc + at.dx_sum, state_.map.output_length);
  launcher_.convolve(convolve, memory);
}

EpilogueArgs Backward::input_epilogue(const RowSlab& slab, int bank, const Memory& at, std::byte* memory) const {
  EpilogueArgs epilogue;
  epilogue.kind = Epilogue::kInputGradient;
  epilogue.u = row_array(args_.u, false);
  epilogue.pre_gate = row_array(args_.pre_gate, false);
  epilogue.du = row_array(args_.du, false);
  epilogue.dpre = row_array(args_.dpre_gate, false);
  if (at.dx_sum > 0) add_over_bank(epilogue, slab, bank, memory + at.columns + at.dc, state_.map.input_length);
  return epilogue;
}

void Backward::input_gradient(const RowSlab& slab, int bank, const Memory& at, std::byte* memory) const {
  ConvolveArgs convolve = convolve_args(slab, bank);
  convolve.source = dc(slab, at, memory);
  convolve.conjugate = true;
  convolve.epilogue = input_epilogue(slab, bank, at, memory);
  launcher_.convolve(convolve, memory);
}

FilterGradientArgs Backward::filter_args(const RowSlab& slab, int bank, const Memory& at, std::byte* memory) const {
  FilterGradientArgs gradient;
  gradient.rows = space_;
  gradient.first_filter_row = bank * static_cast<std::int64_t>(space_.groups) + slab.first_filter_row;
  gradient.filter_row_count = slab.filter_rows;
  gradient.first_index = slab.first_index;
  gradient.index_count = slab.index_count;
  gradient.add = slab.first_index > 0;
  gradient.runs = runs_;
  gradient.x = x();
  gradient.dy = dc(slab, at, memory);
  gradient.partials = partials(slab, bank, at, memory);
  gradient.stash = partials(slab, banks_, at, memory);
  return gradient;
}

void Backward::filter_gradient(const RowSlab& slab, int bank, const Memory& at, std::byte* memory) const {
  launcher_.filter_gradient(filter_args(slab, bank, at, memory), memory);
}

void Backward::row_gradients(const RowSlab& slab, int bank, const Memory& at, std::byte* memory) const {
  RowGradientArgs gradients;
  gradients.filter = filter_args(slab, bank, at, memory);
  gradients.wants_du = wants_dx_;
  if (wants_dx_) gradients.epilogue = input_epilogue(slab, bank, at, memory);
  gradients.skip = channel_array(args_.skip);
  gradients.spectrum = spectrum_;
  launcher_.row_gradients(gradients);
}

void Backward::skip_terms(const RowSlab& slab, int bank, const Memory& at, std::byte* memory) const {
  SkipGradientArgs skip;
  skip.rows = space_;
  skip.first_row = first_row(slab, bank);
  skip.row_count = slab.rows();
  skip.u = row_array(args_.u, false);
  skip.pre_gate = row_array(args_.pre_gate, false);
  const SourceArgs source = dc(slab, at, memory);
  skip.dc = source.array;
  skip.post_gate = source.gate;
  skip.length = state_.map.input_length;
  skip.terms = skip_terms_;
  skip.dskip = channel_array(args_.dskip);
  launcher_.skip_gradient(skip);
}

void Backward::finish(const RowSlab& slab, int bank, const Memory& at, std::byte* memory) const {
  FilterGradientFinishArgs finish;
  finish.gradient = filter_taps(state_.spec, state_.shape.n(), args_.dk ? &*args_.dk : nullptr,
                                args_.dreverse_filter ? &*args_.dreverse_filter : nullptr);
  if (skip_is_a_tap_) {  // lag 0 of a filter that serves one channel of every sample
    const TensorView& dskip = *args_.dskip;
    finish.gradient.taps[1] = {.data = dskip.data, .dtype = dskip.dtype, .count = 1, .group_stride = dskip.stride(0)};
  }
  finish.first_row = bank * static_cast<std::int64_t>(space_.groups) + slab.first_filter_row;
  finish.row_count = slab.filter_rows;
  finish.runs = runs_;
  finish.partials = partials(slab, bank, at, memory);
  launcher_.finish_filter_gradient(finish, memory);
}

}  // namespace longwing::cuda
