// Reading plain values out of JavaScript objects that TypeScript has checked.
#pragma once

#include <napi.h>

#include <cstdint>
#include <string>

namespace otedama::napi_values {

inline double number(const Napi::Object& object, const char* name) { return object.Get(name).ToNumber().DoubleValue(); }
inline uint32_t number_u32(const Napi::Object& object, const char* name) { return object.Get(name).ToNumber().Uint32Value(); }
inline std::string text(const Napi::Object& object, const char* name) { return object.Get(name).ToString().Utf8Value(); }

}  // namespace otedama::napi_values
