#pragma once

#include <napi.h>

#include "vardiff/vardiff.h"

namespace otedama::vardiff {

// VardiffOptions of engine_types.ts.
Options options_of(const Napi::Object& object);

void define(Napi::Env env, Napi::Object exports);

}  // namespace otedama::vardiff
