// Calls of the operation with random values, for the tests of every engine.
#pragma once

#include <cstdint>

#include "longwing/spec.h"
#include "random_values.h"
#include "reference/convolution.h"

namespace longwing {

/// Any mode, filter kind and argument.
inline reference::Call random_call(Random& random, std::int64_t longest) {
  reference::Call c;
  c.mode = static_cast<Mode>(random.integer(0, 4));
  c.kind = static_cast<FilterKind>(random.integer(0, 2));
  c.batch = random.integer(0, 6) == 0 ? 11 : random.integer(1, 3);
  c.groups = random.integer(1, 2);
  c.channels = c.groups * random.integer(1, 2);
  c.filters = c.kind == FilterKind::kBank ? random.integer(1, 3) : c.kind == FilterKind::kPerSample ? c.batch : 1;
  c.length = random.integer(1, longest);
  c.taps = random.integer(1, random.coin() ? c.length + 5 : 20);
  const bool both_sides = c.mode == Mode::kCausal || c.mode == Mode::kCircular;
  if (both_sides && random.coin()) c.reverse_taps = random.integer(1, c.length + 3);
  c.reverse_lag = static_cast<ReverseLag>(random.integer(0, 1));
  c.activation = static_cast<Activation>(random.integer(0, 2));
  c.gate_per_filter = c.kind == FilterKind::kBank && random.coin();
  c.output_length = output_length({.length = c.length, .filter_length = c.taps, .mode = c.mode});
  const std::int64_t rows = c.batch * c.channels;
  c.u = random.values<double>(rows * c.length);
  c.k = random.values<double>(c.filters * c.groups * c.taps);
  c.reverse_filter = random.values<double>(c.filters * c.groups * c.reverse_taps);
  if (c.mode != Mode::kFull && c.mode != Mode::kValid && random.coin()) c.skip = random.values<double>(c.channels);
  if (random.coin()) c.pre_gate = random.values<double>(rows * c.length);
  if (random.coin()) c.post_gate = random.values<double>(rows * c.output_length * (c.gate_per_filter ? c.bank() : 1));
  c.dy = random.values<double>(rows * c.bank() * c.output_length);
  return c;
}

/// A plain causal call of `length` samples and `taps` taps, normal values.
inline reference::Call causal_call(Random& random, std::int64_t batch, std::int64_t channels, std::int64_t length, std::int64_t taps) {
  reference::Call c;
  c.batch = batch;
  c.channels = c.groups = channels;
  c.length = c.output_length = length;
  c.taps = taps;
  c.u = random.values<double>(batch * channels * length);
  c.k = random.values<double>(channels * taps);
  c.dy = random.values<double>(batch * channels * length);
  return c;
}

}  // namespace longwing
