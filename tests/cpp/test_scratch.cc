// Working memory: aligned, kept between calls, a typed error where there is none.
#include "cpu/scratch.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>

#include "cpu/aligned_array.h"
#include "longwing/error.h"

namespace longwing::cpu {
namespace {

bool aligned(const void* data) { return reinterpret_cast<std::uintptr_t>(data) % 64 == 0; }

TEST(Scratch, IsAlignedAndWritable) {
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{63}, std::size_t{64}, std::size_t{100000}}) {
    const Scratch scratch(bytes);
    EXPECT_TRUE(aligned(scratch.data()));
    std::memset(scratch.data(), 1, bytes);
  }
}

TEST(Scratch, IsKeptForTheNextCallThatItSuits) {
  release_scratch();
  const auto address = [](std::size_t bytes) { return Scratch(bytes).data(); };
  void* const kept = address(1 << 20);
  EXPECT_EQ(address(1 << 20), kept);
  EXPECT_EQ(address((1 << 20) - 1000), kept);
  const Scratch held(1 << 20), other(1 << 20);
  EXPECT_EQ(held.data(), kept);
  EXPECT_NE(other.data(), kept);
}

TEST(Scratch, ALargeBufferIsNotSpentOnASmallCall) {
  release_scratch();
  void* large = nullptr;
  {
    large = Scratch(std::size_t{8} << 20).data();
  }
  const Scratch small(1000);
  EXPECT_NE(small.data(), large);
  const Scratch again(std::size_t{8} << 20);
  EXPECT_EQ(again.data(), large);
}

TEST(Scratch, MissingMemoryIsARuntimeErrorThatNamesTheSize) {
  constexpr std::size_t kBytes = std::size_t{1} << 60;
  try {
    const Scratch scratch(kBytes);
    FAIL() << "no error";
  } catch (const RuntimeError& error) {
    EXPECT_NE(std::string(error.what()).find(std::to_string(kBytes)), std::string::npos) << error.what();
  }
}

TEST(AlignedArrays, MoveTheirMemory) {
  AlignedArray<float> a(100), none;
  float* const data = a.data();
  EXPECT_TRUE(aligned(data));
  AlignedArray<float> b(std::move(a));
  EXPECT_EQ(b.data(), data);
  none = std::move(b);
  EXPECT_EQ(none.data(), data);
  EXPECT_EQ(none.size(), 100u);
}

}  // namespace
}  // namespace longwing::cpu
