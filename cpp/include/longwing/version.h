// The version of the headers; `version()` is that of the linked library.
#pragma once

#define LONGWING_VERSION_MAJOR 0
#define LONGWING_VERSION_MINOR 1
#define LONGWING_VERSION_PATCH 0

namespace longwing {

/// "major.minor.patch" of the library that is linked.
const char* version();

}  // namespace longwing
