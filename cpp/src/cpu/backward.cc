#include "cpu/backward.h"

#include <algorithm>
#include <bit>
#include <vector>

#include "cpu/scratch.h"
#include "cpu/spread.h"
#include "longwing/threads.h"

namespace longwing::cpu {
namespace {

constexpr std::int64_t kMaxChunks = 8;

std::int64_t rounded(std::int64_t numbers) { return (numbers + 15) / 16 * 16; }

// The rows of a filter are summed in this many runs of equal length, and the runs in a balanced tree: a function of their number
// alone, so that the bits of a gradient do not depend on the threads.
std::int64_t chunk_count(std::int64_t rows) {
  std::int64_t chunks = 1;
  while (chunks < kMaxChunks && rows / (2 * chunks) >= 4) chunks *= 2;
  return chunks;
}

// Sums that are unfinished at once while the runs of `rows` rows are added up.
std::int64_t tree_depth(std::int64_t rows) {
  return static_cast<std::int64_t>(std::bit_width(static_cast<std::uint64_t>(chunk_count(rows))));
}

// Enough filters for all threads, or too few rows of each to share them out.
bool threads_have_filters(const RowSet& rows) { return rows.filter_rows() >= num_threads() || chunk_count(rows.rows_per_filter()) == 1; }

template <class T>
class BackwardCall {
 public:
  BackwardCall(const RowEngine<T>& engine, const RowSet& rows, const Filters<T>& filters, const BackwardArgs& args)
      : engine_(engine),
        rows_(rows),
        filters_(filters),
        args_(args),
        io_(engine.kernels()),
        length_(engine.map().input_length),
        output_length_(engine.map().output_length),
        wants_sum_(args.dk || args.dreverse_filter),
        wants_dx_(args.du || args.dpre_gate),
        bank_(rows.kind == FilterKind::kBank),
        skip_terms_(args.dskip ? static_cast<std::size_t>(rows.rows()) : 0) {}

  void run() {
    if (wants_sum_) {
      sum_filters();
    } else if (args_.dskip || (!accumulates() && (wants_dx_ || args_.dpost_gate))) {
      each_row();
    }
    if (accumulates() && (wants_dx_ || args_.dpost_gate)) each_input_row();
    if (args_.dskip) write_skip_gradient();
  }

 private:
  // Working memory of one worker; null where this call has no use for it.
  struct Memory {
    T *scratch, *spectrum, *c, *slope, *dy, *x, *dx, *dx_term, *dpost, *sums;
  };

  // With a bank the gradients of u and the gates are sums over its filters: they are done input row by input row.
  bool accumulates() const { return rows_.filters_share_rows(); }
  bool post_gate_has_bank() const { return bank_ && args_.post_gate && args_.post_gate->rank == args_.dy.rank; }

  // Shares out memory from `base` on, if there is any yet, and returns how many numbers that takes.
  std::int64_t share_out(T* base, Memory& memory) const {
    std::int64_t taken = 0;
    const auto take = [&](T*& part, std::int64_t numbers, bool needed) {
      if (!needed) return;
      if (base) part = base + taken;
      taken += rounded(numbers);
    };
    const bool epilogue = has_epilogue();
    take(memory.scratch, engine_.scratch_size(), true);
    take(memory.spectrum, engine_.spectrum_size(), filters_.k);
    take(memory.c, output_length_, epilogue);
    take(memory.slope, output_length_, epilogue);
    take(memory.dy, output_length_, epilogue || args_.dskip);
    take(memory.dpost, output_length_, epilogue);
    take(memory.x, length_, args_.pre_gate || args_.dskip);
    take(memory.dx, length_, args_.pre_gate || accumulates());
    take(memory.dx_term, length_, accumulates());
    take(memory.sums, tree_depth(rows_.rows_per_filter()) * rounded(engine_.spectrum_size()), wants_sum_);
    return taken;
  }

  std::int64_t memory_size() const {
    Memory memory{};
    return share_out(nullptr, memory);
  }

  Memory memory(T* base) const {
    Memory memory{};
    share_out(base, memory);
    return memory;
  }

  bool has_epilogue() const { return args_.activation != Activation::kNone || args_.post_gate; }

  // Of the filter that `m` was made ready for, where they are taken singly.
  const T* spectrum(std::int64_t filter_row, const Memory& m) const {
    return filters_.k ? m.spectrum : filters_.spectra + filter_row * engine_.spectrum_size();
  }

  void make_ready(std::int64_t filter_row, const Memory& m, const Team& team) const {
    if (!filters_.k || !(wants_dx_ || has_epilogue())) return;
    engine_.prepare(filter_row_of(filters_.k, filters_.reverse_filter, rows_.groups, filter_row), m.spectrum, m.scratch, team);
  }

  RowSource source(const TensorView& view, const RowId& id, bool has_bank, std::int64_t length) const {
    const RowView rows(view, has_bank);
    return {.data = rows.row(id), .dtype = rows.dtype(), .stride = rows.stride(), .length = length, .periodic = engine_.map().circular};
  }

  RowSource input(const RowId& id) const {
    RowSource x = source(args_.u, id, false, length_);
    if (args_.pre_gate) {
      const RowView gate(*args_.pre_gate, false);
      x.gate = gate.row(id);
      x.gate_stride = gate.stride();
    }
    return x;
  }

  RowSource own(T* row, std::int64_t length) const {
    return {.data = row, .dtype = kDTypeOf<T>, .stride = 1, .length = length, .periodic = engine_.map().circular};
  }

  RowSink to(T* row, std::int64_t length) const { return {.data = row, .dtype = kDTypeOf<T>, .stride = 1, .length = length}; }

  // Where a row of du goes; nowhere where du is not wanted.
  RowSink result(const std::optional<TensorView>& view, const RowId& id) const {
    if (!view) return {};
    const RowView rows(*view, false);
    return {.data = rows.row(id), .dtype = rows.dtype(), .stride = rows.stride(), .length = length_};
  }

  void write(const std::optional<TensorView>& view, const RowId& id, bool has_bank, const T* row, std::int64_t length) const {
    const RowView rows(*view, has_bank);
    engine_.kernels().store(rows.row(id), rows.dtype(), rows.stride(), row, length);
  }

  // The gradient with respect to the convolution's own output, dc = dy·post·act'(c); writes or adds up dpost = dy·act(c) on the way.
  RowSource convolution_gradient(const RowId& id, const RowSource& x, const T* spectrum, T skip, bool first, bool for_input,
                                 const Memory& m, const Team& team) {
    const RowSource dy = source(args_.dy, id, bank_, output_length_);
    const bool activated = args_.activation != Activation::kNone;
    if (!activated && !args_.post_gate) return dy;
    const bool gate_gradient = args_.dpost_gate && (for_input || !accumulates());
    io_.materialize(dy, 0, output_length_, m.dy);
    if (activated || gate_gradient) {
      engine_.forward(x, spectrum, skip, to(m.c, output_length_), m.scratch, team);
      engine_.kernels().activate(m.c, m.slope, args_.activation, output_length_);
    }
    if (gate_gradient) {
      engine_.kernels().multiply(m.c, m.c, m.dy, output_length_);
      if (post_gate_has_bank() || !accumulates()) {
        write(args_.dpost_gate, id, post_gate_has_bank(), m.c, output_length_);
      } else if (first) {
        std::copy(m.c, m.c + output_length_, m.dpost);
      } else {
        engine_.kernels().add(m.dpost, m.c, output_length_);
      }
    }
    if (args_.post_gate) {
      io_.materialize(source(*args_.post_gate, id, post_gate_has_bank(), output_length_), 0, output_length_, m.c);
      engine_.kernels().multiply(m.dy, m.dy, m.c, output_length_);
    }
    if (activated) engine_.kernels().multiply(m.dy, m.dy, m.slope, output_length_);
    return own(m.dy, output_length_);
  }

  T skip_of(const RowId& id) const { return args_.skip ? static_cast<T>(channel_value(*args_.skip, id.channel)) : T(0); }

  // One row of a filter: its part of the filter's and skip's gradients, and, without a bank, everything else. With `gradient` it is
  // the filter's only row, and the sum goes there at once.
  void filter_side(std::int64_t filter_row, std::int64_t index, T* sum, const FilterRow* gradient, const Memory& m, const Team& team) {
    const RowId id = rows_.row(filter_row, index);
    const RowSource x = input(id);
    const T skip = skip_of(id);
    const RowSource dc = convolution_gradient(id, x, spectrum(filter_row, m), skip, true, false, m, team);
    if (args_.dskip) {
      io_.materialize(x, 0, length_, m.x);
      if (dc.data != m.dy) io_.materialize(dc, 0, output_length_, m.dy);
      skip_terms_[static_cast<std::size_t>(filter_row * rows_.rows_per_filter() + index)] =
          static_cast<double>(engine_.kernels().dot(m.x, m.dy, length_));
    }
    const bool with_dx = wants_dx_ && !accumulates();
    if (!with_dx && !sum) return;
    const RowSink dx = args_.pre_gate ? to(m.dx, length_) : result(args_.du, id);
    const RowSink* const dx_or_null = with_dx ? &dx : nullptr;
    if (gradient) engine_.differentiate(x, dc, spectrum(filter_row, m), skip, dx_or_null, *gradient, sum, m.scratch, team);
    else engine_.backward(x, dc, spectrum(filter_row, m), skip, dx_or_null, sum, m.scratch, team);
    if (with_dx && args_.pre_gate) write_gated_gradients(id, m);
  }

  // du = dx·pre, dpre = dx·u
  void write_gated_gradients(const RowId& id, const Memory& m) const {
    const auto product = [&](const TensorView& factor, const std::optional<TensorView>& target) {
      if (!target) return;
      RowSource row = source(factor, id, false, length_);
      io_.materialize(row, 0, length_, m.x);
      engine_.kernels().multiply(m.x, m.x, m.dx, length_);
      write(target, id, false, m.x, length_);
    };
    product(*args_.pre_gate, args_.du);
    product(args_.u, args_.dpre_gate);
  }

  // One row of u with every filter of a bank.
  void input_side(std::int64_t sample, std::int64_t channel, const Memory& m, const Team& team) {
    RowId id{sample, 0, channel};
    const RowSource x = input(id);
    for (; id.bank < rows_.filters; ++id.bank) {
      const std::int64_t filter_row = rows_.filter_row(id);
      const RowSource dc = convolution_gradient(id, x, spectrum(filter_row, m), skip_of(id), id.bank == 0, true, m, team);
      if (!wants_dx_) continue;
      const RowSink dx = to(id.bank == 0 ? m.dx : m.dx_term, length_);
      engine_.backward(x, dc, spectrum(filter_row, m), skip_of(id), &dx, nullptr, m.scratch, team);
      if (id.bank > 0) engine_.kernels().add(m.dx, m.dx_term, length_);
      stop_point();
    }
    id.bank = 0;
    if (wants_dx_ && args_.pre_gate) write_gated_gradients(id, m);
    if (wants_dx_ && !args_.pre_gate) write(args_.du, id, false, m.dx, length_);
    if (args_.dpost_gate && !post_gate_has_bank()) write(args_.dpost_gate, id, false, m.dpost, output_length_);
  }

  // body(task, memory, team) for every task, on as many threads as there are, or all of them within each row.
  template <class Body>
  void for_each(std::int64_t tasks, const Body& body) {
    const Spread spread = spread_rows(tasks, engine_.team_size(), sizeof(T));
    const Team team(spread.team, args_.execution);
    const Scratch scratch(static_cast<std::size_t>(memory_size() * spread.workers) * sizeof(T));
    const auto task = [&](std::int64_t index, int worker) {
      body(index, memory(static_cast<T*>(scratch.data()) + worker * memory_size()), team);
    };
    run_tasks(tasks, spread.workers, TaskRef(task), args_.execution);
  }

  void each_row() {
    const std::int64_t each = rows_.rows_per_filter();
    for_each(rows_.rows(),
             [&](std::int64_t row, const Memory& m, const Team& team) { filter_side(row / each, row % each, nullptr, nullptr, m, team); });
  }

  void each_input_row() {
    for_each(rows_.samples * rows_.channels,
             [&](std::int64_t row, const Memory& m, const Team& team) { input_side(row / rows_.channels, row % rows_.channels, m, team); });
  }

  void sum_chunk(std::int64_t filter_row, std::int64_t chunk, T* sum, const Memory& m, const Team& team) {
    const std::int64_t each = rows_.rows_per_filter(), chunks = chunk_count(each);
    std::fill(sum, sum + engine_.spectrum_size(), T(0));
    for (std::int64_t i = chunk * each / chunks; i < (chunk + 1) * each / chunks; ++i) {
      filter_side(filter_row, i, sum, nullptr, m, team);
      stop_point();
    }
  }

  // Chunks [lo, hi) into the buffer of this depth.
  void sum_tree(std::int64_t filter_row, std::int64_t lo, std::int64_t hi, int depth, const Memory& m, const Team& team) {
    T* const sum = m.sums + depth * rounded(engine_.spectrum_size());
    if (hi - lo == 1) return sum_chunk(filter_row, lo, sum, m, team);
    const std::int64_t middle = (lo + hi) / 2;
    sum_tree(filter_row, lo, middle, depth, m, team);
    sum_tree(filter_row, middle, hi, depth + 1, m, team);
    engine_.kernels().add(sum, sum + rounded(engine_.spectrum_size()), engine_.spectrum_size());
  }

  FilterRow gradient_of(std::int64_t filter_row) const {
    return filter_row_of(args_.dk ? &*args_.dk : nullptr, args_.dreverse_filter ? &*args_.dreverse_filter : nullptr, rows_.groups,
                         filter_row);
  }

  void finish(std::int64_t filter_row, T* sum, const Memory& m, const Team& team) const {
    engine_.finish_gradient(sum, gradient_of(filter_row), m.scratch, team);
  }

  // A filter a task where there are enough of them; else the chunks of one filter after the other.
  void sum_filters() {
    if (rows_.rows_per_filter() == 1) {
      return for_each(rows_.filter_rows(), [&](std::int64_t f, const Memory& m, const Team& team) {
        const FilterRow gradient = gradient_of(f);
        make_ready(f, m, team);
        filter_side(f, 0, m.sums, &gradient, m, team);
      });
    }
    const std::int64_t chunks = chunk_count(rows_.rows_per_filter());
    if (threads_have_filters(rows_)) {
      return for_each(rows_.filter_rows(), [&](std::int64_t f, const Memory& m, const Team& team) {
        make_ready(f, m, team);
        sum_tree(f, 0, chunks, 0, m, team);
        finish(f, m.sums, m, team);
      });
    }
    const std::int64_t size = rounded(engine_.spectrum_size());
    const Scratch sums(static_cast<std::size_t>(chunks * size) * sizeof(T));
    T* const first = static_cast<T*>(sums.data());
    for (std::int64_t f = 0; f < rows_.filter_rows(); ++f) {
      for_each(chunks, [&](std::int64_t chunk, const Memory& m, const Team& team) { sum_chunk(f, chunk, first + chunk * size, m, team); });
      for (std::int64_t width = 1; width < chunks; width *= 2) {
        for (std::int64_t i = 0; i < chunks; i += 2 * width) {
          engine_.kernels().add(first + i * size, first + (i + width) * size, engine_.spectrum_size());
        }
      }
      for_each(1, [&](std::int64_t, const Memory& m, const Team& team) { finish(f, first, m, team); });
    }
  }

  void write_skip_gradient() const {
    std::vector<double> total(static_cast<std::size_t>(rows_.channels));
    for (std::int64_t row = 0; row < rows_.rows(); ++row) {
      const RowId id = rows_.row(row / rows_.rows_per_filter(), row % rows_.rows_per_filter());
      total[static_cast<std::size_t>(id.channel)] += skip_terms_[static_cast<std::size_t>(row)];
    }
    for (std::int64_t channel = 0; channel < rows_.channels; ++channel) {
      const T value = static_cast<T>(total[static_cast<std::size_t>(channel)]);
      engine_.kernels().store(element(args_.dskip->data, args_.dskip->dtype, channel * args_.dskip->stride(0)), args_.dskip->dtype, 1,
                              &value, 1);
    }
  }

  const RowEngine<T>& engine_;
  const RowSet& rows_;
  const Filters<T> filters_;
  const BackwardArgs& args_;
  const RowIo<T> io_;
  const std::int64_t length_, output_length_;
  const bool wants_sum_, wants_dx_, bank_;
  std::vector<double> skip_terms_;  // one for each row, added up in a fixed order
};

}  // namespace

bool takes_filters_singly(const RowSet& rows, const BackwardArgs& args) {
  return (args.dk || args.dreverse_filter) && !rows.filters_share_rows() && threads_have_filters(rows);
}

template <class T>
void run_backward(const RowEngine<T>& engine, const RowSet& rows, const Filters<T>& filters, const BackwardArgs& args) {
  BackwardCall<T>(engine, rows, filters, args).run();
}

template void run_backward(const RowEngine<float>&, const RowSet&, const Filters<float>&, const BackwardArgs&);
template void run_backward(const RowEngine<double>&, const RowSet&, const Filters<double>&, const BackwardArgs&);

}  // namespace longwing::cpu
