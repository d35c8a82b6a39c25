// Everything: include this and link longwing::longwing.
#pragma once

#include "longwing/backend.h"
#include "longwing/error.h"
#include "longwing/plan.h"
#include "longwing/spec.h"
#include "longwing/tensor_view.h"
#include "longwing/threads.h"
#include "longwing/types.h"
#include "longwing/version.h"
