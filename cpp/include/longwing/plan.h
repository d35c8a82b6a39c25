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
  bool empty() const { return storage_ == nullptr; }
  /// The spec of the plan that made it. Throws ValueError where empty.
  const ConvSpec& spec() const;
  FilterKind kind() const;
  /// C of a bank, B of per-sample filters, else 1.
  std::int64_t filters() const;
  /// dtype of the filter it was made from, and of its gradient.
  DType filter_dtype() const;
  std::size_t bytes() const;
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
  TensorView u;  ///< (..., H, L)
  TensorView k;  ///< (G,K), (B,G,K), or (C,G,K) with filter_bank
  Mode mode = Mode::kCausal;
  std::optional<TensorView> reverse_filter = {};  ///< k's leading shape, own length; causal and circular
  ReverseLag reverse_lag = ReverseLag::kShifted;
  std::optional<TensorView> skip = {}, pre_gate = {}, post_gate = {};
  Activation activation = Activation::kNone;
  bool filter_bank = false;
  TensorView out;
  Execution execution = {};
};

/// An immutable recipe for one ConvSpec. Copies share it; all members may be called from many threads at once.
class ConvPlan {
 public:
  /// Takes the plan from the cache or makes it. Throws ValueError on a bad spec, RuntimeError without a backend.
  explicit ConvPlan(const ConvSpec& spec);

  const ConvSpec& spec() const;
  /// M, samples of a row of y.
  std::int64_t output_length() const;

  /// Transforms k: (G,K), (B,G,K) per sample, or (C,G,K) where `filter_bank`.
  Spectrum spectrum(const TensorView& k, const std::optional<TensorView>& reverse_filter = {}, bool filter_bank = false,
                    const Execution& execution = {}) const;
  /// The same for calls that end before the filter's memory does: where it pays they transform a filter when its rows come, and the
  /// spectrum holds no numbers.
  Spectrum borrow(const TensorView& k, const std::optional<TensorView>& reverse_filter = {}, bool filter_bank = false,
                  const Execution& execution = {}) const;
  void forward(const ForwardArgs& args) const;
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

/// y = post_gate * act(k conv x + skip * x), x = pre_gate * u: shapes by DESIGN's rules, checked before anything is written.
void long_conv(const LongConvArgs& args);

/// Shape of y for u, k and a mode, after checking them: what a caller allocates for `out`.
struct OutputShape {
  int rank = 0;
  std::array<std::int64_t, TensorView::kMaxRank> extents = {};
};
OutputShape output_shape(const TensorView& u, FilterKind kind, std::int64_t filters, std::int64_t output_length);

/// Forgets every cached plan and returns cached workspace to the system.
void clear_plan_cache();
/// Bytes of plans kept at most, least recently used dropped first (default 256 MiB); returns the previous limit.
std::size_t set_plan_cache_limit(std::size_t bytes);
struct PlanCacheInfo {
  std::size_t plans = 0, bytes = 0, limit = 0, hits = 0, misses = 0;
};
PlanCacheInfo plan_cache_info();

}  // namespace longwing
