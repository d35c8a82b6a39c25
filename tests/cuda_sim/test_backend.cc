// The backend over a runtime that works as late as streams and events allow: order, lifetimes, captures, errors.
#include <gtest/gtest.h>

#include <cmath>

#include "../cpp/random_values.h"
#include "core/cuda_plugin.h"
#include "fake_cuda/fake_runtime.h"
#include "longwing/error.h"
#include "longwing/version.h"
#include "reference/convolution.h"

extern "C" const longwing::Backend* longwing_cuda_backend(const char* version, const char** own_version);

namespace longwing::cuda {
namespace {

constexpr std::int64_t kBatch = 3, kChannels = 3, kLength = 50;

const Backend& backend() {
  const char* own = nullptr;
  return *longwing_cuda_backend(version(), &own);
}

void* stream(std::uintptr_t handle) { return reinterpret_cast<void*>(handle); }

TensorView view(std::vector<double>& values, std::initializer_list<std::int64_t> shape, int device = 0) {
  TensorView view(values.data(), shape);
  view.device = {DeviceType::kCuda, device};
  return view;
}

// A plan, its arrays, and what is right.
class Convolution {
 public:
  explicit Convolution(unsigned seed, int device = 0)
      : device_(device),
        plan_(backend().make_plan({.length = kLength,
                                   .filter_length = kLength,
                                   .channels = kChannels,
                                   .groups = kChannels,
                                   .dtype = DType::kFloat64,
                                   .device = {DeviceType::kCuda, device}})),
        y_(kBatch * kChannels * kLength) {
    Random random(seed);
    call_.batch = kBatch;
    call_.channels = call_.groups = kChannels;
    call_.length = call_.taps = call_.output_length = kLength;
    call_.u = call_.dy = random.values<double>(kBatch * kChannels * kLength);
    call_.k = random.values<double>(kChannels * kLength);
    dk_.resize(call_.k.size());
    expected_ = evaluate(call_);
  }

  Spectrum spectrum(void* on) {
    return Spectrum(plan_->spectrum(view(call_.k, {kChannels, kLength}, device_), nullptr, FilterKind::kShared, {.stream = on}));
  }
  void forward(const Spectrum& spectrum, void* on) {
    plan_->forward({.u = view(call_.u, {kBatch, kChannels, kLength}, device_),
                    .spectrum = spectrum,
                    .out = view(y_, {kBatch, kChannels, kLength}, device_),
                    .execution = {.stream = on}});
  }
  void backward(const Spectrum& spectrum, void* on) {
    plan_->backward({.dy = view(call_.dy, {kBatch, kChannels, kLength}, device_),
                     .u = view(call_.u, {kBatch, kChannels, kLength}, device_),
                     .spectrum = spectrum,
                     .dk = view(dk_, {kChannels, kLength}, device_),
                     .execution = {.stream = on}});
  }
  void long_conv(void* on) {
    plan_->long_conv({.u = view(call_.u, {kBatch, kChannels, kLength}, device_),
                      .k = view(call_.k, {kChannels, kLength}, device_),
                      .out = view(y_, {kBatch, kChannels, kLength}, device_),
                      .execution = {.stream = on}},
                     FilterKind::kShared);
  }
  bool right() const { return close(y_, expected_.y); }
  bool gradient_right() const { return close(dk_, expected_.k); }

 private:
  static bool close(const std::vector<double>& actual, const std::vector<double>& expected) {
    for (std::size_t i = 0; i < expected.size(); ++i) {
      if (!(std::abs(actual[i] - expected[i]) < 1e-11)) return false;
    }
    return true;
  }

  int device_;
  std::shared_ptr<const PlanImplementation> plan_;
  reference::Call call_;
  reference::Result expected_;
  std::vector<double> y_, dk_;
};

TEST(Streams, CallsOnlyEnqueue) {
  Convolution c(1);
  const int waits = fake::waits();
  c.long_conv(stream(16));
  EXPECT_FALSE(c.right());
  fake::synchronize();
  EXPECT_TRUE(c.right());
  EXPECT_EQ(fake::waits(), waits);
  EXPECT_EQ(fake::last_stream(0), 16u);
}

TEST(Streams, ASpectrumServesAnotherStreamThanItsMakers) {
  Convolution c(2);
  const Spectrum spectrum = c.spectrum(stream(16));
  c.forward(spectrum, stream(32));
  c.backward(spectrum, stream(48));
  fake::synchronize();
  EXPECT_TRUE(c.right());
  EXPECT_TRUE(c.gradient_right());
}

TEST(Streams, ASpectrumMayBeDroppedBeforeItsUsersHaveRun) {
  Convolution c(3);
  const std::size_t before = fake::allocated();
  const int events = fake::events();
  {
    const Spectrum spectrum = c.spectrum(stream(16));
    c.forward(spectrum, stream(32));
    c.backward(spectrum, stream(48));
    c.forward(spectrum, stream(32));
  }
  EXPECT_GT(fake::allocated(), before) << "memory went before its users ran";
  EXPECT_EQ(fake::events(), events);
  fake::synchronize(stream(16));  // its maker's stream gets ahead of the users'
  fake::synchronize();
  EXPECT_TRUE(c.right());
  EXPECT_TRUE(c.gradient_right());
}

TEST(Streams, WorkspaceIsFreedInOrder) {
  const std::size_t before = fake::allocated();
  {
    Convolution c(5);
    c.long_conv(stream(16));
    c.backward(c.spectrum(stream(16)), stream(16));
    fake::synchronize();
    EXPECT_TRUE(c.right());
  }
  fake::synchronize();
  EXPECT_EQ(fake::allocated(), before);
}

TEST(Capture, NeitherWaitsForEventsNorLeavesThem) {
  Convolution c(6);
  const Spectrum kept = c.spectrum(stream(16));
  fake::synchronize();
  const int events = fake::events();
  fake::set_capturing(stream(64), true);
  c.forward(kept, stream(64));
  c.backward(c.spectrum(stream(64)), stream(64));
  c.long_conv(stream(64));
  Convolution made_inside(7);
  fake::set_capturing(stream(64), false);
  EXPECT_EQ(fake::events(), events);
  fake::synchronize();
  EXPECT_TRUE(c.right());
  EXPECT_TRUE(c.gradient_right());
}

TEST(Devices, EachHasItsOwn) {
  Convolution c(8, 1);
  c.long_conv(stream(80));
  fake::synchronize();
  EXPECT_TRUE(c.right());
  EXPECT_EQ(fake::last_stream(1), 80u);
  EXPECT_NE(backend().describe().find("cuda:1 simulation, compute capability 9.0"), std::string::npos);
}

template <class Action>
std::string error_of(const Action& action) {
  try {
    action();
  } catch (const RuntimeError& error) {
    return error.what();
  }
  return "no error";
}

bool contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

TEST(Errors, NameWhatIsMissing) {
  EXPECT_TRUE(contains(error_of([] { Convolution(1, 7); }), "device cuda:7 does not exist: there are 2"));
  Convolution c(9);
  const std::size_t memory = fake::machine().memory;
  fake::machine().memory = fake::allocated() + 100;
  EXPECT_TRUE(contains(error_of([&] { c.long_conv(nullptr); }), "bytes left for workspace"));
  EXPECT_TRUE(contains(error_of([] { Convolution(1); }), "bytes left for a plan's tables"));
  fake::machine().memory = memory;
  c.long_conv(nullptr);
  fake::synchronize();
  EXPECT_TRUE(c.right()) << "an error left the backend unusable";
}

TEST(Errors, OfAnotherVersion) {
  const char* own = nullptr;
  EXPECT_EQ(longwing_cuda_backend("0.0.1", &own), nullptr);
  EXPECT_STREQ(own, version());
}

}  // namespace
}  // namespace longwing::cuda
