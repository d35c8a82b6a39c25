#include "cpu/cpu_plan.h"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <vector>

#include "cpu/backward.h"
#include "cpu/direct_engine.h"
#include "cpu/isa.h"
#include "cpu/scratch.h"
#include "cpu/transform_engine.h"
#include "longwing/threads.h"

namespace longwing::cpu {
namespace {

template <class T>
std::unique_ptr<const RowEngine<T>> make_engine(const ConvSpec& spec, const Choice& choice) {
  const KernelTable<T>& table = kernels().of<T>();
  if (choice.form == Form::kDirect) return std::make_unique<DirectEngine<T>>(table, spec);
  return std::make_unique<TransformEngine<T>>(table, spec, choice.factorization);
}

// One row of a forward call: what is read, where it goes, and its skip factor.
template <class T>
struct Row {
  RowSource x;
  RowSink y;
  T skip;

  Row(const ForwardArgs& args, const RowSet& rows, const RowId& id, const LagMap& map)
      : skip(args.skip ? static_cast<T>(channel_value(*args.skip, id.channel)) : T(0)) {
    const bool bank = rows.kind == FilterKind::kBank;
    const RowView u(args.u, false), out(args.out, bank);
    x = {.data = u.row(id), .dtype = u.dtype(), .stride = u.stride(), .length = map.input_length, .periodic = map.circular};
    if (args.pre_gate) {
      const RowView gate(*args.pre_gate, false);
      x.gate = gate.row(id);
      x.gate_stride = gate.stride();
    }
    y = {.data = out.row(id), .dtype = out.dtype(), .stride = out.stride(), .length = map.output_length, .activation = args.activation};
    if (args.post_gate) {
      const RowView gate(*args.post_gate, bank && args.post_gate->rank == args.out.rank);
      y.gate = gate.row(id);
      y.gate_stride = gate.stride();
    }
  }
};

std::int64_t rounded_up(std::int64_t numbers) { return (numbers + kMaxLanes - 1) / kMaxLanes * kMaxLanes; }

// The transposed view of a (…, L, H) tensor: samples of neighbouring channels side by side.
template <class T>
bool channels_adjoin(const TensorView& view) {
  return view.dtype == kDTypeOf<T> && view.stride(-2) == 1 && view.stride(-1) != 1 && view.extent(-2) > 1 && view.extent(-1) > 1;
}

template <class T>
Choice choose(const ConvSpec& spec) {
  const KernelTable<T>& table = kernels().of<T>();
  return choose_form(lag_map(spec), {table.lanes, table.registers}, sizeof(T));
}

}  // namespace

template <class T>
CpuPlan<T>::CpuPlan(const ConvSpec& spec) : PlanImplementation(spec), choice_(choose<T>(spec)), engine_(make_engine<T>(spec, choice_)) {}

template <class T>
Spread CpuPlan<T>::spread(std::int64_t tasks) const {
  return spread_rows(tasks, engine_->team_size(), sizeof(T));
}

template <class T>
void CpuPlan<T>::prepare_all(const TensorView& k, const TensorView* reverse, std::int64_t filter_rows, T* spectra,
                             const Execution& execution) const {
  const Spread spread = this->spread(filter_rows);
  const std::int64_t size = engine_->scratch_size();
  const Scratch scratch(static_cast<std::size_t>(size * spread.workers) * sizeof(T));
  const Team team(spread.team, execution);
  const auto task = [&](std::int64_t f, int worker) {
    engine_->prepare(filter_row_of(&k, reverse, spec().groups, f), spectra + f * engine_->spectrum_size(),
                     static_cast<T*>(scratch.data()) + worker * size, team);
  };
  run_tasks(filter_rows, spread.workers, TaskRef(task), execution);
}

template <class T>
std::shared_ptr<CpuSpectrum<T>> CpuPlan<T>::describe_filter(const TensorView& k, const TensorView* reverse_filter, FilterKind kind) const {
  auto storage = std::make_shared<CpuSpectrum<T>>();
  storage->spec = spec();
  storage->kind = kind;
  storage->filters = kind == FilterKind::kShared ? 1 : k.extent(0);
  storage->filter_dtype = k.dtype;
  storage->reverse_dtype = reverse_filter ? reverse_filter->dtype : k.dtype;
  storage->plan = shared_from_this();
  return storage;
}

template <class T>
std::shared_ptr<const SpectrumStorage> CpuPlan<T>::spectrum(const TensorView& k, const TensorView* reverse_filter, FilterKind kind,
                                                            const Execution& execution) const {
  auto storage = describe_filter(k, reverse_filter, kind);
  const std::int64_t filter_rows = storage->filters * spec().groups;
  storage->rows = AlignedArray<T>(static_cast<std::size_t>(filter_rows * engine_->spectrum_size()));
  prepare_all(k, reverse_filter, filter_rows, storage->rows.data(), execution);
  return storage;
}

template <class T>
std::shared_ptr<const SpectrumStorage> CpuPlan<T>::borrow(const TensorView& k, const TensorView* reverse_filter, FilterKind kind,
                                                          const Execution&) const {
  auto storage = describe_filter(k, reverse_filter, kind);
  storage->k = k;
  if (reverse_filter) storage->reverse_filter = *reverse_filter;
  return storage;
}

// What is borrowed with its numbers; nothing where they are there.
template <class T>
std::shared_ptr<const CpuSpectrum<T>> CpuPlan<T>::transformed(const CpuSpectrum<T>& spectrum, const Execution& execution) const {
  if (!spectrum.k) return nullptr;
  const TensorView* const reverse = spectrum.reverse_filter ? &*spectrum.reverse_filter : nullptr;
  return std::static_pointer_cast<const CpuSpectrum<T>>(this->spectrum(*spectrum.k, reverse, spectrum.kind, execution));
}

template <class T>
void CpuPlan<T>::forward(const ForwardArgs& args) const {
  const auto& given = static_cast<const CpuSpectrum<T>&>(*args.spectrum.storage());
  const auto made = transformed(given, args.execution);
  const CpuSpectrum<T>& spectrum = made ? *made : given;
  const RowSet rows(spec(), spectrum.kind, spectrum.filters, args.u);
  if (rows.filters_share_rows()) return forward_bank(args, rows, spectrum);
  if (channels_adjoin<T>(args.u) || channels_adjoin<T>(args.out)) return forward_channels(args, rows, spectrum);
  forward_rows(args, rows, spectrum);
}

template <class T>
void CpuPlan<T>::forward_rows(const ForwardArgs& args, const RowSet& rows, const CpuSpectrum<T>& spectrum) const {
  const Spread spread = this->spread(rows.rows());
  const std::int64_t size = engine_->scratch_size(), each = rows.rows_per_filter();
  const Scratch scratch(static_cast<std::size_t>(size * spread.workers) * sizeof(T));
  const Team team(spread.team, args.execution);
  const auto task = [&](std::int64_t row, int worker) {
    const Row<T> r(args, rows, rows.row(row / each, row % each), engine_->map());
    engine_->forward(r.x, spectrum.rows.data() + row / each * engine_->spectrum_size(), r.skip, r.y,
                     static_cast<T*>(scratch.data()) + worker * size, team);
  };
  run_tasks(rows.rows(), spread.workers, TaskRef(task), args.execution);
}

// A row of u with all its filters is a task; the samples of a channel follow one another, while its filters are in the cache.
template <class T>
void CpuPlan<T>::forward_bank(const ForwardArgs& args, const RowSet& rows, const CpuSpectrum<T>& spectrum) const {
  const std::int64_t tasks = rows.samples * rows.channels, size = engine_->scratch_size();
  const Spread spread = this->spread(tasks);
  const Scratch scratch(static_cast<std::size_t>(size * spread.workers) * sizeof(T));
  const Team team(spread.team, args.execution);
  const auto task = [&](std::int64_t index, int worker) {
    RowId id{.sample = index % rows.samples, .bank = 0, .channel = index / rows.samples};
    const Row<T> first(args, rows, id, engine_->map());
    std::vector<const T*> spectra;
    std::vector<RowSink> outputs;
    for (; id.bank < rows.filters; ++id.bank) {
      spectra.push_back(spectrum.rows.data() + rows.filter_row(id) * engine_->spectrum_size());
      outputs.push_back(Row<T>(args, rows, id, engine_->map()).y);
    }
    engine_->forward_bank(first.x, spectra, first.skip, outputs, static_cast<T*>(scratch.data()) + worker * size, team);
  };
  run_tasks(tasks, spread.workers, TaskRef(task), args.execution);
}

// Rows whose channels adjoin are taken kMaxLanes together: transposed into rows of their own, and back, so that a cache line, which
// holds samples of all of them, is read and written once.
template <class T>
void CpuPlan<T>::forward_channels(const ForwardArgs& args, const RowSet& rows, const CpuSpectrum<T>& spectrum) const {
  const bool gathers = channels_adjoin<T>(args.u), scatters = channels_adjoin<T>(args.out);
  const std::int64_t blocks = (rows.channels + kMaxLanes - 1) / kMaxLanes;
  const std::int64_t in_length = engine_->map().input_length, out_length = engine_->map().output_length;
  // A line more than a row needs: rows of a power of two would share the sets of the cache.
  const std::int64_t in_size = gathers ? rounded_up(in_length) + kMaxLanes : 0;
  const std::int64_t out_size = scatters ? rounded_up(out_length) + kMaxLanes : 0;
  const std::int64_t size = rounded_up(engine_->scratch_size()) + kMaxLanes * (in_size + out_size);
  const Spread spread = this->spread(rows.samples * blocks);
  const Scratch scratch(static_cast<std::size_t>(size * spread.workers) * sizeof(T));
  const Team team(spread.team, args.execution);
  const auto task = [&](std::int64_t index, int worker) {
    T* const inputs = static_cast<T*>(scratch.data()) + worker * size;
    T* const outputs = inputs + kMaxLanes * in_size;
    const RowId first{.sample = index / blocks, .bank = 0, .channel = index % blocks * kMaxLanes};
    const std::int64_t width = std::min<std::int64_t>(kMaxLanes, rows.channels - first.channel);
    const Row<T> head(args, rows, first, engine_->map());
    if (gathers) engine_->kernels().transpose(inputs, in_size, static_cast<const T*>(head.x.data), head.x.stride, in_length, width);
    for (std::int64_t c = 0; c < width; ++c) {
      const RowId id{.sample = first.sample, .bank = 0, .channel = first.channel + c};
      Row<T> row(args, rows, id, engine_->map());
      if (gathers) row.x.data = inputs + c * in_size, row.x.stride = 1;
      if (scatters) row.y.data = outputs + c * out_size, row.y.stride = 1;
      engine_->forward(row.x, spectrum.rows.data() + rows.filter_row(id) * engine_->spectrum_size(), row.skip, row.y,
                       outputs + kMaxLanes * out_size, team);
      stop_point();
    }
    if (scatters) engine_->kernels().transpose(static_cast<T*>(head.y.data), head.y.stride, outputs, out_size, width, out_length);
  };
  run_tasks(rows.samples * blocks, spread.workers, TaskRef(task), args.execution);
}

// With filters enough for every thread, or one for each row, a filter is transformed and used at once, while it is in the cache.
// Else, and where rows are taken together, all filters are transformed first and the rows are shared out.
template <class T>
void CpuPlan<T>::long_conv(const LongConvArgs& args, FilterKind kind) const {
  const std::int64_t filters = kind == FilterKind::kShared ? 1 : args.k.extent(0);
  const RowSet rows(spec(), kind, filters, args.u);
  if (rows.rows() == 0) return;
  const TensorView* const reverse = args.reverse_filter ? &*args.reverse_filter : nullptr;
  const Spread spread = this->spread(rows.filter_rows());
  const bool filters_suffice = rows.rows_per_filter() == 1 || rows.filter_rows() >= 4 * spread.workers || num_threads() == 1;
  const bool together = rows.filters_share_rows() || channels_adjoin<T>(args.u) || channels_adjoin<T>(args.out);
  if (!filters_suffice || together) {
    const Spectrum spectrum(this->spectrum(args.k, reverse, kind, args.execution));
    return forward(forward_args(args, spectrum));
  }
  const Spectrum none;
  const ForwardArgs row_args = forward_args(args, none);
  const std::int64_t spectrum_size = (engine_->spectrum_size() + 15) / 16 * 16, size = spectrum_size + engine_->scratch_size();
  const Scratch scratch(static_cast<std::size_t>(size * spread.workers) * sizeof(T));
  const Team team(spread.team, args.execution);
  const auto task = [&](std::int64_t f, int worker) {
    T* const spectrum = static_cast<T*>(scratch.data()) + worker * size;
    const FilterRow filter = filter_row_of(&args.k, reverse, rows.groups, f);
    if (rows.rows_per_filter() == 1) {
      const Row<T> row(row_args, rows, rows.row(f, 0), engine_->map());
      return engine_->convolve(filter, row.x, spectrum, row.skip, row.y, spectrum + spectrum_size, team);
    }
    engine_->prepare(filter, spectrum, spectrum + spectrum_size, team);
    for (std::int64_t i = 0; i < rows.rows_per_filter(); ++i) {
      const Row<T> row(row_args, rows, rows.row(f, i), engine_->map());
      engine_->forward(row.x, spectrum, row.skip, row.y, spectrum + spectrum_size, team);
      stop_point();
    }
  };
  run_tasks(rows.filter_rows(), spread.workers, TaskRef(task), args.execution);
}

template <class T>
void CpuPlan<T>::backward(const BackwardArgs& args) const {
  const auto& given = static_cast<const CpuSpectrum<T>&>(*args.spectrum.storage());
  const RowSet rows(spec(), given.kind, given.filters, args.u);
  if (given.k && takes_filters_singly(rows, args)) {
    return run_backward<T>(*engine_, rows, {.k = &*given.k, .reverse_filter = given.reverse_filter ? &*given.reverse_filter : nullptr},
                           args);
  }
  const auto made = transformed(given, args.execution);
  run_backward<T>(*engine_, rows, {.spectra = (made ? *made : given).rows.data()}, args);
}

template <class T>
std::size_t CpuPlan<T>::workspace_bytes(std::int64_t batch) const {
  const Spread spread = this->spread(batch * spec().channels);
  return static_cast<std::size_t>(engine_->scratch_size() * spread.workers) * sizeof(T);
}

template <class T>
std::string CpuPlan<T>::explain() const {
  const LagMap& map = engine_->map();
  std::ostringstream text;
  text << to_string(spec().mode) << " convolution of " << spec().channels << (spec().channels == 1 ? " channel of " : " channels of ")
       << map.input_length << " samples with " << spec().groups << (spec().groups == 1 ? " filter" : " filters") << " of "
       << spec().filter_length << " taps";
  if (spec().reverse_length > 0) text << " and " << spec().reverse_length << " reverse taps (" << to_string(spec().reverse_lag) << ")";
  text << ", " << to_string(spec().dtype) << ", output " << map.output_length << " samples a row\n"
       << "cpu, " << kernels().f32.isa << ", arithmetic in " << (sizeof(T) == 4 ? "float32" : "float64") << ", lags " << map.lags.lo
       << " to " << map.lags.hi << "\n";
  if (choice_.form == Form::kDirect) {
    text << "direct sums over " << map.lags.span() + 1 << " taps\n";
  } else {
    const Factorization& f = choice_.factorization;
    if (choice_.form == Form::kOneTransform) {
      text << "one right-angle transform a row";
    } else {
      const std::int64_t step = 2 * f.n - map.lags.span();
      text << "overlap-save, " << (map.output_length + step - 1) / step << " right-angle transforms a row of " << step
           << " new samples each";
    }
    text << ", n = " << f.n << " = " << f.lanes << " lanes";
    for (const int radix : f.radices) text << " x " << radix;
    text << "\n";
    if (engine_->team_size() >= kTeamNumbers) {
      text << (is_crowded(engine_->team_size(), sizeof(T)) ? "with a few threads" : "with fewer rows than threads")
           << ", three-pass: the threads share each row\n";
    }
  }
  text << "modelled cost of a row in vector operations: direct " << choice_.direct_cost << ", overlap-save ";
  if (std::isinf(choice_.overlap_save_cost)) {
    text << "not possible";  // no window is much shorter than the row
  } else {
    text << choice_.overlap_save_cost;
  }
  text << ", one transform " << choice_.one_transform_cost;
  return text.str();
}

template class CpuPlan<float>;
template class CpuPlan<double>;

}  // namespace longwing::cpu
