// The operation: plans, spectra, forward and backward.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "longwing/error.h"
#include "longwing/spec.h"
#include "longwing/tensor_view.h"

namespace longwing {

class PlanImplementation;  // one backend's plan, see backend.h
struct SpectrumStorage;    // one backend's transformed filter, see backend.h

/// The transformed filter, in the order only its plan knows. Immutable; copies share one storage.
class Spectrum {
 public:
  Spectrum() = default;
  explicit Spectrum(std::shared_ptr<const SpectrumStorage> storage) : storage_(std::move(storage)) {}
  /// True where it holds no filter: made by the default constructor.
  bool empty() const { return storage_ == nullptr; }
  /// The spec of the plan that made it. Throws ValueError where empty.
  const ConvSpec& spec() const;
  /// How the filter's leading axis was meant. This and the next three throw ValueError where empty.
  FilterKind kind() const;
  /// C of a bank, B of per-sample filters, else 1.
  std::int64_t filters() const;
  /// dtype of the filter it was made from, and of its gradient.
  DType filter_dtype() const;
  /// Bytes of the transformed filter; 0 where the spectrum only points at it (ConvPlan::borrow).
  std::size_t bytes() const;
  /// What the backend keeps; null where empty.
  const SpectrumStorage* storage() const { return storage_.get(); }

 private:
  std::shared_ptr<const SpectrumStorage> storage_;
};

/// How a call runs: where, and when to give up.
struct Execution {
  void* stream = nullptr;                ///< the caller's CUDA stream; unused on the CPU
  bool (*should_stop)(void*) = nullptr;  ///< polled from the calling thread; true ends the call with Cancelled
  void* context = nullptr;               ///< passed to should_stop
};

/// y = post_gate * act(k conv x + skip * x), x = pre_gate * u, with the filter already transformed.
struct ForwardArgs {
  TensorView u;  ///< (..., H, L)
  const Spectrum& spectrum;
  std::optional<TensorView> skip = {};       ///< (H,); causal, circular and same
  std::optional<TensorView> pre_gate = {};   ///< like u
  std::optional<TensorView> post_gate = {};  ///< like y, or (..., H, M) broadcast over a bank
  Activation activation = Activation::kNone;
  TensorView out;  ///< (..., H, M), or (..., C, H, M) with a bank
  Execution execution = {};
};

/// Gradients of a scalar whose gradient with respect to y is dy. Only the given outputs are computed.
struct BackwardArgs {
  TensorView dy;  ///< like y
  TensorView u;   ///< (..., H, L)
  const Spectrum& spectrum;
  std::optional<TensorView> skip = {}, pre_gate = {}, post_gate = {};
  Activation activation = Activation::kNone;
  std::optional<TensorView> du = {};               ///< like u
  std::optional<TensorView> dk = {};               ///< like k
  std::optional<TensorView> dreverse_filter = {};  ///< like reverse_filter
  std::optional<TensorView> dskip = {};            ///< (H,)
  std::optional<TensorView> dpre_gate = {};        ///< like pre_gate
  std::optional<TensorView> dpost_gate = {};       ///< like post_gate
  Execution execution = {};
};

/// The one-shot call: the filter is transformed inside.
struct LongConvArgs {
  TensorView u;                                   ///< (..., H, L)
  TensorView k;                                   ///< (G,K), (B,G,K), or (C,G,K) with filter_bank
  Mode mode = Mode::kCausal;                      ///< which part of the convolution `out` gets
  std::optional<TensorView> reverse_filter = {};  ///< k's leading shape, own length; causal and circular
  ReverseLag reverse_lag = ReverseLag::kShifted;
  std::optional<TensorView> skip = {}, pre_gate = {}, post_gate = {};
  Activation activation = Activation::kNone;
  bool filter_bank = false;
  TensorView out;  ///< (..., H, M), or (..., C, H, M) with a bank; see output_shape
  Execution execution = {};
};

/// An immutable recipe for one ConvSpec. Copies share it; all members may be called from many threads at once.
class ConvPlan {
 public:
  /// Takes the plan from the cache or makes it. Throws ValueError on a bad spec, RuntimeError without a backend.
  explicit ConvPlan(const ConvSpec& spec);

  /// What the plan was made for, groups filled in.
  const ConvSpec& spec() const;
  /// M, samples of a row of y.
  std::int64_t output_length() const;

  /// Transforms k: (G,K), (B,G,K) per sample, or (C,G,K) where `filter_bank`. Throws ValueError where a shape does not fit the spec,
  /// TypeError for another device, RuntimeError without memory, Cancelled.
  Spectrum spectrum(const TensorView& k, const std::optional<TensorView>& reverse_filter = {}, bool filter_bank = false,
                    const Execution& execution = {}) const;
  /// The same bits, where a call may transform each filter when its rows come: faster for one call. The Spectrum may only point at k and
  /// reverse_filter: keep them alive and unchanged until the last call with it has returned. Throws what spectrum() throws.
  Spectrum borrow(const TensorView& k, const std::optional<TensorView>& reverse_filter = {}, bool filter_bank = false,
                  const Execution& execution = {}) const;
  /// Writes y to `out`. Every argument is checked first. Throws ValueError for a shape or combination that is not supported, an `out` that
  /// overlaps an input and a spectrum that is empty or of another spec; TypeError for a wrong dtype or device and a read-only `out`;
  /// RuntimeError where memory or the device fails; Cancelled by `execution`. After the last two `out` holds unspecified values.
  void forward(const ForwardArgs& args) const;
  /// Writes the gradients that are given, each in its argument's shape. Throws what forward throws, and ValueError for
  /// the gradient of an argument that was not given and for one that overlaps an input or another gradient.
  void backward(const BackwardArgs& args) const;

  /// Bytes a forward call on `batch` samples takes beyond inputs, output and spectrum, where the samples of a row follow one another.
  /// Channels side by side on the CPU take 16 rows in and 16 rows out for each thread besides.
  std::size_t workspace_bytes(std::int64_t batch) const;
  /// What will run, in what sizes, and why it was chosen.
  std::string explain() const;

 private:
  friend void long_conv(const LongConvArgs& args);
  FilterKind checked_filter(const TensorView& k, const std::optional<TensorView>& reverse_filter, bool filter_bank) const;
  std::shared_ptr<const PlanImplementation> implementation_;
};

/// y = post_gate * act(k conv x + skip * x), x = pre_gate * u: the formula, shapes and combinations of docs/operation.md. Throws what
/// ConvPlan's constructor, spectrum and forward throw; shapes, dtypes and overlaps are checked before anything is written.
void long_conv(const LongConvArgs& args);

/// Shape of an array: what a caller allocates for `out`.
struct OutputShape {
  int rank = 0;
  std::array<std::int64_t, TensorView::kMaxRank> extents = {};
};
/// Shape of y: u's, the last extent `output_length`, and with a bank `filters` before the channels. ValueError where that is too many axes.
OutputShape output_shape(const TensorView& u, FilterKind kind, std::int64_t filters, std::int64_t output_length);

/// Forgets every cached plan and returns cached workspace to the system.
void clear_plan_cache();
/// Bytes of plans kept at most, least recently used dropped first (default 256 MiB); returns the previous limit.
std::size_t set_plan_cache_limit(std::size_t bytes);
/// The cache's plans, their bytes and the limit of these, and hits and misses since the last clear_plan_cache.
struct PlanCacheInfo {
  std::size_t plans = 0, bytes = 0, limit = 0, hits = 0, misses = 0;
};
/// The state of this process's cache.
PlanCacheInfo plan_cache_info();

}  // namespace longwing
