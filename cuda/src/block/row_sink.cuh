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

  /// out = post·c: what has no activation and no gradient.
  LONGWING_HD void plain(std::int64_t t, T c) const { out_.store(t, gate_.present() ? c * gate_.template load<T>(t) : c); }

  LONGWING_HD void operator()(std::int64_t t, T c) const {
    const ValueAndDerivative<T> act = activate(args_.activation, c);
    if (args_.kind == Epilogue::kOutput) return plain(t, act.value);
    const T input = input_.template load<T>(t);
    if (args_.kind == Epilogue::kGradient) {
      if (dc_.present()) dc_.store(t, (gate_.present() ? input * gate_.template load<T>(t) : input) * act.derivative);
      if (gate_gradient_.present() && add_up(t, c = input * act.value)) gate_gradient_.store(t, c);
    } else if (add_up(t, c)) {
      if (gate_gradient_.present()) gate_gradient_.store(t, c * input);
      if (out_.present()) plain(t, c);
    }
  }

 private:
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

/// Results of segment `segment`: x[e] holds those at place(e) and place(e) + n. `slot(e)` of `stage` is the thread's own: where there
/// is more to do than store, results wait there, so that the code of it stands once and not N times.
template <class T, int N, class Place, class Slot>
LONGWING_HD void store_row(const EpilogueArgs& args, const Window& window, DType dtype, const RowSpace& rows, const RowId& id, int segment,
                           const Place& place, const Slot& slot, Complex<T>* stage, const Complex<T> (&x)[N]) {
  const std::int64_t start = segment * window.step;
  const std::int64_t left = window.output_length - start, count = left < window.step ? left : window.step;
  const bool plain = args.kind == Epilogue::kOutput && args.activation == Activation::kNone;
  if (!plain) {
    LONGWING_UNROLL
    for (int e = 0; e < N; ++e) stage[slot(e)] = x[e];
  }
  with_row_dtype<T>(dtype, [&](auto* data) {
    using Stored = std::remove_pointer_t<decltype(data)>;
    const RowWriter<T, Stored> write(args, rows, id);
    if (plain) {
      LONGWING_UNROLL
      for (int e = 0; e < N; ++e) {
        const std::int64_t p = place(e);
        if (p < count) write.plain(start + p, x[e].re);
        if (p + window.n < count) write.plain(start + p + window.n, x[e].im);
      }
      return;
    }
    LONGWING_NO_UNROLL
    for (int i = 0; i < 2 * N; ++i) {
      const int e = i / 2;
      const std::int64_t p = place(e) + (i % 2 == 0 ? 0 : window.n);
      if (p < count) write(start + p, i % 2 == 0 ? stage[slot(e)].re : stage[slot(e)].im);
    }
  });
}

}  // namespace longwing::cuda
