// GPUs as JavaScript sees them. The driver is asked on a thread of the pool: it may take its time, and mining does not wait for it.
#include <napi.h>

#include "gpu/nvml.h"

namespace {

using otedama::gpu::NvmlDevice;

class NvmlWorker : public Napi::AsyncWorker {
 public:
  NvmlWorker(Napi::Env env, std::string library)
      : Napi::AsyncWorker(env), deferred_(Napi::Promise::Deferred::New(env)), library_(std::move(library)) {}
  Napi::Promise promise() const { return deferred_.Promise(); }

 protected:
  void Execute() override { devices_ = otedama::gpu::read_nvml(library_.c_str()); }

  void OnOK() override {
    const Napi::Env env = Env();
    auto list = Napi::Array::New(env, devices_.size());
    for (size_t i = 0; i < devices_.size(); i++) list.Set(static_cast<uint32_t>(i), object(env, devices_[i]));
    deferred_.Resolve(list);
  }
  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  template <typename Number>
  static Napi::Value value(Napi::Env env, const std::optional<Number>& number) {
    return number ? Napi::Value(Napi::Number::New(env, static_cast<double>(*number))) : env.Null();
  }

  static Napi::Object object(Napi::Env env, const NvmlDevice& device) {
    auto object = Napi::Object::New(env);
    object.Set("name", device.name);
    object.Set("uuid", device.uuid);
    object.Set("temperature_c", value(env, device.temperature_c));
    object.Set("fan_percent", value(env, device.fan_percent));
    object.Set("power_watts", value(env, device.power_watts));
    object.Set("power_limit_watts", value(env, device.power_limit_watts));
    object.Set("graphics_mhz", value(env, device.graphics_mhz));
    object.Set("memory_mhz", value(env, device.memory_mhz));
    object.Set("memory_total_bytes", value(env, device.memory_total_bytes));
    object.Set("memory_used_bytes", value(env, device.memory_used_bytes));
    return object;
  }

  Napi::Promise::Deferred deferred_;
  std::string library_;
  std::vector<NvmlDevice> devices_;
};

Napi::Value read_nvml(const Napi::CallbackInfo& info) {
  auto* worker = new NvmlWorker(info.Env(), info[0].ToString());
  const Napi::Promise promise = worker->promise();
  worker->Queue();
  return promise;
}

}  // namespace

void init_gpu(Napi::Env env, Napi::Object exports) { exports.Set("readNvml", Napi::Function::New(env, read_nvml, "readNvml")); }
