// The plan cache: bounded in bytes, least recently used out first.
#include "core/plan_cache.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "longwing/longwing.h"

namespace longwing {
namespace {

class PlanCache : public ::testing::Test {
 protected:
  void SetUp() override { clear_plan_cache(); }
  void TearDown() override {
    set_plan_cache_limit(before_);
    clear_plan_cache();
  }
  static ConvSpec spec(std::int64_t length) { return validated({.length = length, .filter_length = length}); }
  static bool is_hit(std::int64_t length) {
    const std::size_t hits = plan_cache_info().hits;
    cached_plan(spec(length));
    return plan_cache_info().hits == hits + 1;
  }

 private:
  std::size_t before_ = plan_cache_info().limit;
};

TEST_F(PlanCache, CountsHitsMissesPlansAndBytes) {
  const auto plan = cached_plan(spec(1000));
  EXPECT_EQ(cached_plan(spec(1000)), plan);
  const PlanCacheInfo info = plan_cache_info();
  EXPECT_EQ(info.plans, 1u);
  EXPECT_EQ(info.bytes, plan->bytes());
  EXPECT_EQ(info.hits, 1u);
  EXPECT_EQ(info.misses, 1u);
  clear_plan_cache();
  EXPECT_EQ(plan_cache_info().plans + plan_cache_info().bytes + plan_cache_info().hits + plan_cache_info().misses, 0u);
}

TEST_F(PlanCache, DropsTheLeastRecentlyUsedFirst) {
  for (const std::int64_t length : {2000, 3000, 4000}) cached_plan(spec(length));
  EXPECT_TRUE(is_hit(2000));  // 3000 is now the oldest
  set_plan_cache_limit(plan_cache_info().bytes - 1);
  EXPECT_EQ(plan_cache_info().plans, 2u);
  EXPECT_TRUE(is_hit(2000));
  EXPECT_TRUE(is_hit(4000));
  EXPECT_FALSE(is_hit(3000));
}

TEST_F(PlanCache, NeverHoldsMoreThanItsLimit) {
  EXPECT_EQ(set_plan_cache_limit(100000), std::size_t{256} << 20);
  for (std::int64_t length = 1000; length < 1050; ++length) {
    cached_plan(spec(length));
    EXPECT_LE(plan_cache_info().bytes, 100000u);
  }
  EXPECT_GT(plan_cache_info().plans, 0u);
}

TEST_F(PlanCache, AZeroLimitKeepsNothingAndPlansStillWork) {
  set_plan_cache_limit(0);
  const ConvPlan plan(spec(64));
  EXPECT_EQ(plan_cache_info().plans, 0u);
  EXPECT_EQ(plan.output_length(), 64);
}

TEST_F(PlanCache, TellsEveryFieldOfASpecApart) {
  const ConvSpec base = validated({.length = 64, .filter_length = 32, .channels = 4, .groups = 2});
  std::vector<ConvSpec> specs(9, base);
  specs[1].length = 65;
  specs[2].filter_length = 33;
  specs[3].channels = 6;
  specs[4].groups = 4;
  specs[5].reverse_length = 1;
  specs[6].mode = Mode::kFull;
  specs[7].dtype = DType::kFloat16;
  specs[8].reverse_length = 1;
  specs[8].reverse_lag = ReverseLag::kOverlapped;
  for (const ConvSpec& s : specs) EXPECT_EQ(cached_plan(s)->spec(), s);
  EXPECT_EQ(plan_cache_info().plans, specs.size());
}

TEST_F(PlanCache, ThreadsThatMissTogetherShareOnePlan) {
  std::vector<std::shared_ptr<const PlanImplementation>> plans(4);
  std::vector<std::thread> threads;
  for (auto& plan : plans) threads.emplace_back([&plan] { plan = cached_plan(spec(5000)); });
  for (std::thread& thread : threads) thread.join();
  for (const auto& plan : plans) EXPECT_EQ(plan, plans[0]);
}

}  // namespace
}  // namespace longwing
