// Node's door to the native half: each part registers its own functions.
#include <napi.h>

void init_kernels(Napi::Env env, Napi::Object exports);
void init_resident(Napi::Env env, Napi::Object exports);
// Weak, so that the kernels also link (and are measured) without the Stratum engine.
__attribute__((weak)) void init_engine(Napi::Env env, Napi::Object exports);

static Napi::Object init(Napi::Env env, Napi::Object exports) {
  init_kernels(env, exports);
  init_resident(env, exports);
  if (init_engine) init_engine(env, exports);
  return exports;
}

NODE_API_MODULE(otedama, init)
