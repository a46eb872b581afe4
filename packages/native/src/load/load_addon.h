#pragma once

#include <napi.h>

namespace otedama::load {

void define(Napi::Env env, Napi::Object exports);

}  // namespace otedama::load
