#include "cpu/scratch.h"

#include <cstdlib>
#include <mutex>
#include <new>
#include <string>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "core/process_local.h"
#include "longwing/error.h"

namespace longwing::cpu {
namespace {

constexpr std::size_t kAlignment = 64;
// From here on an array is worth pages of this size where the system has them: a fault for each, and one entry of the TLB.
constexpr std::size_t kHugePage = std::size_t{2} << 20, kHugeBytes = 2 * kHugePage;
// Fresh pages cost about as much as a transform of the same size, so buffers are kept, up to here in all.
constexpr std::size_t kKeptBytes = std::size_t{256} << 20;
constexpr std::size_t kKeptBuffers = 16;

struct Buffer {
  void* data = nullptr;
  std::size_t bytes = 0;
};

class Store {
 public:
  Buffer take(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < kept_.size(); ++i) {
      if (kept_[i].bytes >= bytes && kept_[i].bytes <= 4 * bytes + 65536) {
        const Buffer found = kept_[i];
        kept_[i] = kept_.back();
        kept_.pop_back();
        total_ -= found.bytes;
        return found;
      }
    }
    return {};
  }

  bool put(const Buffer& buffer) {
    const std::lock_guard lock(mutex_);
    if (total_ + buffer.bytes > kKeptBytes || kept_.size() == kKeptBuffers) return false;
    kept_.push_back(buffer);
    total_ += buffer.bytes;
    return true;
  }

  void clear() {
    const std::lock_guard lock(mutex_);
    for (const Buffer& buffer : kept_) free_aligned(buffer.data);
    kept_.clear();
    total_ = 0;
  }

 private:
  std::mutex mutex_;
  std::vector<Buffer> kept_;
  std::size_t total_ = 0;
};

Store& store() { return process_local<Store>(); }

}  // namespace

void* allocate_aligned(std::size_t bytes) {
  const std::size_t alignment = bytes >= kHugeBytes ? kHugePage : kAlignment;
  const std::size_t size = (bytes + alignment - 1) / alignment * alignment;
  void* const data = std::aligned_alloc(alignment, size);
  if (!data && bytes > 0) throw RuntimeError("out of memory: " + std::to_string(bytes) + " bytes of working memory were asked for");
#if defined(MADV_HUGEPAGE)
  if (alignment == kHugePage) madvise(data, size, MADV_HUGEPAGE);  // a hint: refused, nothing is lost
#endif
  return data;
}

void free_aligned(void* data) { std::free(data); }

Scratch::Scratch(std::size_t bytes) : bytes_(bytes) {
  if (const Buffer kept = store().take(bytes); kept.data) {
    data_ = kept.data;
    bytes_ = kept.bytes;
  } else {
    data_ = allocate_aligned(bytes);
  }
}

Scratch::~Scratch() {
  if (data_ && !store().put({data_, bytes_})) free_aligned(data_);
}

void release_scratch() { store().clear(); }

}  // namespace longwing::cpu
