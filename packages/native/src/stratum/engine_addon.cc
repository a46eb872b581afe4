// The engine as JavaScript sees it: conversion only. engine.ts is its face.
#include <napi.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "load/load_addon.h"
#include "napi_values.h"
#include "stratum/engine.h"
#include "stratum/hex.h"
#include "stratum/options_addon.h"
#include "vardiff/vardiff_addon.h"

namespace {

using namespace otedama;
using namespace otedama::stratum;
using napi_values::number;
using napi_values::number_u32;

std::vector<uint8_t> bytes(const Napi::Object& object, const char* name) {
  const auto array = object.Get(name).As<Napi::Uint8Array>();
  return {array.Data(), array.Data() + array.ByteLength()};
}

Napi::Uint8Array array_of(Napi::Env env, const uint8_t* data, size_t size) {
  auto array = Napi::Uint8Array::New(env, size);
  std::copy_n(data, size, array.Data());
  return array;
}

struct EventToObject {
  Napi::Env env;
  Napi::Object object;

  void set(const char* name, const std::string& value) { object.Set(name, Napi::String::New(env, value)); }
  void set(const char* name, double value) { object.Set(name, Napi::Number::New(env, value)); }

  void operator()(const AuthorizeEvent& event) {
    set("kind", std::string("authorize"));
    set("connection_id", static_cast<double>(event.connection_id));
    set("request_number", event.request_number);
    set("user", event.user);
    set("password", event.password);
    set("user_agent", event.user_agent);
    set("remote_address", event.remote_address);
  }
  void operator()(const BlockEvent& event) {
    uint8_t display[32];
    for (size_t i = 0; i < 32; i++) display[i] = event.hash[31 - i];
    set("kind", std::string("block"));
    set("candidate_id", static_cast<double>(event.candidate_id));
    set("worker_id", event.worker_id);
    set("job_number", event.job_number);
    object.Set("header", array_of(env, event.header, sizeof event.header));
    object.Set("coinbase", array_of(env, event.coinbase.data(), event.coinbase.size()));
    set("hash", hex_of(display, 32));
    set("share_difficulty", event.share_difficulty);
    set("at_ms", static_cast<double>(event.at_ms));
    object.Set("accepted", Napi::Boolean::New(env, event.accepted));
  }
  void operator()(const ClosedEvent& event) {
    set("kind", std::string("closed"));
    set("connection_id", static_cast<double>(event.connection_id));
    set("reason", std::string(event.reason));
  }
  void operator()(const BannedEvent& event) {
    set("kind", std::string("banned"));
    set("remote_address", event.remote_address);
    set("reason", event.reason);
    set("seconds", event.seconds);
  }
  void operator()(const TlsEvent& event) {
    set("kind", std::string("tls"));
    set("fd", std::exchange(event.sockets->fd, -1));
    set("plain_fd", std::exchange(event.sockets->plain_fd, -1));
    object.Set("head", array_of(env, reinterpret_cast<const uint8_t*>(event.head.data()), event.head.size()));
    set("remote_address", event.remote_address);
  }
  void operator()(const FaultEvent& event) {
    set("kind", std::string("fault"));
    set("part", std::string(event.part));
    object.Set("message", event.over ? env.Null() : Napi::String::New(env, event.message).As<Napi::Value>());
  }
  void operator()(const HandedOverEvent&) { set("kind", std::string("handed_over")); }
};

// Engine threads wake JavaScript's with one call for a batch of events.
class NativeEngine : public Napi::ObjectWrap<NativeEngine> {
 public:
  static void define(Napi::Env env, Napi::Object exports) {
    exports.Set("NativeEngine", DefineClass(env, "NativeEngine",
                                            {InstanceMethod<&NativeEngine::start>("start"), InstanceMethod<&NativeEngine::stop>("stop"),
                                             InstanceMethod<&NativeEngine::take_over>("takeOver"),
                                             InstanceMethod<&NativeEngine::offer_takeover>("offerTakeover"),
                                             InstanceMethod<&NativeEngine::set_job>("setJob"),
                                             InstanceMethod<&NativeEngine::set_extranonce_prefix>("setExtranoncePrefix"),
                                             InstanceMethod<&NativeEngine::set_vardiff>("setVardiff"),
                                             InstanceMethod<&NativeEngine::authorize_result>("authorizeResult"),
                                             InstanceMethod<&NativeEngine::block_stored>("blockStored"),
                                             InstanceMethod<&NativeEngine::log_block>("logBlock"),
                                             InstanceMethod<&NativeEngine::set_difficulty>("setDifficulty"),
                                             InstanceMethod<&NativeEngine::send_line>("sendLine"), InstanceMethod<&NativeEngine::ban>("ban"),
                                             InstanceMethod<&NativeEngine::stats>("stats"), InstanceMethod<&NativeEngine::sessions>("sessions")}));
  }

  // new NativeEngine(options, onEvents)
  explicit NativeEngine(const Napi::CallbackInfo& info) : Napi::ObjectWrap<NativeEngine>(info) {
    Options options = options_of(info[0].As<Napi::Object>());
    door_ = std::make_shared<Door>();
    door_->engine = this;
    // When the environment ends first, the function is gone before this object is.
    door_->waker = Waker::New(
        info.Env(), info[1].As<Napi::Function>(), "stratum engine events", 0, 1, door_.get(),
        [](Napi::Env, std::shared_ptr<Door>* door, Door*) {
          (*door)->shut();
          delete door;
        },
        new std::shared_ptr<Door>(door_));
    engine_ = std::make_unique<Engine>(std::move(options), [door = door_] { door->wake(); });
    // An engine that was never started does not keep the process alive.
    door_->waker.Unref(info.Env());
  }

  ~NativeEngine() override {
    engine_.reset();
    door_->engine = nullptr;
    if (door_->shut()) door_->waker.Release();
  }

 private:
  struct Door;

  static void deliver(Napi::Env env, Napi::Function on_events, Door* door, void*) {
    if (!env || !door->engine || !door->engine->engine_) return;
    const auto events = door->engine->engine_->take_events();
    if (events.empty()) return;
    auto list = Napi::Array::New(env, events.size());
    for (uint32_t i = 0; i < events.size(); i++) {
      EventToObject convert{env, Napi::Object::New(env)};
      std::visit(convert, events[i]);
      list.Set(i, convert.object);
    }
    on_events.Call({list});
  }

  using Waker = Napi::TypedThreadSafeFunction<Door, void, deliver>;

  // The way from engine threads to JavaScript's, and whether it is still open.
  struct Door {
    std::mutex mutex;
    bool open = true;
    Waker waker;
    NativeEngine* engine = nullptr;

    void wake() {
      std::lock_guard guard(mutex);
      if (open) waker.NonBlockingCall();
    }
    // Whether this call was the one that shut it.
    bool shut() {
      std::lock_guard guard(mutex);
      return std::exchange(open, false);
    }
  };

  // Stops the engine off JavaScript's thread, because it waits for the disk.
  class StopWorker : public Napi::AsyncWorker {
   public:
    StopWorker(Napi::Env env, NativeEngine* owner)
        : Napi::AsyncWorker(env, "stratum engine stop"), deferred_(Napi::Promise::Deferred::New(env)), owner_(owner) {
      owner_->Ref();
    }
    Napi::Promise promise() { return deferred_.Promise(); }
    void Execute() override { owner_->engine_->stop(); }
    void OnOK() override {
      owner_->door_->waker.Unref(Env());
      owner_->Unref();
      deferred_.Resolve(Env().Undefined());
    }
    void OnError(const Napi::Error& error) override {
      owner_->Unref();
      deferred_.Reject(error.Value());
    }

   private:
    Napi::Promise::Deferred deferred_;
    NativeEngine* owner_;
  };

  template <typename Do>
  static auto with_errors(Napi::Env env, Do act) {
    try {
      return act();
    } catch (const share_log::Fault& fault) {
      throw Napi::Error::New(env, fault.message);
    } catch (const std::runtime_error& error) {
      throw Napi::Error::New(env, error.what());
    }
  }

  Napi::Value start(const Napi::CallbackInfo& info) {
    return listening(info, with_errors(info.Env(), [&] { return engine_->start(); }));
  }

  Napi::Value take_over(const Napi::CallbackInfo& info) {
    return listening(info, with_errors(info.Env(), [&] { return engine_->take_over(info[0].ToString().Utf8Value()); }));
  }

  void offer_takeover(const Napi::CallbackInfo& info) { engine_->offer_takeover(info[0].ToString().Utf8Value()); }

  Napi::Value listening(const Napi::CallbackInfo& info, const std::vector<Listen>& bound) {
    door_->waker.Ref(info.Env());
    auto list = Napi::Array::New(info.Env(), bound.size());
    for (uint32_t i = 0; i < bound.size(); i++) {
      auto address = Napi::Object::New(info.Env());
      address.Set("host", bound[i].host);
      address.Set("port", Napi::Number::New(info.Env(), bound[i].port));
      list.Set(i, address);
    }
    return list;
  }

  Napi::Value stop(const Napi::CallbackInfo& info) {
    auto* worker = new StopWorker(info.Env(), this);
    const Napi::Promise promise = worker->promise();
    worker->Queue();
    return promise;
  }

  void set_job(const Napi::CallbackInfo& info) {
    const auto object = info[0].As<Napi::Object>();
    JobFields job;
    job.number = number_u32(object, "job_number");
    job.height = number_u32(object, "height");
    const auto prev_hash = bytes(object, "prev_hash");
    std::copy_n(prev_hash.begin(), 32, job.prev_hash);
    job.coinbase_prefix = bytes(object, "coinbase_prefix");
    job.coinbase_suffix = bytes(object, "coinbase_suffix");
    job.merkle_branches = bytes(object, "merkle_branches");
    job.version = static_cast<uint32_t>(static_cast<int64_t>(number(object, "version")));
    job.nbits = number_u32(object, "nbits");
    job.ntime = number_u32(object, "ntime");
    job.clean = object.Get("clean").ToBoolean();
    job.template_at_ms = number(object, "template_at_ms");
    with_errors(info.Env(), [&] { engine_->set_job(std::move(job)); });
  }

  void set_extranonce_prefix(const Napi::CallbackInfo& info) { engine_->set_extranonce_prefix(static_cast<uint16_t>(info[0].ToNumber().Uint32Value())); }

  void set_vardiff(const Napi::CallbackInfo& info) {
    const auto object = info[0].As<Napi::Object>();
    engine_->set_vardiff(vardiff::options_of(object), number(object, "initial"));
  }

  static uint64_t id(const Napi::Value& value) { return static_cast<uint64_t>(value.ToNumber().Int64Value()); }

  // authorizeResult(connection_id, request_number, accepted, worker_id, difficulty or 0, message)
  void authorize_result(const Napi::CallbackInfo& info) {
    AuthorizeAnswer answer;
    answer.accepted = info[2].ToBoolean();
    answer.worker_id = info[3].ToNumber().Uint32Value();
    answer.difficulty = info[4].ToNumber().DoubleValue();
    answer.message = info[5].ToString().Utf8Value();
    engine_->authorize_result(id(info[0]), info[1].ToNumber().Uint32Value(), std::move(answer));
  }

  void block_stored(const Napi::CallbackInfo& info) { engine_->block_stored(id(info[0])); }

  // logBlock(hash in wire order, worker_id, job_number, share_difficulty, found_at_ms)
  Napi::Value log_block(const Napi::CallbackInfo& info) {
    const auto hash = info[0].As<Napi::Uint8Array>();
    const bool logged = engine_->log_block(hash.Data(), info[1].ToNumber().Uint32Value(), info[2].ToNumber().Uint32Value(),
                                           info[3].ToNumber().DoubleValue(), id(info[4]));
    return Napi::Boolean::New(info.Env(), logged);
  }

  void set_difficulty(const Napi::CallbackInfo& info) { engine_->set_difficulty(id(info[0]), info[1].ToNumber().DoubleValue()); }

  // sendLine(line, connection_id or undefined)
  void send_line(const Napi::CallbackInfo& info) {
    const uint64_t connection_id = info[1].IsNumber() ? id(info[1]) : 0;
    engine_->send_line(info[0].ToString().Utf8Value(), info[1].IsNumber() ? &connection_id : nullptr);
  }

  void ban(const Napi::CallbackInfo& info) {
    const auto address = Address::parse(info[0].ToString().Utf8Value());
    if (!address) throw Napi::RangeError::New(info.Env(), "\"" + info[0].ToString().Utf8Value() + "\" is not an address that can be banned");
    engine_->ban(*address, info[1].ToNumber().DoubleValue(), info[2].ToString().Utf8Value());
  }

  static Napi::Object histogram(Napi::Env env, const Histogram& histogram) {
    auto object = Napi::Object::New(env);
    auto counts = Napi::Array::New(env, histogram.counts.size());
    uint64_t cumulative = 0;
    for (uint32_t i = 0; i < histogram.counts.size(); i++) {
      cumulative += histogram.counts[i];
      counts.Set(i, Napi::Number::New(env, static_cast<double>(cumulative)));
    }
    object.Set("counts", counts);
    object.Set("sum", Napi::Number::New(env, static_cast<double>(histogram.sum_ns) / 1e6));
    return object;
  }

  Napi::Value stats(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    const EngineStats stats = engine_->stats();
    const Counters& counters = stats.counters;
    auto object = Napi::Object::New(env);
    const auto set = [&](const char* name, uint64_t value) { object.Set(name, Napi::Number::New(env, static_cast<double>(value))); };
    set("connections", counters.connections);
    set("subscribed", counters.subscribed);
    set("authorized", counters.authorized);
    set("tls_connections", stats.tls_connections);
    auto shares = Napi::Array::New(env, SHARE_RESULTS);
    for (uint32_t i = 0; i < SHARE_RESULTS; i++) shares.Set(i, Napi::Number::New(env, static_cast<double>(counters.shares[i])));
    object.Set("shares", shares);
    set("not_subscribed", counters.not_subscribed);
    set("blocks", counters.blocks);
    set("connects_total", counters.connects);
    auto closed = Napi::Object::New(env);
    for (size_t i = 0; i < CLOSE_REASONS; i++) closed.Set(CLOSE_REASON_NAMES[i], Napi::Number::New(env, static_cast<double>(counters.closed[i])));
    object.Set("closed", closed);
    set("refused_connects", counters.refused_connects);
    set("bad_lines", counters.bad_lines);
    set("bytes_in", counters.bytes_in);
    set("bytes_out", counters.bytes_out);
    set("retargets", counters.retargets);
    set("bans_active", stats.bans_active);
    object.Set("answer_ms", histogram(env, counters.answer));
    auto notify = histogram(env, counters.notify);
    notify.Set("last", counters.notify_last_ns < 0 ? env.Null() : Napi::Number::New(env, static_cast<double>(counters.notify_last_ns) / 1e6).As<Napi::Value>());
    object.Set("notify_ms", notify);
    auto log = Napi::Object::New(env);
    log.Set("segment", Napi::Number::New(env, static_cast<double>(stats.share_log.segment)));
    log.Set("bytes", Napi::Number::New(env, static_cast<double>(stats.share_log.bytes)));
    log.Set("records", Napi::Number::New(env, static_cast<double>(stats.share_log.records)));
    log.Set("syncs", Napi::Number::New(env, static_cast<double>(stats.share_log.syncs)));
    log.Set("faulted", Napi::Boolean::New(env, stats.share_log.faulted));
    object.Set("share_log", log);
    return object;
  }

  Napi::Value sessions(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    const auto sessions = engine_->sessions();
    auto list = Napi::Array::New(env, sessions.size());
    for (uint32_t i = 0; i < sessions.size(); i++) {
      const SessionInfo& session = sessions[i];
      auto object = Napi::Object::New(env);
      object.Set("connection_id", Napi::Number::New(env, static_cast<double>(session.connection_id)));
      object.Set("worker_id", Napi::Number::New(env, session.worker_id));
      object.Set("remote_address", session.remote_address);
      object.Set("user_agent", session.user_agent);
      object.Set("difficulty", Napi::Number::New(env, session.difficulty));
      object.Set("connected_at_ms", Napi::Number::New(env, static_cast<double>(session.connected_at_ms)));
      object.Set("last_share_at_ms",
                 session.last_share_at_ms == 0 ? env.Null() : Napi::Number::New(env, static_cast<double>(session.last_share_at_ms)).As<Napi::Value>());
      list.Set(i, object);
    }
    return list;
  }

  std::shared_ptr<Door> door_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace

void init_engine(Napi::Env env, Napi::Object exports) {
  NativeEngine::define(env, exports);
  otedama::vardiff::define(env, exports);
  otedama::load::define(env, exports);
}
