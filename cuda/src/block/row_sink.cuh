// Points of the ring as results: skip is in the product already; activation, gates, conversion and gradients on the way out.
#pragma once

#include "core/complex.h"
#include "device/arguments.h"
#include "thread/activation.cuh"
#include "thread/storage.cuh"

namespace longwing::cuda {

/// One row of an array of the call's dtype; reads and writes samples of it where it is present.
template <class Stored>
class RowAccess {
 public:
  LONGWING_HD RowAccess(const RowArray& array, const RowSpace& rows, const RowId& id)
      : data_(array.data ? static_cast<Stored*>(array.data) + row_offset(rows, array, id) : nullptr), stride_(array.stride) {}
  LONGWING_HD bool present() const { return data_ != nullptr; }
  /// Of rows whose samples are neighbours in memory.
  LONGWING_HD Stored* at(std::int64_t sample) const { return data_ + sample; }
  template <class T>
  LONGWING_HD T load(std::int64_t sample) const {
    return load_as<T>(data_ + sample * stride_);
  }
  template <class T>
  LONGWING_HD void store(std::int64_t sample, T value) const {
    store_as(data_ + sample * stride_, value);
  }

 private:
  Stored* data_;
  std::int64_t stride_;
};

/// Of the call's arrays; dc and sums are in the compute type.
LONGWING_HD DType dtype_of(const EpilogueArgs& args) {
  if (args.kind == Epilogue::kOutput) return args.out.dtype;
  return args.kind == Epilogue::kGradient ? args.dy.dtype : args.u.dtype;
}

/// What is done with results of one row, by args.kind.
template <class T, class Stored>
class RowWriter {
 public:
  LONGWING_HD RowWriter(const EpilogueArgs& args, const RowSpace& rows, const RowId& id)
      : args_(args),
        out_(args.kind == Epilogue::kInputGradient ? args.du : args.out, rows, id),
        gate_(args.kind == Epilogue::kInputGradient ? args.pre_gate : args.post_gate, rows, id),
        input_(args.kind == Epilogue::kInputGradient ? args.u : args.dy, rows, id),
        gate_gradient_(args.kind == Epilogue::kInputGradient ? args.dpre : args.dpost, rows, id),
        dc_(args.dc, rows, id),
        sum_(args.sum, rows, id) {}

  /// out = post·c at t + step < t + count of neighbours in memory: at a constant distance from the thread's first.
  LONGWING_HD void plain_at(std::int64_t t, int step, int count, T c) const {
    if (step < count) store_as(out_.at(t) + step, gate_.present() ? c * load_as<T>(gate_.at(t) + step) : c);
  }

  LONGWING_HD void operator()(std::int64_t t, T c) const {
    const ValueAndDerivative<T> act = activate(args_.activation, c);
    if (args_.kind == Epilogue::kOutput) return gated_store(t, act.value);
    const T input = input_.template load<T>(t);
    if (args_.kind == Epilogue::kGradient) {
      if (dc_.present()) dc_.store(t, (gate_.present() ? input * gate_.template load<T>(t) : input) * act.derivative);
      if (gate_gradient_.present() && add_up(t, c = input * act.value)) gate_gradient_.store(t, c);
    } else if (add_up(t, c)) {
      if (gate_gradient_.present()) gate_gradient_.store(t, c * input);
      if (out_.present()) gated_store(t, c);
    }
  }

 private:
  LONGWING_HD void gated_store(std::int64_t t, T c) const { out_.store(t, gate_.present() ? c * gate_.template load<T>(t) : c); }

  // c becomes the sum over the bank so far; false where it goes back to memory instead of on.
  LONGWING_HD bool add_up(std::int64_t t, T& c) const {
    if (!sum_.present()) return true;
    if (args_.add_sum) c += sum_.template load<T>(t);
    if (args_.keep_sum) sum_.store(t, c);
    return !args_.keep_sum;
  }

  const EpilogueArgs& args_;
  RowAccess<Stored> out_, gate_, input_, gate_gradient_;
  RowAccess<T> dc_, sum_;
};

/// Whether results are stored as they are, or times a gate, to neighbours in memory.
LONGWING_HD bool is_plain(const EpilogueArgs& args) {
  const bool output = args.kind == Epilogue::kOutput;
  const RowArray &to = output ? args.out : args.du, &gate = output ? args.post_gate : args.pre_gate;
  const bool only_that = output ? args.activation == Activation::kNone
                                : args.kind == Epilogue::kInputGradient && args.du.data && !args.dpre.data && !args.sum.data;
  return only_that && to.stride == 1 && (!gate.data || gate.stride == 1);
}

/// Results of segment `segment`: x[e] holds those at places first + step(e) and first + step(e) + n. `slot(e)` of `stage` is the thread's
/// own: where there is more to do than store, results wait there, so that the code of it stands once and not N times.
template <class T, int N, class Step, class Slot>
LONGWING_HD void store_row(const EpilogueArgs& args, const Window& window, const RowSpace& rows, const RowId& id, int segment, int first,
                           const Step& step, const Slot& slot, Complex<T>* stage, const Complex<T> (&x)[N]) {
  const std::int64_t start = segment * window.step;
  const std::int64_t left = window.output_length - start;
  const int count = static_cast<int>(left < window.step ? left : window.step), n = window.n;
  const bool plain = is_plain(args);
  if (!plain) {
    LONGWING_UNROLL
    for (int e = 0; e < N; ++e) stage[slot(e)] = x[e];
  }
  with_row_dtype<T>(dtype_of(args), [&](auto* data) {
    const RowWriter<T, Pointee<decltype(data)>> write(args, rows, id);
    if (plain) {
      LONGWING_UNROLL
      for (int e = 0; e < N; ++e) write.plain_at(start + first, step(e), count - first, x[e].re);
      if (count <= n) return;
      LONGWING_UNROLL
      for (int e = 0; e < N; ++e) write.plain_at(start + first + n, step(e), count - first - n, x[e].im);
      return;
    }
    LONGWING_NO_UNROLL
    for (int i = 0; i < 2 * N; ++i) {
      const int e = i / 2, place = first + step(e) + (i % 2 == 0 ? 0 : n);
      if (place < count) write(start + place, i % 2 == 0 ? stage[slot(e)].re : stage[slot(e)].im);
    }
  });
}

}  // namespace longwing::cuda
