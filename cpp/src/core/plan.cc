#include "longwing/plan.h"

#include "core/plan_cache.h"
#include "core/validation.h"
#include "longwing/backend.h"

namespace longwing {
namespace {

const SpectrumStorage& storage_of(const Spectrum& spectrum) {
  if (spectrum.empty()) throw ValueError("spectrum is empty: make it with ConvPlan.spectrum");
  return *spectrum.storage();
}

}  // namespace

const ConvSpec& Spectrum::spec() const { return storage_of(*this).spec; }
FilterKind Spectrum::kind() const { return storage_of(*this).kind; }
std::int64_t Spectrum::filters() const { return storage_of(*this).filters; }
DType Spectrum::filter_dtype() const { return storage_of(*this).filter_dtype; }
std::size_t Spectrum::bytes() const { return storage_of(*this).bytes(); }

ConvPlan::ConvPlan(const ConvSpec& spec) : implementation_(cached_plan(validated(spec))) {}

const ConvSpec& ConvPlan::spec() const { return implementation_->spec(); }

std::int64_t ConvPlan::output_length() const { return longwing::output_length(spec()); }

FilterKind ConvPlan::checked_filter(const TensorView& k, const std::optional<TensorView>& reverse_filter, bool filter_bank) const {
  if (filter_bank && k.rank != 3) throw ValueError("k must have rank 3, (bank, groups, taps), with filter_bank");
  const FilterKind kind = filter_bank ? FilterKind::kBank : k.rank == 3 ? FilterKind::kPerSample : FilterKind::kShared;
  check_filter(spec(), k, reverse_filter, kind);
  return kind;
}

Spectrum ConvPlan::spectrum(const TensorView& k, const std::optional<TensorView>& reverse_filter, bool filter_bank,
                            const Execution& execution) const {
  const FilterKind kind = checked_filter(k, reverse_filter, filter_bank);
  return Spectrum(implementation_->spectrum(k, reverse_filter ? &*reverse_filter : nullptr, kind, execution));
}

Spectrum ConvPlan::borrow(const TensorView& k, const std::optional<TensorView>& reverse_filter, bool filter_bank,
                          const Execution& execution) const {
  const FilterKind kind = checked_filter(k, reverse_filter, filter_bank);
  return Spectrum(implementation_->borrow(k, reverse_filter ? &*reverse_filter : nullptr, kind, execution));
}

void ConvPlan::forward(const ForwardArgs& args) const {
  const SpectrumStorage& storage = storage_of(args.spectrum);
  if (!(storage.spec == spec())) {
    throw ValueError("spectrum belongs to a plan of another spec: make it with this plan's spectrum()");
  }
  check_forward(spec(), storage.kind, storage.filters, args);
  implementation_->forward(args);
}

void ConvPlan::backward(const BackwardArgs& args) const {
  check_backward(spec(), args);
  implementation_->backward(args);
}

std::size_t ConvPlan::workspace_bytes(std::int64_t batch) const {
  if (batch < 0) throw ValueError("batch must be >= 0, got " + std::to_string(batch));
  return implementation_->workspace_bytes(batch);
}

std::string ConvPlan::explain() const { return implementation_->explain(); }

ForwardArgs forward_args(const LongConvArgs& args, const Spectrum& spectrum) {
  return {.u = args.u,
          .spectrum = spectrum,
          .skip = args.skip,
          .pre_gate = args.pre_gate,
          .post_gate = args.post_gate,
          .activation = args.activation,
          .out = args.out,
          .execution = args.execution};
}

void long_conv(const LongConvArgs& args) {
  FilterKind kind = FilterKind::kShared;
  const ConvSpec spec = spec_of(args, kind);
  check_filter(spec, args.k, args.reverse_filter, kind);
  const std::int64_t filters = kind == FilterKind::kShared ? 1 : args.k.extent(0);
  const Spectrum none;
  check_forward(spec, kind, filters, forward_args(args, none));
  check_apart("out", args.out, "k", &args.k);
  check_apart("out", args.out, "reverse_filter", args.reverse_filter ? &*args.reverse_filter : nullptr);
  cached_plan(spec)->long_conv(args, kind);
}

}  // namespace longwing
