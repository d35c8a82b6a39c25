// Which form carries out a spec: direct sums, overlap-save, or one transform.
#pragma once

#include <cstdint>
#include <string>

#include "core/factorize.h"
#include "core/index_map.h"

namespace longwing::cpu {

enum class Form : std::uint8_t { kDirect, kOverlapSave, kOneTransform };

struct Choice {
  Form form = Form::kDirect;
  Factorization factorization;  ///< of the window, unless direct
  double cost = 0;              ///< modelled vector operations of a row
  double direct_cost = 0, overlap_save_cost = 0, one_transform_cost = 0;
};

/// The cheapest form by the model; a function of the spec's lengths, mode and element size and of the vector unit alone.
Choice choose_form(const LagMap& map, const VectorUnit& unit, std::size_t element_size);

}  // namespace longwing::cpu
