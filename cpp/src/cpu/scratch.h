// Working memory of a call: aligned, taken from the last calls' where it is large enough.
#pragma once

#include <cstddef>

namespace longwing::cpu {

class Scratch {
 public:
  /// Throws RuntimeError naming the size where the system has no memory.
  explicit Scratch(std::size_t bytes);
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  void* data() const { return data_; }

 private:
  void* data_ = nullptr;
  std::size_t bytes_ = 0;
};

/// Gives what is kept back to the system.
void release_scratch();

/// An array of trivially constructible numbers, aligned to a cache line, zeroed where asked.
void* allocate_aligned(std::size_t bytes);
void free_aligned(void* data);

}  // namespace longwing::cpu
