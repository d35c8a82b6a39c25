// Borrowed arrays: overlap by brute force, sizes, and views over DLPack's struct.
#include <gtest/gtest.h>

#include <set>

#include "longwing/longwing.h"
#include "random_values.h"

namespace longwing {
namespace {

// Numbers of the bytes that a view touches.
std::set<std::int64_t> bytes_of(const TensorView& view, const char* base) {
  std::set<std::int64_t> bytes;
  const std::int64_t count = view.size();
  for (std::int64_t flat = 0; flat < count; ++flat) {
    std::int64_t rest = flat, offset = 0;
    for (int axis = view.rank - 1; axis >= 0; --axis) {
      offset += rest % view.extent(axis) * view.stride(axis);
      rest /= view.extent(axis);
    }
    const std::int64_t width = static_cast<std::int64_t>(size_of(view.dtype));
    for (std::int64_t i = 0; i < width; ++i) bytes.insert(static_cast<const char*>(view.data) - base + offset * width + i);
  }
  return bytes;
}

// Any strides around the middle of the memory: the address alone matters, nothing is read.
TensorView random_view(Random& random, char* memory) {
  TensorView view;
  view.dtype = static_cast<DType>(random.integer(0, 3));
  view.data = memory + 2048 + 2 * random.integer(-20, 20);
  view.rank = static_cast<int>(random.integer(0, 3));
  for (std::size_t axis = 0; axis < static_cast<std::size_t>(view.rank); ++axis) {
    view.shape[axis] = random.integer(random.integer(0, 9) == 0 ? 0 : 1, 4);
    view.strides[axis] = random.integer(-12, 12);
  }
  return view;
}

TEST(Overlap, IsFoundByBruteForceToo) {
  std::vector<char> memory(4096);
  Random random(26);
  int shared = 0, apart = 0;
  for (int i = 0; i < 20000; ++i) {
    const TensorView a = random_view(random, memory.data()), b = random_view(random, memory.data());
    const auto ours = bytes_of(a, memory.data()), theirs = bytes_of(b, memory.data());
    const bool common = std::any_of(ours.begin(), ours.end(), [&](std::int64_t byte) { return theirs.count(byte) > 0; });
    ++(common ? shared : apart);
    if (common) {
      EXPECT_TRUE(may_overlap(a, b));
    }
    if (!common && size_of(a.dtype) == size_of(b.dtype)) {
      EXPECT_FALSE(may_overlap(a, b));
    }
    EXPECT_EQ(may_overlap(a, b), may_overlap(b, a));
  }
  EXPECT_GT(shared, 3000);
  EXPECT_GT(apart, 3000);
}

TEST(Overlap, NeedsTheSameDevice) {
  std::vector<float> memory(8);
  TensorView a(memory.data(), {8}), b = a;
  EXPECT_TRUE(may_overlap(a, b));
  b.device = {DeviceType::kCuda, 0};
  EXPECT_FALSE(may_overlap(a, b));
}

TEST(Sizes, CountElementsAndRefuseOverflow) {
  float x = 0;
  EXPECT_EQ(TensorView(&x, {}).size(), 1);
  EXPECT_EQ(TensorView(&x, {3, 0, 5}).size(), 0);
  EXPECT_EQ(TensorView(&x, {3, 4, 5}).size(), 60);
  TensorView huge(&x, {1, 1, 1});
  huge.shape = {std::int64_t{1} << 40, std::int64_t{1} << 40, 1};
  try {
    huge.size("pre_gate");
    FAIL() << "no error";
  } catch (const ValueError& error) {
    EXPECT_NE(std::string(error.what()).find("pre_gate has more elements"), std::string::npos) << error.what();
  }
}

TEST(Views, AreContiguousAndReadOnlyOverConst) {
  double x[24] = {};
  const TensorView view(x, {2, 3, 4}), constant(static_cast<const double*>(x), {2, 12});
  EXPECT_EQ(view.stride(0), 12);
  EXPECT_EQ(view.stride(-1), 1);
  EXPECT_EQ(view.extent(-2), 3);
  EXPECT_TRUE(view.writable);
  EXPECT_FALSE(constant.writable);
  EXPECT_EQ(constant.dtype, DType::kFloat64);
}

// A struct shaped like DLPack's DLTensor, of other integer types.
struct ForeignTensor {
  void* data;
  struct {
    unsigned device_type;
    short device_id;
  } device;
  int ndim;
  struct {
    unsigned char code, bits;
    unsigned short lanes;
  } dtype;
  long long* shape;
  long long* strides;
  unsigned long byte_offset;
};

TEST(Dlpack, AnyStructOfItsShapeBecomesAView) {
  float memory[64] = {};
  long long shape[] = {2, 0, 5}, strides[] = {-16, 3, 1};
  ForeignTensor tensor{memory, {1, 0}, 3, {2, 32, 1}, shape, strides, 8};
  TensorView view = TensorView::from_dltensor(tensor);
  EXPECT_EQ(view.data, memory + 2);
  EXPECT_EQ(view.dtype, DType::kFloat32);
  EXPECT_EQ(view.rank, 3);
  EXPECT_EQ(view.extent(1), 0);
  EXPECT_EQ(view.stride(0), -16);
  tensor.strides = nullptr;
  view = TensorView::from_dltensor(tensor);
  EXPECT_EQ(view.stride(0), 5);
  EXPECT_EQ(view.stride(2), 1);
}

TEST(Dlpack, TypesAreThoseOfTheOperation) {
  EXPECT_EQ(dtype_from_dlpack(2, 64, 1), DType::kFloat64);
  EXPECT_EQ(dtype_from_dlpack(2, 16, 1), DType::kFloat16);
  EXPECT_EQ(dtype_from_dlpack(4, 16, 1), DType::kBFloat16);
  constexpr struct {
    int code, bits, lanes;
    const char* name;
  } kRefused[] = {{0, 32, 1, "int32"},     {1, 8, 1, "uint8"}, {5, 64, 1, "complex64"},
                  {2, 32, 4, "float32x4"}, {6, 8, 1, "bool8"}, {99, 7, 1, "99"}};
  for (const auto& [code, bits, lanes, name] : kRefused) {
    try {
      dtype_from_dlpack(code, bits, lanes);
      FAIL() << name;
    } catch (const TypeError& error) {
      EXPECT_NE(std::string(error.what()).find(name), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find("bfloat16"), std::string::npos) << error.what();
    }
  }
}

TEST(Dlpack, DevicesAreTheHostAndCuda) {
  EXPECT_EQ(device_from_dlpack(1, 7), (Device{DeviceType::kCpu, 0}));
  EXPECT_EQ(device_from_dlpack(3, 0), (Device{DeviceType::kCpu, 0}));
  EXPECT_EQ(device_from_dlpack(2, 1), (Device{DeviceType::kCuda, 1}));
  EXPECT_EQ(device_from_dlpack(13, 2), (Device{DeviceType::kCuda, 2}));
  EXPECT_THROW(device_from_dlpack(10, 0), TypeError);
}

TEST(Dlpack, RankIsBounded) {
  EXPECT_EQ(checked_rank(0), 0);
  EXPECT_EQ(checked_rank(TensorView::kMaxRank), TensorView::kMaxRank);
  EXPECT_THROW(checked_rank(TensorView::kMaxRank + 1), ValueError);
  EXPECT_THROW(checked_rank(-1), ValueError);
}

}  // namespace
}  // namespace longwing
