// The miner as JavaScript sees it: conversion, and the way of a share from a mining thread to the event loop.
#include <napi.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <string>

#include "miner/miner.h"
#include "miner/numa.h"
#include "sha256/cpu_features.h"
#include "sha256/scan.h"

namespace {

using namespace otedama;

constexpr size_t WAITING_SHARES_MAX = 256;

Napi::Uint8Array bytes_field(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    throw Napi::TypeError::New(object.Env(), std::string(name) + " must be a Uint8Array");
  }
  return value.As<Napi::Uint8Array>();
}

miner::Bytes32 bytes32_field(const Napi::Object& object, const char* name) {
  const auto bytes = bytes_field(object, name);
  miner::Bytes32 out;
  if (bytes.ByteLength() != out.size()) throw Napi::RangeError::New(object.Env(), std::string(name) + " must have 32 bytes");
  std::memcpy(out.data(), bytes.Data(), out.size());
  return out;
}

uint32_t u32_field(const Napi::Object& object, const char* name, uint32_t max = UINT32_MAX) {
  const Napi::Value value = object.Get(name);
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  if (!(number >= 0 && number <= max) || number != static_cast<double>(static_cast<uint32_t>(number))) {
    throw Napi::RangeError::New(object.Env(), std::string(name) + " must be a whole number from 0 to " + std::to_string(max));
  }
  return static_cast<uint32_t>(number);
}

void append(std::vector<uint8_t>& out, const Napi::Uint8Array& bytes) { out.insert(out.end(), bytes.Data(), bytes.Data() + bytes.ByteLength()); }

std::shared_ptr<const miner::Job> job_of(const Napi::Object& object) {
  auto job = std::make_shared<miner::Job>();
  job->job_id = object.Get("job_id").ToString();
  job->prev_hash = bytes32_field(object, "prev_hash");
  append(job->coinbase_head, bytes_field(object, "coinbase_prefix"));
  append(job->coinbase_head, bytes_field(object, "extranonce1"));
  append(job->coinbase_tail, bytes_field(object, "coinbase_suffix"));
  job->extranonce2_bytes = u32_field(object, "extranonce2_size", 32);
  const auto branches = bytes_field(object, "merkle_branches");
  if (branches.ByteLength() % 32 != 0) throw Napi::RangeError::New(object.Env(), "merkle_branches must be a multiple of 32 bytes");
  job->merkle_branches.resize(branches.ByteLength() / 32);
  for (size_t i = 0; i < job->merkle_branches.size(); i++) std::memcpy(job->merkle_branches[i].data(), branches.Data() + 32 * i, 32);
  job->version = u32_field(object, "version");
  job->version_mask = u32_field(object, "version_mask");
  job->nbits = u32_field(object, "nbits");
  job->ntime = u32_field(object, "ntime");
  job->share_target = bytes32_field(object, "share_target");
  return job;
}

Napi::Value copied(Napi::Env env, const uint8_t* data, size_t bytes) {
  auto out = Napi::Uint8Array::New(env, bytes);
  std::memcpy(out.Data(), data, bytes);
  return out;
}

Napi::Object share_object(Napi::Env env, const miner::Share& share) {
  auto object = Napi::Object::New(env);
  object.Set("job_id", share.job_id);
  object.Set("extranonce2", copied(env, share.extranonce2.data(), share.extranonce2.size()));
  object.Set("ntime", Napi::Number::New(env, share.ntime));
  object.Set("nonce", Napi::Number::New(env, share.nonce));
  object.Set("version_bits", share.version_rolled ? Napi::Number::New(env, share.version_bits) : env.Null());
  object.Set("header", copied(env, share.header.data(), share.header.size()));
  object.Set("hash", copied(env, share.hash.data(), share.hash.size()));
  return object;
}

bool is_active(const sha256::ScanKernel& kernel) { return (active_features() & kernel.features) == kernel.features; }

// The kernel by name, or the fastest one when there is no name.
const sha256::ScanKernel& kernel_of(Napi::Env env, const Napi::Value& name) {
  if (name.IsUndefined() || name.IsNull()) return sha256::fastest_scan_kernel();
  const std::string wanted = name.ToString();
  size_t count;
  const sha256::ScanKernel* kernels = sha256::scan_kernels(count);
  for (size_t i = 0; i < count; i++) {
    if (wanted != kernels[i].name) continue;
    if (!is_active(kernels[i])) throw Napi::Error::New(env, "this CPU cannot run the kernel " + wanted);
    return kernels[i];
  }
  throw Napi::RangeError::New(env, "there is no kernel named " + wanted);
}

// new NativeMiner({threads, nice, kernel?}, on_share)
class NativeMiner : public Napi::ObjectWrap<NativeMiner> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "NativeMiner",
                       {InstanceMethod<&NativeMiner::set_job>("setJob"), InstanceMethod<&NativeMiner::pause>("pause"),
                        InstanceMethod<&NativeMiner::set_intensity>("setIntensity"),
                        InstanceMethod<&NativeMiner::counters>("counters"), InstanceMethod<&NativeMiner::stop>("stop")});
  }

  explicit NativeMiner(const Napi::CallbackInfo& info) : Napi::ObjectWrap<NativeMiner>(info) {
    const Napi::Env env = info.Env();
    if (!info[0].IsObject() || !info[1].IsFunction()) throw Napi::TypeError::New(env, "NativeMiner takes (options, on_share)");
    const auto options = info[0].As<Napi::Object>();
    miner::Options settings;
    settings.threads = u32_field(options, "threads", 8192);
    settings.nice_value = static_cast<int>(u32_field(options, "nice", 19));
    settings.kernel = &kernel_of(env, options.Get("kernel"));
    settings.waiting_shares_max = WAITING_SHARES_MAX;
    settings.on_share = [this] { signal(); };
    on_share_ = Napi::ThreadSafeFunction::New(env, info[1].As<Napi::Function>(), "otedama miner", 0, 1);
    miner_ = std::make_unique<miner::Miner>(std::move(settings));
    // Runs before the thread-safe function is taken down with the environment, so no thread calls into a dead one.
    napi_add_env_cleanup_hook(env, stop_threads, this);
    Ref();
  }

  ~NativeMiner() override {
    if (miner_) miner_->stop();
  }

 private:
  static void stop_threads(void* self) { static_cast<NativeMiner*>(self)->miner_->stop(); }

  // From a mining thread: wakes the event loop once for however many shares wait.
  void signal() {
    if (signalled_.exchange(true)) return;
    on_share_.NonBlockingCall([this](Napi::Env env, Napi::Function callback) {
      signalled_.store(false);
      for (const miner::Share& share : miner_->take_shares()) callback.Call({share_object(env, share)});
    });
  }

  void set_job(const Napi::CallbackInfo& info) {
    if (!info[0].IsObject()) throw Napi::TypeError::New(info.Env(), "setJob takes a job");
    miner_->set_job(job_of(info[0].As<Napi::Object>()));
  }

  void pause(const Napi::CallbackInfo&) { miner_->set_job(nullptr); }

  void set_intensity(const Napi::CallbackInfo& info) {
    const double percent = info[0].IsNumber() ? info[0].As<Napi::Number>().DoubleValue() : 0;
    if (!(percent >= 1 && percent <= 100)) throw Napi::RangeError::New(info.Env(), "intensity must be from 1 to 100 percent");
    miner_->set_intensity(static_cast<uint32_t>(percent));
  }

  Napi::Value counters(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    const auto threads = miner_->counters();
    auto hashes = Napi::Array::New(env, threads.size());
    double errors = 0, search_ns = 0;
    for (size_t i = 0; i < threads.size(); i++) {
      hashes.Set(static_cast<uint32_t>(i), Napi::Number::New(env, static_cast<double>(threads[i].hashes)));
      errors += static_cast<double>(threads[i].hardware_errors);
      search_ns += static_cast<double>(threads[i].search_ns);
    }
    auto object = Napi::Object::New(env);
    object.Set("kernel", miner_->kernel().name);
    object.Set("thread_hashes", hashes);
    object.Set("hardware_errors", errors);
    object.Set("search_ms", search_ns / 1e6);
    return object;
  }

  void stop(const Napi::CallbackInfo&) {
    if (stopped_) return;
    stopped_ = true;
    miner_->stop();
    napi_remove_env_cleanup_hook(Env(), stop_threads, this);
    on_share_.Abort();
    Unref();
  }

  std::unique_ptr<miner::Miner> miner_;
  Napi::ThreadSafeFunction on_share_;
  std::atomic<bool> signalled_{false};
  bool stopped_ = false;
};

class BenchWorker : public Napi::AsyncWorker {
 public:
  BenchWorker(Napi::Env env, const sha256::ScanKernel& kernel, uint32_t threads, uint32_t versions, uint32_t duration_ms)
      : Napi::AsyncWorker(env),
        deferred_(Napi::Promise::Deferred::New(env)),
        kernel_(kernel),
        threads_(threads),
        versions_(versions),
        duration_ms_(duration_ms) {}
  Napi::Promise promise() const { return deferred_.Promise(); }

 protected:
  void Execute() override { rate_ = miner::bench(kernel_, threads_, versions_, duration_ms_); }
  void OnOK() override { deferred_.Resolve(Napi::Number::New(Env(), rate_)); }
  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  Napi::Promise::Deferred deferred_;
  const sha256::ScanKernel& kernel_;
  uint32_t threads_;
  uint32_t versions_;
  uint32_t duration_ms_;
  double rate_ = 0;
};

Napi::Value bench_sha256d(const Napi::CallbackInfo& info) {
  const auto options = info[0].As<Napi::Object>();
  const sha256::ScanKernel& kernel = kernel_of(info.Env(), options.Get("kernel"));
  const uint32_t versions = u32_field(options, "versions", sha256::SCAN_VERSIONS_MAX);
  if (versions == 0) throw Napi::RangeError::New(info.Env(), "versions must be at least 1");
  const uint32_t threads = u32_field(options, "threads", 8192), duration_ms = u32_field(options, "duration_ms", 600'000);
  auto* worker = new BenchWorker(info.Env(), kernel, threads, versions, duration_ms);
  const Napi::Promise promise = worker->promise();
  worker->Queue();
  return promise;
}

Napi::Value kernels(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  size_t count;
  const sha256::ScanKernel* all = sha256::scan_kernels(count);
  auto list = Napi::Array::New(env, count);
  for (size_t i = 0; i < count; i++) {
    auto object = Napi::Object::New(env);
    object.Set("name", all[i].name);
    object.Set("lanes", Napi::Number::New(env, all[i].lanes));
    object.Set("supported", (cpu_features() & all[i].features) == all[i].features);
    object.Set("active", is_active(all[i]));
    list.Set(static_cast<uint32_t>(i), object);
  }
  return list;
}

// scanNonces({kernel, headers, first, count, bound}): the hits of one search over 1 … 4 headers that differ in their first 64 bytes
// only, for checks on known blocks.
Napi::Value scan_nonces(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto options = info[0].As<Napi::Object>();
  const sha256::ScanKernel& kernel = kernel_of(env, options.Get("kernel"));
  const auto headers = bytes_field(options, "headers");
  const size_t versions = headers.ByteLength() / 80;
  const uint32_t first = u32_field(options, "first"), count = u32_field(options, "count", 1u << 24);
  if (versions < 1 || versions > sha256::SCAN_VERSIONS_MAX || headers.ByteLength() % 80 != 0) {
    throw Napi::RangeError::New(env, "headers must be 1 to 4 block headers of 80 bytes");
  }
  if (first % sha256::SCAN_LANES_MAX != 0 || count % sha256::SCAN_LANES_MAX != 0) {
    throw Napi::RangeError::New(env, "first and count must be multiples of 16");
  }
  sha256::ScanJob job;
  job.versions = static_cast<uint32_t>(versions);
  job.bound = u32_field(options, "bound");
  for (size_t v = 0; v < versions; v++) {
    sha256::State midstate = sha256::INITIAL_STATE;
    sha256::compress(midstate, headers.Data() + 80 * v, 1);
    std::memcpy(job.midstate[v], midstate.data(), sizeof midstate);
  }
  for (int i = 0; i < 3; i++) job.tail[i] = sha256::load_be32(headers.Data() + 64 + 4 * i);
  std::vector<sha256::ScanHit> hits(4096);
  auto list = Napi::Array::New(env);
  for (uint32_t done = 0; done < count;) {
    const auto result = kernel.scan(job, first + done, count - done, hits.data(), static_cast<uint32_t>(hits.size()));
    done += result.scanned;
    for (uint32_t i = 0; i < result.hits; i++) {
      auto hit = Napi::Object::New(env);
      hit.Set("nonce", Napi::Number::New(env, hits[i].nonce));
      hit.Set("version", Napi::Number::New(env, hits[i].version));
      list.Set(list.Length(), hit);
    }
  }
  return list;
}

Napi::Value numa_nodes(const Napi::CallbackInfo& info) {
  const auto nodes = miner::cpus_by_node();
  auto list = Napi::Array::New(info.Env(), nodes.size());
  for (size_t n = 0; n < nodes.size(); n++) {
    auto cpus = Napi::Array::New(info.Env(), nodes[n].size());
    for (size_t i = 0; i < nodes[n].size(); i++) cpus.Set(static_cast<uint32_t>(i), Napi::Number::New(info.Env(), nodes[n][i]));
    list.Set(static_cast<uint32_t>(n), cpus);
  }
  return list;
}

}  // namespace

void init_miner(Napi::Env env, Napi::Object exports) {
  const auto add = [&](const char* name, auto function) { exports.Set(name, Napi::Function::New(env, function, name)); };
  exports.Set("NativeMiner", NativeMiner::define(env));
  add("benchSha256d", bench_sha256d);
  add("kernels", kernels);
  add("fastestKernel",
      [](const Napi::CallbackInfo& info) -> Napi::Value { return Napi::String::New(info.Env(), sha256::fastest_scan_kernel().name); });
  add("scanNonces", scan_nonces);
  add("numaNodes", numa_nodes);
}
