// The gradient of skip where it is no tap of a filter's gradient.
#pragma once

#include "block/row_sink.cuh"
#include "thread/storage.cuh"

namespace longwing::cuda {

constexpr int kSkipThreads = 128;

/// The sum of all threads' values in thread 0, elsewhere 0; pairs at distance 64, 32, …, so that the order is fixed.
template <class V>
LONGWING_HD V block_sum(V value, V* shared) {
  const int t = thread_index();
  shared[t] = value;
  for (int width = kSkipThreads / 2; width > 0; width /= 2) {
    block_barrier();  // the values of this width are written
    if (t < width) shared[t] += shared[t + width];
  }
  return t == 0 ? shared[0] : V(0);
}

/// formula   row_count > 0: terms[row] = sum_t dc·x, x = pre·u, dc gated by post where it is dy; else dskip[h] = sum of h's terms.
/// shapes    rows of length L -> one double a row -> (H,)
/// owner     block: one row, or one channel; thread t takes samples (rows) t, t + 128, ….
/// shared    one number a thread. barriers: one a level of the tree, before it is read.
/// needs     blocks = row_count, or with row_count 0 the channels.
/// bytes     one read of dc, x and gates.
template <class T>
__global__ void __launch_bounds__(kSkipThreads) skip_gradient(const __grid_constant__ SkipGradientArgs args) {
  auto* const terms = static_cast<double*>(args.terms);
  if (args.row_count > 0) {
    const std::int64_t row = args.first_row + block_index();
    const RowId id = row_id(args.rows, row);
    T sum = 0;
    with_row_dtype<T>(args.dc.dtype, [&](auto* dc_data) {
      const RowAccess<Pointee<decltype(dc_data)>> dc(args.dc, args.rows, id), post(args.post_gate, args.rows, id);
      with_row_dtype<T>(args.u.dtype, [&](auto* data) {
        const RowAccess<Pointee<decltype(data)>> u(args.u, args.rows, id), pre(args.pre_gate, args.rows, id);
        for (std::int64_t t = thread_index(); t < args.length; t += kSkipThreads) {
          T left = dc.template load<T>(t), right = u.template load<T>(t);
          if (post.present()) left *= post.template load<T>(t);
          if (pre.present()) right *= pre.template load<T>(t);
          sum = fma(left, right, sum);
        }
      });
    });
    const T total = block_sum(sum, shared_memory<T>());
    if (thread_index() == 0) terms[row] = total;
    return;
  }
  const RowSpace& rows = args.rows;
  const int channel = static_cast<int>(block_index()), per_group = rows.channels_per_group();
  const std::int64_t each = rows.rows_per_filter(), of_filter = each / per_group, count = rows.filters * of_filter;
  double sum = 0;
  for (std::int64_t i = thread_index(); i < count; i += kSkipThreads) {
    const std::int64_t filter_row = i / of_filter * rows.groups + channel / per_group;
    sum += terms[filter_row * each + i % of_filter * per_group + channel % per_group];
  }
  const double total = block_sum(sum, shared_memory<double>());
  if (thread_index() != 0) return;
  with_dtype(args.dskip.dtype, args.dskip.data, [&](auto* data) { store_as(data + channel * args.dskip.stride, total); });
}

}  // namespace longwing::cuda
