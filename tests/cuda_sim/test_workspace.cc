// Memory and launches of calls too large to simulate: the engine over a device that runs nothing and counts.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "dispatch/engine.h"

namespace longwing::cuda {
namespace {

DeviceLimits hopper() {
  DeviceLimits limits;
  limits.architecture = 90;
  limits.multiprocessors = 132;
  limits.shared_bytes = 227 * 1024;
  limits.l2_bytes = std::size_t{50} << 20;
  return limits;
}

class CountingRuntime final : public DeviceRuntime {
 public:
  DeviceLimits limits() const override { return hopper(); }
  void* allocate(std::size_t bytes, void*) override {
    next_ += std::uintptr_t{1} << 40;  // addresses that nobody reads, far from one another
    void* const memory = reinterpret_cast<void*>(next_);
    sizes_[memory] = bytes;
    allocated_ += bytes;
    peak_ = std::max(peak_, allocated_);
    ++allocations_;
    return memory;
  }
  void free(void* memory, void*) noexcept override {
    allocated_ -= sizes_[memory];
    sizes_.erase(memory);
  }
  void* upload(const void*, std::size_t bytes) override {
    uploaded_ += bytes;
    return reinterpret_cast<void*>(std::uintptr_t{1} << 30);
  }
  void free_upload(void*) noexcept override {}
  void launch(const KernelEntry&, std::int64_t blocks, int, const void*, std::size_t args_bytes, void*) override {
    EXPECT_GT(blocks, 0);
    EXPECT_LE(blocks, 0x7fffffff);
    EXPECT_LE(args_bytes, 4096u) << "more than a kernel's parameters may take on every driver";
    ++launches_;
  }

  std::size_t allocated() const { return allocated_; }
  std::size_t peak() const { return peak_; }
  std::size_t uploaded() const { return uploaded_; }
  int launches() const { return launches_; }
  int allocations() const { return allocations_; }

 private:
  std::map<void*, std::size_t> sizes_;
  std::uintptr_t next_ = 0;
  std::size_t allocated_ = 0, peak_ = 0, uploaded_ = 0;
  int launches_ = 0, allocations_ = 0;
};

struct Shape {
  std::int64_t batch = 64, channels = 768, length = 32768, groups = 768;
  Activation activation = Activation::kNone;
  DType dtype = DType::kBFloat16;
};

// What one call with every argument takes: forward with the filter inside, and backward with its spectrum kept.
class Call {
 public:
  explicit Call(const Shape& shape) : shape_(shape), engine_(spec(), runtime_) {}

  const CountingRuntime& runtime() const { return runtime_; }
  std::size_t input_bytes() const {
    return static_cast<std::size_t>(shape_.batch * shape_.channels * shape_.length) * size_of(shape_.dtype);
  }
  std::size_t spectrum_bytes() const { return static_cast<std::size_t>(shape_.groups) * engine_.spectrum_bytes(); }

  void long_conv() {
    engine_.long_conv({.u = rows(),
                       .k = filter(),
                       .skip = channels(),
                       .pre_gate = rows(),
                       .post_gate = rows(),
                       .activation = shape_.activation,
                       .out = rows()},
                      FilterKind::kShared);
  }
  void backward() {
    const Spectrum none;
    engine_.backward({.dy = rows(),
                      .u = rows(),
                      .spectrum = none,
                      .skip = channels(),
                      .pre_gate = rows(),
                      .post_gate = rows(),
                      .activation = shape_.activation,
                      .du = rows(),
                      .dk = filter(),
                      .dskip = channels(),
                      .dpre_gate = rows(),
                      .dpost_gate = rows()},
                     FilterKind::kShared, 1, memory());
  }

 private:
  static void* memory() { return reinterpret_cast<void*>(std::uintptr_t{1} << 50); }
  ConvSpec spec() const {
    return {.length = shape_.length,
            .filter_length = shape_.length,
            .channels = shape_.channels,
            .groups = shape_.groups,
            .dtype = shape_.dtype,
            .device = {DeviceType::kCuda, 0}};
  }
  TensorView rows() const { return {memory(), shape_.dtype, {shape_.batch, shape_.channels, shape_.length}}; }
  TensorView filter() const { return {memory(), DType::kFloat32, {shape_.groups, shape_.length}}; }
  TensorView channels() const { return {memory(), DType::kFloat32, {shape_.channels}}; }

  Shape shape_;
  CountingRuntime runtime_;
  Engine engine_;
};

class Workspace : public ::testing::TestWithParam<Shape> {};

// Beyond inputs and outputs, spectra counted, at most a tenth of u.
TEST_P(Workspace, IsATenthOfTheInput) {
  Call forward(GetParam());
  forward.long_conv();
  EXPECT_LE(forward.runtime().peak(), forward.input_bytes() / 10);
  EXPECT_EQ(forward.runtime().allocated(), 0u);

  Call backward(GetParam());
  backward.backward();
  EXPECT_LE(backward.runtime().peak() + backward.spectrum_bytes(), backward.input_bytes() / 10);
  EXPECT_EQ(backward.runtime().allocated(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Shapes, Workspace,
                         ::testing::Values(Shape{}, Shape{.activation = Activation::kGelu},
                                           Shape{.groups = 1, .activation = Activation::kGelu}, Shape{.groups = 8},
                                           Shape{.dtype = DType::kFloat32}));

// The hot path allocates a few times a call, however many slabs it has.
TEST(Launches, AreFewWhereARowFitsABlock) {
  Call call({.length = 16384, .dtype = DType::kFloat32});
  call.backward();
  EXPECT_LE(call.runtime().allocations(), 2);
  Call small({.batch = 8, .channels = 64, .length = 4096, .groups = 64, .activation = Activation::kGelu, .dtype = DType::kFloat32});
  small.long_conv();
  EXPECT_EQ(small.runtime().launches(), 2) << "filters, then rows";
  small.backward();
  EXPECT_EQ(small.runtime().launches(), 2 + 4) << "c again, du, partial sums, taps";
}

TEST(Tables, OfFourMillionPointsAreMade) {
  Call call({.batch = 1, .channels = 1, .length = 4194304, .groups = 1, .dtype = DType::kFloat32});
  EXPECT_LE(call.runtime().uploaded(), std::size_t{64} << 20);
  call.long_conv();
  call.backward();
}

}  // namespace
}  // namespace longwing::cuda
