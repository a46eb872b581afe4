// The load generator as JavaScript sees it: conversion only. load.ts is its face.
#include "load/load_addon.h"

#include <memory>
#include <string>

#include "load/generator.h"
#include "load/plain_server.h"
#include "napi_values.h"

namespace otedama::load {

using napi_values::number;
using napi_values::number_u32;
using napi_values::text;

namespace {

Napi::Object object_of(Napi::Env env, const RunResult& result) {
  auto object = Napi::Object::New(env);
  const auto set = [&](const char* name, double value) { object.Set(name, Napi::Number::New(env, value)); };
  set("elapsed_s", result.elapsed_s);
  set("sent", static_cast<double>(result.sent));
  set("accepted", static_cast<double>(result.accepted));
  auto refused = Napi::Object::New(env);
  for (size_t i = 0; i < result.refused.size(); i++) {
    refused.Set(i < 6 ? std::to_string(20 + i) : "other", Napi::Number::New(env, static_cast<double>(result.refused[i])));
  }
  object.Set("refused", refused);
  set("skipped", static_cast<double>(result.skipped));
  set("disconnected", static_cast<double>(result.disconnected));
  set("p50_ms", result.p50_ms);
  set("p99_ms", result.p99_ms);
  set("p999_ms", result.p999_ms);
  return object;
}

// Waits for a future off JavaScript's thread.
template <typename Value, typename Convert>
class Wait : public Napi::AsyncWorker {
 public:
  Wait(Napi::Env env, std::future<Value> future, Convert convert)
      : Napi::AsyncWorker(env, "stratum load"), deferred_(Napi::Promise::Deferred::New(env)), future_(std::move(future)), convert_(convert) {}
  Napi::Promise promise() { return deferred_.Promise(); }
  void Execute() override {
    try {
      if constexpr (std::is_void_v<Value>) {
        future_.get();
      } else {
        value_ = future_.get();
      }
    } catch (const std::exception& error) {
      SetError(error.what());
    }
  }
  void OnOK() override {
    if constexpr (std::is_void_v<Value>) {
      deferred_.Resolve(Env().Undefined());
    } else {
      deferred_.Resolve(convert_(Env(), value_));
    }
  }
  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  Napi::Promise::Deferred deferred_;
  std::future<Value> future_;
  Convert convert_;
  std::conditional_t<std::is_void_v<Value>, int, Value> value_{};
};

template <typename Value, typename Convert>
Napi::Value wait_for(Napi::Env env, std::future<Value> future, Convert convert) {
  auto* worker = new Wait<Value, Convert>(env, std::move(future), convert);
  const auto promise = worker->promise();
  worker->Queue();
  return promise;
}

class NativeCrowd : public Napi::ObjectWrap<NativeCrowd> {
 public:
  static Napi::Function make(Napi::Env env) {
    return DefineClass(env, "NativeCrowd",
                       {InstanceMethod<&NativeCrowd::connected>("connected"), InstanceMethod<&NativeCrowd::run>("run"),
                        InstanceMethod<&NativeCrowd::ready>("ready"), InstanceMethod<&NativeCrowd::arrivals>("arrivals"),
                        InstanceMethod<&NativeCrowd::close>("close")});
  }

  explicit NativeCrowd(const Napi::CallbackInfo& info) : Napi::ObjectWrap<NativeCrowd>(info) {
    const auto object = info[0].As<Napi::Object>();
    CrowdOptions options;
    options.host = text(object, "host");
    options.port = static_cast<uint16_t>(number_u32(object, "port"));
    options.workers = number_u32(object, "workers");
    options.source_addresses = number_u32(object, "source_addresses");
    options.user = text(object, "user");
    options.password = text(object, "password");
    crowd_ = std::make_unique<Crowd>(std::move(options));
  }

 private:
  Napi::Value connected(const Napi::CallbackInfo& info) {
    return wait_for(info.Env(), crowd_->connected(), [](Napi::Env env, int) { return env.Undefined(); });
  }
  Napi::Value run(const Napi::CallbackInfo& info) {
    const auto object = info[0].As<Napi::Object>();
    RunOptions options;
    options.duration_s = number(object, "duration_s");
    options.rate = number(object, "rate");
    options.in_flight = number_u32(object, "in_flight");
    return wait_for(info.Env(), crowd_->run(options), [](Napi::Env env, const RunResult& result) -> Napi::Value { return object_of(env, result); });
  }
  Napi::Value ready(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), crowd_->ready()); }
  Napi::Value arrivals(const Napi::CallbackInfo& info) {
    const auto arrivals = crowd_->arrivals();
    auto list = Napi::Array::New(info.Env(), arrivals.size());
    for (uint32_t i = 0; i < arrivals.size(); i++) {
      auto object = Napi::Object::New(info.Env());
      object.Set("job_id", arrivals[i].job_id);
      object.Set("miners", Napi::Number::New(info.Env(), arrivals[i].miners));
      object.Set("first_ms", Napi::Number::New(info.Env(), static_cast<double>(arrivals[i].first_ns) / 1e6));
      object.Set("last_ms", Napi::Number::New(info.Env(), static_cast<double>(arrivals[i].last_ns) / 1e6));
      list.Set(i, object);
    }
    return list;
  }
  void close(const Napi::CallbackInfo&) { crowd_.reset(); }

  std::unique_ptr<Crowd> crowd_;
};

class NativePlainServer : public Napi::ObjectWrap<NativePlainServer> {
 public:
  static Napi::Function make(Napi::Env env) {
    return DefineClass(env, "NativePlainServer",
                       {InstanceMethod<&NativePlainServer::port>("port"), InstanceMethod<&NativePlainServer::broadcast>("broadcast"),
                        InstanceMethod<&NativePlainServer::close>("close")});
  }
  explicit NativePlainServer(const Napi::CallbackInfo& info)
      : Napi::ObjectWrap<NativePlainServer>(info), server_(std::make_unique<PlainServer>(info[0].ToString().Utf8Value())) {}

 private:
  Napi::Value port(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), server_->port()); }
  void broadcast(const Napi::CallbackInfo& info) {
    if (server_) server_->broadcast(info[0].ToString().Utf8Value());
  }
  void close(const Napi::CallbackInfo&) { server_.reset(); }

  std::unique_ptr<PlainServer> server_;
};

}  // namespace

void define(Napi::Env env, Napi::Object exports) {
  exports.Set("NativeCrowd", NativeCrowd::make(env));
  exports.Set("NativePlainServer", NativePlainServer::make(env));
}

}  // namespace otedama::load
