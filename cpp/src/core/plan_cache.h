// The plans that were made and are still worth keeping: least recently used out first, bounded in bytes.
#pragma once

#include <memory>

#include "longwing/backend.h"

namespace longwing {

/// The plan of a validated spec, from the cache or made now. Two threads that miss together may both make it; one is kept.
std::shared_ptr<const PlanImplementation> cached_plan(const ConvSpec& spec);

}  // namespace longwing
