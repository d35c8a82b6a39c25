#include "reference/convolution.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace longwing::reference {
namespace {

double activated(Activation activation, double x) {
  switch (activation) {
    case Activation::kGelu: return x * std::erfc(-x / std::sqrt(2.0)) / 2;
    case Activation::kSilu: return x / (1 + std::exp(-x));
    case Activation::kNone: break;
  }
  return x;
}

double derivative(Activation activation, double x) {
  const double sigmoid = 1 / (1 + std::exp(-x));
  switch (activation) {
    case Activation::kGelu: return std::erfc(-x / std::sqrt(2.0)) / 2 + x * std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi);
    case Activation::kSilu: return sigmoid + x * sigmoid * (1 - sigmoid);
    case Activation::kNone: break;
  }
  return 1;
}

// Index of the sample that output t takes with this lag, -1 where there is none.
std::int64_t sample(const Call& call, std::int64_t t, std::int64_t lag) {
  std::int64_t i = t - lag;
  if (call.mode == Mode::kCircular) i = ((i % call.length) + call.length) % call.length;
  return i >= 0 && i < call.length ? i : -1;
}

std::int64_t origin(const Call& call) {
  if (call.mode == Mode::kSame) return (call.taps - 1) / 2;
  if (call.mode == Mode::kValid) return std::min(call.length, call.taps) - 1;
  return 0;
}

// visit(tap value index, whether of the reverse filter, sample index) for every product of output t.
template <class Visit>
void for_each_product(const Call& call, std::int64_t filter_row, std::int64_t t, const Visit& visit) {
  for (std::int64_t j = 0; j < call.taps; ++j) {
    if (const std::int64_t i = sample(call, t, j - origin(call)); i >= 0) visit(filter_row * call.taps + j, false, i);
  }
  const std::int64_t shift = call.reverse_lag == ReverseLag::kShifted ? 1 : 0;
  for (std::int64_t j = 0; j < call.reverse_taps; ++j) {
    if (const std::int64_t i = sample(call, t, -(j + shift)); i >= 0) visit(filter_row * call.reverse_taps + j, true, i);
  }
}

// One output and its share of every gradient.
void evaluate_output(const Call& call, std::int64_t b, std::int64_t c, std::int64_t h, std::int64_t t, Result& result) {
  const std::int64_t filter = call.kind == FilterKind::kPerSample ? b : c;
  const std::int64_t filter_row = filter * call.groups + h / (call.channels / call.groups);
  const std::int64_t row = (b * call.channels + h) * call.length;
  const auto at = [](const Values& v, std::int64_t i, double absent) { return v.empty() ? absent : v[static_cast<std::size_t>(i)]; };
  const auto add = [](Values& v, std::int64_t i, double x) {
    if (!v.empty()) v[static_cast<std::size_t>(i)] += x;
  };
  const auto x = [&](std::int64_t i) { return at(call.u, row + i, 0) * at(call.pre_gate, row + i, 1); };

  double sum = call.skip.empty() ? 0 : at(call.skip, h, 0) * x(t);
  for_each_product(call, filter_row, t, [&](std::int64_t tap, bool reverse, std::int64_t i) {
    sum += at(reverse ? call.reverse_filter : call.k, tap, 0) * x(i);
  });
  const std::int64_t y = ((b * call.bank() + c) * call.channels + h) * call.output_length + t;
  const std::int64_t gate = call.gate_per_filter ? y : (b * call.channels + h) * call.output_length + t;
  const double post = at(call.post_gate, gate, 1), dy = at(call.dy, y, 0);
  result.y[static_cast<std::size_t>(y)] = post * activated(call.activation, sum);

  add(result.post_gate, gate, dy * activated(call.activation, sum));
  const double dc = dy * post * derivative(call.activation, sum);
  const auto add_x = [&](std::int64_t i, double dx) {
    add(result.u, row + i, dx * at(call.pre_gate, row + i, 1));
    add(result.pre_gate, row + i, dx * at(call.u, row + i, 0));
  };
  for_each_product(call, filter_row, t, [&](std::int64_t tap, bool reverse, std::int64_t i) {
    add(reverse ? result.reverse_filter : result.k, tap, dc * x(i));
    add_x(i, dc * at(reverse ? call.reverse_filter : call.k, tap, 0));
  });
  if (call.skip.empty()) return;
  add(result.skip, h, dc * x(t));
  add_x(t, dc * at(call.skip, h, 0));
}

}  // namespace

Result evaluate(const Call& call) {
  const auto zeros = [](const Values& like) { return Values(like.size()); };
  Result result{Values(static_cast<std::size_t>(call.batch * call.bank() * call.channels * call.output_length)),
                zeros(call.u),
                zeros(call.k),
                zeros(call.reverse_filter),
                zeros(call.skip),
                zeros(call.pre_gate),
                zeros(call.post_gate)};
  for (std::int64_t b = 0; b < call.batch; ++b) {
    for (std::int64_t c = 0; c < call.bank(); ++c) {
      for (std::int64_t h = 0; h < call.channels; ++h) {
        for (std::int64_t t = 0; t < call.output_length; ++t) evaluate_output(call, b, c, h, t, result);
      }
    }
  }
  return result;
}

}  // namespace longwing::reference
