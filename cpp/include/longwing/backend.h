// The seam between the operation and what carries it out: a backend makes plans for one kind of device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "longwing/plan.h"

namespace longwing {

/// A transformed filter: for which spec and from what. Backends derive from it and add the numbers and a hold on their plan.
struct SpectrumStorage {
  ConvSpec spec;
  FilterKind kind = FilterKind::kShared;
  std::int64_t filters = 1;  ///< C or B, else 1
  DType filter_dtype = DType::kFloat32;
  DType reverse_dtype = DType::kFloat32;
  virtual ~SpectrumStorage() = default;
  virtual std::size_t bytes() const = 0;  ///< of the numbers
};

/// One backend's plan. Arguments arrive validated; all calls are const and thread-safe.
class PlanImplementation : public std::enable_shared_from_this<PlanImplementation> {
 public:
  explicit PlanImplementation(const ConvSpec& spec) : spec_(spec) {}
  virtual ~PlanImplementation() = default;
  const ConvSpec& spec() const { return spec_; }

  /// The filter transformed, for any number of calls.
  virtual std::shared_ptr<const SpectrumStorage> spectrum(const TensorView& k, const TensorView* reverse_filter, FilterKind kind,
                                                          const Execution& execution) const = 0;
  /// The same bits; what it returns may point at k and reverse_filter, which the caller keeps until the last call with it has returned.
  virtual std::shared_ptr<const SpectrumStorage> borrow(const TensorView& k, const TensorView* reverse_filter, FilterKind kind,
                                                        const Execution& execution) const {
    return spectrum(k, reverse_filter, kind, execution);
  }
  /// Writes args.out; args.spectrum is of this spec, and of this backend.
  virtual void forward(const ForwardArgs& args) const = 0;
  /// Writes the gradients that are given.
  virtual void backward(const BackwardArgs& args) const = 0;
  /// Forward with the filter transformed on the way; the same bits as spectrum() and forward().
  virtual void long_conv(const LongConvArgs& args, FilterKind kind) const = 0;
  /// Bytes a forward call on `batch` samples takes beyond inputs, output and spectrum.
  virtual std::size_t workspace_bytes(std::int64_t batch) const = 0;
  virtual std::size_t bytes() const = 0;    ///< what the plan cache counts
  virtual std::string explain() const = 0;  ///< ConvPlan::explain

 private:
  ConvSpec spec_;
};

/// The forward call that is left of a one-shot call when its filter is transformed; it refers to `spectrum`.
ForwardArgs forward_args(const LongConvArgs& args, const Spectrum& spectrum);

/// What makes plans for one type of device. Calls may come from several threads at once.
class Backend {
 public:
  virtual ~Backend() = default;
  /// A short name for lists: "cpu", "cuda".
  virtual const char* name() const = 0;
  /// The device whose arrays its plans take.
  virtual DeviceType device_type() const = 0;
  /// Empty where the backend can be used, else why it can't.
  virtual std::string unusable_because() const = 0;
  /// One line about the hardware and the code path in use.
  virtual std::string describe() const = 0;
  /// A new plan for a validated spec; RuntimeError where the device does not exist or has no memory left.
  virtual std::shared_ptr<const PlanImplementation> make_plan(const ConvSpec& spec) const = 0;
  /// Returns when the work that was enqueued to a stream of the device is done.
  virtual void wait(const Device&, void* /*stream*/) const {}
  /// Gives workspace kept between calls back to the system.
  virtual void release_memory() const {}
};

/// Every backend this build knows, usable or not, in order of registration.
const std::vector<const Backend*>& backends();
/// The backend for a device; a RuntimeError says why there is none.
const Backend& backend_for(DeviceType type);

}  // namespace longwing
