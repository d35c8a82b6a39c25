// The gradient of filters: spectra of rows correlated and added up, then turned into taps.
#pragma once

#include "block/row_source.cuh"
#include "block/run_part.cuh"
#include "block/spectrum_order.cuh"
#include "block/tap_array.cuh"

namespace longwing::cuda {

/// x = the spectrum of one segment of a row of `source`, or nodes > 1 of row `column_row` of the workspace that it was split into.
template <class T, int Log2N>
LONGWING_HD void transform_segment(const BlockFft<T, Log2N>& fft, const SourceArgs& source, const RowSpace& rows, std::int64_t row,
                                   int segment, const Complex<T>* column, int thread, bool active,
                                   Complex<T> (&x)[BlockFft<T, Log2N>::kElements]) {
  using Fft = BlockFft<T, Log2N>;
  const auto step = [](int e) { return Fft::step(e); };
  LONGWING_UNROLL
  for (int e = 0; e < Fft::kElements; ++e) x[e] = {};
  if (active && !column) {
    load_row(source, rows, row_id(rows, row), segment, thread, step, [&](int e) { return fft.own_slot(e); }, fft.exchange(), x);
  } else if (active) {
    LONGWING_UNROLL
    for (int e = 0; e < Fft::kElements; ++e) x[e] = column[thread + step(e)];
  }
  fft.forward(x);
  fft.begin_again();
}

/// formula   partial[f][run] (+)= sum over the run's rows and their segments of FFT(dy)·conj(FFT(x)).
/// shapes    rows of two arrays through a window each -> n·nodes complex numbers a filter row and run.
/// owner     block: kPolicy.rows units, a unit being (filter row, run, node), node fastest: it adds its rows in their order.
/// shared    BlockFft's exchange buffer. barriers: BlockFft's; units of a block pass them equally often, idle where they have fewer rows.
/// needs     blocks = ceil(filter_row_count·runs·nodes / kPolicy.rows); kPolicy.stash: a row of workspace a unit.
/// bytes     one read of both inputs, one write of the partial sums; the stash adds four times n·8 bytes a row, in L2.
template <class T, int Log2N>
__global__ void __launch_bounds__(row_policy<T>(Log2N).threads(), 1) filter_gradient(const __grid_constant__ FilterGradientArgs args) {
  using Fft = BlockFft<T, Log2N>;
  constexpr RowPolicy kPolicy = Fft::kPolicy;
  if constexpr (kPolicy.blocks > 1 && !kHasClusters) return;
  const auto [unit, slot, thread] = Fft::place(thread_index());
  const RunPart part(args, unit);

  // The unit's row of n numbers in an array of such, from the thread's own; its address is not held in registers.
  const auto own = [](void* rows) {
    const auto own_place = Fft::place(opaque(thread_index()));
    return static_cast<Complex<T>*>(rows) + own_place.unit * Fft::kPolicy.n() + own_place.thread;
  };

  Complex<T> sum[Fft::kPolicy.stash ? 1 : Fft::kElements] = {};
  if (part.active && !Fft::kPolicy.stash && args.add) {
    const Complex<T>* partial = own(args.partials);
    LONGWING_UNROLL
    for (int e = 0; e < Fft::kElements; ++e) sum[kPolicy.stash ? 0 : e] = partial[e * Fft::kThreads];
  }
  if (part.active && kPolicy.stash && !args.add) {
    Complex<T>* partial = own(args.partials);
    LONGWING_UNROLL
    for (int e = 0; e < Fft::kElements; ++e) partial[e * Fft::kThreads] = {};
  }
  LONGWING_NO_UNROLL
  for (int index = part.begin; index < part.begin + part.steps; ++index) {
    const bool mine = part.active && index < part.end;
    const std::int64_t row = mine ? part.first_row + index : 0;
    const std::int64_t column_row = static_cast<std::int64_t>(part.local_row) * args.index_count + index - args.first_index;
    LONGWING_NO_UNROLL
    for (int segment = 0; segment < args.x.window.segments; ++segment) {
      const std::int64_t column = ((column_row * args.x.window.segments + segment) * args.nodes + part.node) * kPolicy.n();
      const auto at = [&](const void* columns) { return columns ? static_cast<const Complex<T>*>(columns) + column : nullptr; };
      const auto transform = [&](const SourceArgs& source, const void* columns, Complex<T>(&x)[Fft::kElements]) {
        const int t = opaque(thread);
        const Fft fft(args.twiddles, slot, t, part.node, args.nodes);
        transform_segment(fft, source, args.rows, row, segment, at(columns), t, mine, x);
      };
      Complex<T> x[Fft::kElements], dy[Fft::kElements];
      transform(args.x, args.x_columns, x);
      if (kPolicy.stash && mine) {
        Complex<T>* stash = own(args.stash);
        LONGWING_UNROLL
        for (int e = 0; e < Fft::kElements; ++e) stash[e * Fft::kThreads] = x[e];
      }
      transform(args.dy, args.dy_columns, dy);
      if (!mine) continue;
      const Complex<T>* stash = own(args.stash);
      Complex<T>* partial = own(args.partials);
      LONGWING_UNROLL
      for (int e = 0; e < Fft::kElements; ++e) {
        const Complex<T> factor = kPolicy.stash ? stash[e * Fft::kThreads] : x[e];
        Complex<T>& total = kPolicy.stash ? partial[e * Fft::kThreads] : sum[kPolicy.stash ? 0 : e];
        total = multiply_conj_add(dy[e], factor, total);
      }
    }
  }
  if (part.active && !kPolicy.stash) {
    Complex<T>* partial = own(args.partials);
    LONGWING_UNROLL
    for (int e = 0; e < Fft::kElements; ++e) partial[e * Fft::kThreads] = sum[kPolicy.stash ? 0 : e];
  }
}

/// Runs [0, runs) added up in pairs, pairs of pairs…: `runs` is a power of two, at most Most.
template <class T, int Most>
LONGWING_HD Complex<T> sum_of_runs(const Complex<T>* first, std::int64_t distance, int runs) {
  if constexpr (Most == 1) {
    return *first;
  } else {
    if (runs < Most) return sum_of_runs<T, Most / 2>(first, distance, runs);
    return sum_of_runs<T, Most / 2>(first, distance, Most / 2) + sum_of_runs<T, Most / 2>(first + Most / 2 * distance, distance, Most / 2);
  }
}

/// formula   dkappa = w^-j·IFFT_n(scale·sum of the runs), runs added by a balanced tree; tap j gets what stands at its lag, cropped ones 0.
/// shapes    partial sums of filter_gradient or gradient_rows_tensor, in their order -> taps (filters, groups, count), or nodes > 1 the
/// workspace that is merged next. owner     block: kPolicy.rows units, a unit being (filter row, node), node fastest; a row's threads as in
/// BlockFft. shared    BlockFft's exchange buffer. barriers: BlockFft's. needs     blocks = ceil(row_count·nodes / kPolicy.rows); runs a
/// power of two, at most kFilterRuns. bytes     one read of the partial sums, one write of the taps.
template <class T, int Log2N, class Order>
__global__ void __launch_bounds__(row_policy<T>(Log2N).threads(), row_policy<T>(Log2N).min_blocks)
    finish_filter_gradient(const __grid_constant__ FilterGradientFinishArgs args) {
  using Fft = BlockFft<T, Log2N>;
  constexpr RowPolicy kPolicy = Fft::kPolicy;
  if constexpr (kPolicy.blocks > 1 && !kHasClusters) return;
  const auto [unit, slot, thread] = Fft::place(thread_index());
  const Division of_nodes = divide(unit, args.nodes);
  const int node = static_cast<int>(of_nodes.remainder);
  const std::int64_t local_row = of_nodes.quotient;
  const bool active = local_row < args.row_count;
  const auto step = [](int e) { return Fft::step(e); };
  const std::int64_t of_run = static_cast<std::int64_t>(args.nodes) * kPolicy.n();
  const auto* partial = static_cast<const Complex<T>*>(args.partials) + (local_row * args.runs * args.nodes + node) * kPolicy.n();
  const T scale = static_cast<T>(args.scale);

  Complex<T> x[Fft::kElements] = {};
  LONGWING_UNROLL
  for (int e = 0; active && e < Fft::kElements; ++e) {
    const Complex<T> sum = sum_of_runs<T, kFilterRuns>(partial + Order::number(thread, e), of_run, args.runs);
    x[e] = {scale * sum.re, scale * sum.im};
  }

  const Fft fft(args.twiddles, slot, thread, node, args.nodes);
  fft.inverse(x);

  if (active && args.nodes == 1) {
    store_taps(
        args.gradient, args.first_row + local_row, thread, Fft::kThreads, step, [&](int e) { return fft.own_slot(e); }, fft.exchange(), x);
  } else if (active) {
    auto* column = static_cast<Complex<T>*>(args.columns) + unit * kPolicy.n() + thread;
    LONGWING_UNROLL
    for (int e = 0; e < Fft::kElements; ++e) column[step(e)] = x[e];
  }
}

}  // namespace longwing::cuda
