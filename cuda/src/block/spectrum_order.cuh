// Where a row's spectrum keeps what register `element` of `thread` holds after BlockFft's forward transform.
#pragma once

#include "block/block_fft.cuh"
#include "policy/tensor_layout.h"

namespace longwing::cuda {

/// As the threads hold it: theirs side by side.
template <class T, int Log2N>
struct ThreadOrder {
  LONGWING_HD static constexpr int number(int thread, int element) { return element * BlockFft<T, Log2N>::kThreads + thread; }
};

/// As tiles of the tensor cores hold it.
template <int Log2N>
struct TensorOrder {
  LONGWING_HD static constexpr int number(int thread, int element) {
    constexpr MiddleRadices kMiddle = tensor_policy(Log2N).middle();
    return spectrum_number(MiddleRadices{kMiddle.third, kMiddle.fourth}, BlockFft<float, Log2N>::frequency(thread, element));
  }
};

}  // namespace longwing::cuda
