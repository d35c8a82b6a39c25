#include "core/plan_cache.h"

#include <list>
#include <mutex>
#include <unordered_map>

#include "core/process_local.h"

namespace longwing {
namespace {

struct SpecHash {
  std::size_t operator()(const ConvSpec& s) const {
    std::size_t hash = 0;
    for (const std::int64_t field : {s.length, s.filter_length, s.channels, s.groups, s.reverse_length, static_cast<std::int64_t>(s.mode),
                                     static_cast<std::int64_t>(s.reverse_lag), static_cast<std::int64_t>(s.dtype),
                                     static_cast<std::int64_t>(s.device.type), static_cast<std::int64_t>(s.device.index)}) {
      hash = (hash ^ static_cast<std::size_t>(field)) * 0x9E3779B97F4A7C15u;
      hash ^= hash >> 29;
    }
    return hash;
  }
};

using PlanPointer = std::shared_ptr<const PlanImplementation>;

class PlanCache {
 public:
  PlanPointer find(const ConvSpec& spec) {
    const std::lock_guard lock(mutex_);
    const auto it = index_.find(spec);
    if (it == index_.end()) {
      ++misses_;
      return nullptr;
    }
    ++hits_;
    plans_.splice(plans_.begin(), plans_, it->second);
    return plans_.front();
  }

  PlanPointer insert(const PlanPointer& plan) {
    const std::lock_guard lock(mutex_);
    if (const auto it = index_.find(plan->spec()); it != index_.end()) return *it->second;
    plans_.push_front(plan);
    index_[plan->spec()] = plans_.begin();
    bytes_ += plan->bytes();
    shrink();
    return plan;
  }

  std::size_t set_limit(std::size_t limit) {
    const std::lock_guard lock(mutex_);
    std::swap(limit, limit_);
    shrink();
    return limit;
  }

  PlanCacheInfo info() {
    const std::lock_guard lock(mutex_);
    return {plans_.size(), bytes_, limit_, hits_, misses_};
  }

  void clear() {
    const std::lock_guard lock(mutex_);
    plans_.clear();
    index_.clear();
    bytes_ = hits_ = misses_ = 0;
  }

 private:
  void shrink() {
    while (bytes_ > limit_ && !plans_.empty()) {
      bytes_ -= plans_.back()->bytes();
      index_.erase(plans_.back()->spec());
      plans_.pop_back();
    }
  }

  std::mutex mutex_;
  std::list<PlanPointer> plans_;  // most recently used first
  std::unordered_map<ConvSpec, std::list<PlanPointer>::iterator, SpecHash> index_;
  std::size_t bytes_ = 0, limit_ = std::size_t{256} << 20, hits_ = 0, misses_ = 0;
};

PlanCache& cache() { return process_local<PlanCache>(); }

}  // namespace

PlanPointer cached_plan(const ConvSpec& spec) {
  if (PlanPointer plan = cache().find(spec)) return plan;
  return cache().insert(backend_for(spec.device.type).make_plan(spec));
}

void clear_plan_cache() {
  cache().clear();
  for (const Backend* backend : backends()) backend->release_memory();
}

std::size_t set_plan_cache_limit(std::size_t bytes) { return cache().set_limit(bytes); }

PlanCacheInfo plan_cache_info() { return cache().info(); }

}  // namespace longwing
