#include "core/validation.h"

#include <algorithm>
#include <span>
#include <string>
#include <vector>

namespace longwing {
namespace {

using Shape = std::vector<std::int64_t>;

std::string describe(std::span<const std::int64_t> shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + (shape.size() == 1 ? ",)" : ")");
}

Shape shape_of(const TensorView& view) { return {view.shape.begin(), view.shape.begin() + view.rank}; }

std::string describe(const TensorView& view) { return describe(shape_of(view)); }

void check_shape(const char* argument, const TensorView& view, const Shape& expected) {
  if (shape_of(view) != expected) {
    throw ValueError(std::string(argument) + " must have shape " + describe(expected) + ", got " + describe(view));
  }
}

void check_dtype(const char* argument, const TensorView& view, DType expected) {
  if (view.dtype != expected) {
    throw TypeError(std::string(argument) + " must have u's dtype " + to_string(expected) + ", got " + to_string(view.dtype));
  }
}

void check_device(const char* argument, const TensorView& view, const Device& expected) {
  if (view.device == expected) return;
  const auto name = [](const Device& d) { return std::string(to_string(d.type)) + ":" + std::to_string(d.index); };
  throw TypeError(std::string(argument) + " must be on the plan's device " + name(expected) + ", got " + name(view.device));
}

void check_array(const char* argument, const TensorView& view, const ConvSpec& spec) {
  check_device(argument, view, spec.device);
  if (view.size(argument) > 0 && view.data == nullptr) throw ValueError(std::string(argument) + " has elements and a null address");
}

// An array of the call that an output must be apart from; null where it was not given.
struct Other {
  const char* argument;
  const TensorView* view;
};

const TensorView* pointer(const std::optional<TensorView>& view) { return view ? &*view : nullptr; }

// No two elements of an output may share memory: a zero stride would write one address twice.
void check_output(const char* argument, const TensorView& view, const std::vector<Other>& others) {
  if (!view.writable) throw TypeError(std::string(argument) + " must be writable, got a read-only array");
  for (int axis = 0; view.size(argument) > 0 && axis < view.rank; ++axis) {
    if (view.stride(axis) == 0 && view.extent(axis) > 1) {
      throw ValueError(std::string(argument) + " must not repeat elements, got stride 0 on axis " + std::to_string(axis));
    }
  }
  if (repeats_elements(view)) throw ValueError(std::string(argument) + " must not repeat elements, got strides that meet");
  for (const Other& other : others) check_apart(argument, view, other.argument, other.view);
}

void check_u(const char* argument, const ConvSpec& spec, FilterKind kind, std::int64_t filters, const TensorView& u) {
  if (u.rank < 2) throw ValueError(std::string(argument) + " must have rank >= 2, (..., channels, length), got shape " + describe(u));
  if (u.dtype != spec.dtype) {
    throw TypeError(std::string(argument) + " must have the plan's dtype " + to_string(spec.dtype) + ", got " + to_string(u.dtype));
  }
  if (u.extent(-2) != spec.channels || u.extent(-1) != spec.length) {
    throw ValueError(std::string(argument) + " must have shape (..., " + std::to_string(spec.channels) + ", " +
                     std::to_string(spec.length) + "), got " + describe(u));
  }
  if (kind == FilterKind::kPerSample && (u.rank != 3 || u.extent(0) != filters)) {
    throw ValueError(std::string(argument) + " must have shape (" + std::to_string(filters) +
                     ", channels, length) with one filter per sample, got " + describe(u) +
                     "; a filter bank shared by the batch is filter_bank=True");
  }
  check_array(argument, u, spec);
}

Shape output_extents(const TensorView& u, FilterKind kind, std::int64_t filters, std::int64_t length) {
  const OutputShape shape = output_shape(u, kind, filters, length);
  return {shape.extents.begin(), shape.extents.begin() + shape.rank};
}

void check_post_gate(const char* argument, const TensorView& gate, const TensorView& u, const Shape& out, FilterKind kind) {
  Shape broadcast = shape_of(u);
  broadcast.back() = out.back();
  if (kind == FilterKind::kBank && shape_of(gate) == broadcast) return;
  check_shape(argument, gate, out);
}

void check_skip_mode(const ConvSpec& spec) {
  if (spec.mode == Mode::kFull || spec.mode == Mode::kValid) {
    throw ValueError(std::string("skip is supported in modes causal, circular and same, got mode=") + to_string(spec.mode));
  }
}

// Optional inputs that forward and backward share.
template <class Args>
void check_options(const ConvSpec& spec, FilterKind kind, const Shape& out, const Args& args) {
  if (args.skip) {
    check_skip_mode(spec);
    check_shape("skip", *args.skip, {spec.channels});
    check_array("skip", *args.skip, spec);
  }
  if (args.pre_gate) {
    check_dtype("pre_gate", *args.pre_gate, spec.dtype);
    check_shape("pre_gate", *args.pre_gate, shape_of(args.u));
    check_array("pre_gate", *args.pre_gate, spec);
  }
  if (args.post_gate) {
    check_dtype("post_gate", *args.post_gate, spec.dtype);
    check_post_gate("post_gate", *args.post_gate, args.u, out, kind);
    check_array("post_gate", *args.post_gate, spec);
  }
}

template <class Args>
std::vector<Other> inputs_of(const Args& args) {
  return {{"u", &args.u}, {"skip", pointer(args.skip)}, {"pre_gate", pointer(args.pre_gate)}, {"post_gate", pointer(args.post_gate)}};
}

void check_spectrum(const ConvSpec& spec, const Spectrum& spectrum) {
  if (spectrum.empty()) throw ValueError("spectrum is empty: make it with ConvPlan.spectrum");
  if (!(spectrum.spec() == spec)) throw ValueError("spectrum belongs to a plan of another spec: make it with this plan's spectrum()");
}

// What backward writes: each gradient in its argument's shape, apart from the inputs and from the other gradients.
void check_gradients(const ConvSpec& spec, const BackwardArgs& args) {
  std::vector<Other> others = inputs_of(args);
  others.push_back({"dy", &args.dy});
  const auto check = [&](const char* argument, const std::optional<TensorView>& view, bool given, const Shape& shape) {
    if (!view) return;
    if (!given) throw ValueError(std::string(argument) + " was asked for, but " + (argument + 1) + " was not given");
    check_shape(argument, *view, shape);
    check_array(argument, *view, spec);
    check_output(argument, *view, others);
    others.push_back({argument, &*view});
  };
  const FilterKind kind = args.spectrum.kind();
  const auto filter = [&](std::int64_t taps) {
    return kind == FilterKind::kShared ? Shape{spec.groups, taps} : Shape{args.spectrum.filters(), spec.groups, taps};
  };
  const Shape input = shape_of(args.u);
  check("du", args.du, true, input);
  check("dk", args.dk, true, filter(spec.filter_length));
  check("dreverse_filter", args.dreverse_filter, spec.reverse_length > 0, filter(spec.reverse_length));
  check("dskip", args.dskip, args.skip.has_value(), {spec.channels});
  check("dpre_gate", args.dpre_gate, args.pre_gate.has_value(), input);
  check("dpost_gate", args.dpost_gate, args.post_gate.has_value(), args.post_gate ? shape_of(*args.post_gate) : Shape{});
}

}  // namespace

void check_apart(const char* argument, const TensorView& output, const char* other, const TensorView* view) {
  if (view && may_overlap(output, *view)) throw ValueError(std::string(argument) + " must not overlap " + other);
}

OutputShape output_shape(const TensorView& u, FilterKind kind, std::int64_t filters, std::int64_t output_length) {
  OutputShape shape{.rank = u.rank, .extents = u.shape};
  if (kind == FilterKind::kBank) {
    shape.rank = checked_rank(u.rank + 1, "out");
    const auto rank = static_cast<std::size_t>(shape.rank);
    shape.extents[rank - 3] = filters;
    shape.extents[rank - 2] = u.extent(-2);
  }
  shape.extents[static_cast<std::size_t>(shape.rank) - 1] = output_length;
  return shape;
}

ConvSpec spec_of(const LongConvArgs& args, FilterKind& kind) {
  const TensorView &u = args.u, &k = args.k;
  if (u.rank < 2) throw ValueError("u must have rank >= 2, (..., channels, length), got shape " + describe(u));
  if (k.rank != 2 && k.rank != 3) {
    throw ValueError("k must have rank 2, (groups, taps), or rank 3, got shape " + describe(k) + "; one filter for all is (1, taps)");
  }
  if (args.filter_bank && k.rank != 3) throw ValueError("k must have rank 3, (bank, groups, taps), with filter_bank, got " + describe(k));
  kind = args.filter_bank ? FilterKind::kBank : k.rank == 3 ? FilterKind::kPerSample : FilterKind::kShared;
  const auto check_extent = [](const char* what, std::int64_t value) {
    if (value < 1) throw ValueError(std::string(what) + ", got 0");
  };
  check_extent("u must have at least one channel", u.extent(-2));
  check_extent("u must have at least one sample a row", u.extent(-1));
  check_extent("k must have at least one tap", k.extent(-1));
  check_extent("k must have at least one group", k.extent(-2));
  if (u.extent(-2) % k.extent(-2) != 0) {
    throw ValueError("k must have a number of groups that divides u's " + std::to_string(u.extent(-2)) + " channels, got shape " +
                     describe(k));
  }
  ConvSpec spec{.length = u.extent(-1),
                .filter_length = k.extent(-1),
                .channels = u.extent(-2),
                .groups = k.extent(-2),
                .reverse_length = 0,
                .mode = args.mode,
                .reverse_lag = args.reverse_lag,
                .dtype = u.dtype,
                .device = u.device};
  if (args.reverse_filter) {
    if (args.reverse_filter->rank != k.rank) {
      throw ValueError("reverse_filter must have k's rank " + std::to_string(k.rank) + ", got shape " + describe(*args.reverse_filter));
    }
    check_extent("reverse_filter must have at least one tap", args.reverse_filter->extent(-1));
    spec.reverse_length = args.reverse_filter->extent(-1);
  }
  return validated(spec);
}

void check_filter(const ConvSpec& spec, const TensorView& k, const std::optional<TensorView>& reverse_filter, FilterKind kind) {
  if (k.rank != (kind == FilterKind::kShared ? 2 : 3)) {
    throw ValueError("k must have rank 2, (groups, taps), or rank 3, got shape " + describe(k));
  }
  Shape expected = shape_of(k);
  expected[expected.size() - 2] = spec.groups;
  expected.back() = spec.filter_length;
  check_shape("k", k, expected);
  check_array("k", k, spec);
  if (reverse_filter.has_value() != (spec.reverse_length > 0)) {
    throw ValueError(spec.reverse_length > 0
                         ? "reverse_filter is missing: the plan has reverse_length=" + std::to_string(spec.reverse_length)
                         : std::string("reverse_filter was given to a plan with reverse_length=0"));
  }
  if (!reverse_filter) return;
  expected.back() = spec.reverse_length;
  check_shape("reverse_filter", *reverse_filter, expected);
  check_array("reverse_filter", *reverse_filter, spec);
}

void check_forward(const ConvSpec& spec, FilterKind kind, std::int64_t filters, const ForwardArgs& args) {
  check_u("u", spec, kind, filters, args.u);
  const Shape out = output_extents(args.u, kind, filters, output_length(spec));
  check_options(spec, kind, out, args);
  check_dtype("out", args.out, spec.dtype);
  check_shape("out", args.out, out);
  check_array("out", args.out, spec);
  check_output("out", args.out, inputs_of(args));
}

void check_backward(const ConvSpec& spec, const BackwardArgs& args) {
  check_spectrum(spec, args.spectrum);
  const Spectrum& spectrum = args.spectrum;
  const FilterKind kind = spectrum.kind();
  const std::int64_t filters = spectrum.filters();
  check_u("u", spec, kind, filters, args.u);
  const Shape out = output_extents(args.u, kind, filters, output_length(spec));
  check_options(spec, kind, out, args);
  check_dtype("dy", args.dy, spec.dtype);
  check_shape("dy", args.dy, out);
  check_array("dy", args.dy, spec);
  check_gradients(spec, args);
}

}  // namespace longwing
