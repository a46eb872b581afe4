#pragma once

#include <napi.h>

#include "stratum/options.h"

namespace otedama::stratum {

// EngineOptions of engine_types.ts, with all defaults filled in. Throws Napi::RangeError where a network cannot be read.
Options options_of(const Napi::Object& object);

}  // namespace otedama::stratum
