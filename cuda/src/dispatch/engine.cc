#include "dispatch/engine.h"

#include <algorithm>
#include <sstream>

#include "dispatch/backward.h"
#include "dispatch/call_rows.h"
#include "dispatch/launcher.h"

namespace longwing::cuda {
namespace {

// Filter rows [first, first + count) of k into `spectrum`, which is that of filter row 0.
void transform_range(const EngineState& state, const TensorView& k, const TensorView* reverse, std::int64_t first, std::int64_t count,
                     void* spectrum, void* stream) {
  const std::size_t each = state.column_bytes({.segments = 1});
  const std::int64_t together = each == 0 ? count : std::max<std::int64_t>(1, static_cast<std::int64_t>(state.slab_bytes() / each));
  const Workspace columns(state.runtime, each * static_cast<std::size_t>(std::min(together, count)), stream);
  SpectrumArgs args;
  args.filter = filter_taps(state.spec, state.shape.n(), &k, reverse);
  args.spectrum = spectrum;
  for (std::int64_t row = first; row < first + count; row += together) {
    args.first_row = row;
    args.row_count = std::min(together, first + count - row);
    Launcher(state, stream).transform_filters(args, columns.data());
  }
}

ConvolveArgs forward_args(const EngineState& state, const ForwardArgs& args, FilterKind kind, std::int64_t filters, const void* spectrum) {
  const bool bank = kind == FilterKind::kBank;
  ConvolveArgs convolve;
  convolve.rows = row_space(state.spec, kind, filters, args.u);
  convolve.source = {state.shape.forward, row_array(args.u, false), row_array(args.pre_gate, false)};
  convolve.epilogue.activation = args.activation;
  convolve.epilogue.out = row_array(args.out, bank);
  convolve.epilogue.post_gate = row_array(args.post_gate, bank && args.post_gate && args.post_gate->rank == args.out.rank);
  convolve.skip = channel_array(args.skip);
  convolve.spectrum = spectrum;
  return convolve;
}

std::string arithmetic(const EngineState& state) {
  if (!state.tensor) return to_string(state.compute_dtype());
  return std::string("float16 on tensor cores with float32 sums, gradients of filters in ") +
         (state.gradients_by_tensor() ? "the same" : "float32");
}

std::vector<int> row_radices(const EngineState& state) {
  if (!state.tensor) return {state.row.policy.radices, state.row.policy.radices + state.row.policy.passes};
  const auto [third, fourth] = state.tensor->policy.middle();
  std::vector<int> radices = {16, 16};
  for (const int radix : {third, fourth}) {
    if (radix > 1) radices.push_back(radix);
  }
  return radices;
}

// Rows that go through the column workspace together; all of them in one pass.
std::int64_t rows_together(const EngineState& state, std::int64_t rows) {
  const std::size_t each = state.column_bytes(state.shape.forward);
  return each == 0 ? rows
                   : std::clamp<std::int64_t>(static_cast<std::int64_t>(state.slab_bytes() / each), 1, std::max<std::int64_t>(1, rows));
}

// Rows [first, first + count) in slabs.
void convolve_range(const EngineState& state, ConvolveArgs args, std::int64_t first, std::int64_t count, void* columns, void* stream) {
  const std::int64_t together = rows_together(state, count);
  for (std::int64_t row = first; row < first + count; row += together) {
    args.first_row = row;
    args.row_count = std::min(together, first + count - row);
    Launcher(state, stream).convolve(args, columns);
  }
}

}  // namespace

Engine::Engine(const ConvSpec& spec, DeviceRuntime& runtime) : state_(std::make_unique<EngineState>(spec, runtime)) {}

Engine::~Engine() = default;

std::size_t Engine::spectrum_bytes() const { return state_->spectrum_bytes(); }

void Engine::transform_filters(const TensorView& k, const TensorView* reverse_filter, FilterKind kind, void* spectrum, void* stream) const {
  const std::int64_t filters = kind == FilterKind::kShared ? 1 : k.extent(0);
  transform_range(*state_, k, reverse_filter, 0, filters * state_->spec.groups, spectrum, stream);
}

void Engine::forward(const ForwardArgs& args, FilterKind kind, std::int64_t filters, const void* spectrum) const {
  const ConvolveArgs convolve = forward_args(*state_, args, kind, filters, spectrum);
  const std::int64_t rows = convolve.rows.rows();
  if (rows == 0) return;
  void* const stream = args.execution.stream;
  const Workspace columns(state_->runtime,
                          state_->column_bytes(state_->shape.forward) * static_cast<std::size_t>(rows_together(*state_, rows)), stream);
  convolve_range(*state_, convolve, 0, rows, columns.data(), stream);
}

// Filters are transformed in slabs and used at once: the workspace does not grow with their number, and a slab stays in the cache.
void Engine::long_conv(const LongConvArgs& args, FilterKind kind) const {
  const std::int64_t filters = kind == FilterKind::kShared ? 1 : args.k.extent(0);
  const Spectrum none;
  const ForwardArgs forward{.u = args.u,
                            .spectrum = none,
                            .skip = args.skip,
                            .pre_gate = args.pre_gate,
                            .post_gate = args.post_gate,
                            .activation = args.activation,
                            .out = args.out,
                            .execution = args.execution};
  ConvolveArgs convolve = forward_args(*state_, forward, kind, filters, nullptr);
  const std::int64_t each = convolve.rows.rows_per_filter(), filter_rows = convolve.rows.filter_rows();
  if (convolve.rows.rows() == 0) return;
  void* const stream = args.execution.stream;
  const TensorView* const reverse = args.reverse_filter ? &*args.reverse_filter : nullptr;
  if (state_->filters_in_kernel(each)) {
    FilterConvolveArgs both{.filter = {}, .convolve = convolve};
    both.filter.filter = filter_taps(state_->spec, state_->shape.n(), &args.k, reverse);
    both.filter.row_count = filter_rows;
    return Launcher(*state_, stream).convolve_filters(both);
  }
  const std::int64_t together =
      std::clamp<std::int64_t>(static_cast<std::int64_t>(state_->slab_bytes() / spectrum_bytes()), 1, filter_rows);
  const std::int64_t column_rows = rows_together(*state_, together * each);
  const Workspace spectrum(state_->runtime, static_cast<std::size_t>(together) * spectrum_bytes(), stream);
  const Workspace columns(state_->runtime, state_->column_bytes(state_->shape.forward) * static_cast<std::size_t>(column_rows), stream);
  for (std::int64_t first = 0; first < filter_rows; first += together) {
    const std::int64_t count = std::min(together, filter_rows - first);
    // The kernels count filter rows from 0: the address that row 0 would have, as an integer because no pointer may point there.
    const auto base = reinterpret_cast<std::uintptr_t>(spectrum.data()) - static_cast<std::uintptr_t>(first) * spectrum_bytes();
    void* const row_zero = reinterpret_cast<void*>(base);
    transform_range(*state_, args.k, reverse, first, count, row_zero, stream);
    convolve.spectrum = row_zero;
    convolve_range(*state_, convolve, first * each, count * each, columns.data(), stream);
  }
}

void Engine::backward(const BackwardArgs& args, FilterKind kind, std::int64_t filters, const void* spectrum) const {
  Backward(*state_, args, kind, filters, spectrum).run();
}

std::size_t Engine::workspace_bytes(std::int64_t batch) const {
  const std::int64_t rows = batch * state_->spec.channels;
  return state_->column_bytes(state_->shape.forward) * static_cast<std::size_t>(rows_together(*state_, rows));
}

std::size_t Engine::bytes() const { return state_->twiddle_bytes; }

std::string Engine::explain() const {
  const EngineState& s = *state_;
  const TransformShape& shape = s.shape;
  std::ostringstream text;
  text << to_string(s.spec.mode) << " convolution of " << s.spec.channels << " channels of " << s.map.input_length << " samples with "
       << s.spec.groups << (s.spec.groups == 1 ? " filter" : " filters") << " of " << s.spec.filter_length << " taps";
  if (s.spec.reverse_length > 0) text << " and " << s.spec.reverse_length << " reverse taps (" << to_string(s.spec.reverse_lag) << ")";
  text << ", " << to_string(s.spec.dtype) << ", output " << s.map.output_length << " samples a row\n"
       << "cuda:" << s.spec.device.index << ", compute capability " << s.limits.architecture / 10 << "." << s.limits.architecture % 10
       << ", arithmetic in " << arithmetic(s) << ", lags " << s.map.lags.lo << " to " << s.map.lags.hi << "\n";
  if (shape.forward.segments == 1) {
    text << "one right-angle transform a row";
  } else {
    text << "overlap-save, " << shape.forward.segments << " right-angle transforms a row of " << shape.forward.step << " new samples each";
  }
  text << ", n = " << shape.n() << " =";
  const char* times = " ";
  for (const int radix : shape.column_radices) text << times << radix, times = " x ";
  if (!shape.column_radices.empty()) text << " columns x rows of";
  times = " ";
  for (const int radix : row_radices(s)) text << times << radix, times = " x ";
  text << "\n"
       << (shape.column_radices.empty()
               ? "one pass over memory: a row fits one " + std::string(s.row.policy.blocks > 1 ? "cluster of blocks" : "block")
               : "three-pass: column passes through workspace around rows that fit one block, in slabs of at most " +
                     std::to_string(s.slab_bytes() >> 20) + " MiB")
       << "\nmodelled cost of a row: " << shape.cost * 1e-6 << " us of one device";
  return text.str();
}

}  // namespace longwing::cuda
