// The kernels as JavaScript sees them: conversion only.
#include <napi.h>

#include <vector>

#include "sha256/cpu_features.h"
#include "sha256/message_template.h"

namespace {

using namespace otedama;

const uint8_t* bytes_of(const Napi::CallbackInfo& info, size_t index, size_t& size) {
  if (!info[index].IsTypedArray() || info[index].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    throw Napi::TypeError::New(info.Env(), "argument " + std::to_string(index + 1) + " must be a Uint8Array");
  }
  const auto array = info[index].As<Napi::Uint8Array>();
  size = array.ByteLength();
  return array.Data();
}

Napi::Value digest(const Napi::CallbackInfo& info, void (*hash)(const uint8_t*, size_t, uint8_t*)) {
  size_t size;
  const uint8_t* data = bytes_of(info, 0, size);
  auto out = Napi::Uint8Array::New(info.Env(), sha256::DIGEST_BYTES);
  hash(data, size, out.Data());
  return out;
}

Napi::Value digests(const Napi::CallbackInfo& info, size_t message_bytes, void (*hash)(const uint8_t*, uint8_t*, size_t)) {
  size_t size;
  const uint8_t* data = bytes_of(info, 0, size);
  if (size % message_bytes != 0) throw Napi::RangeError::New(info.Env(), "length must be a multiple of " + std::to_string(message_bytes));
  const size_t count = size / message_bytes;
  auto out = Napi::Uint8Array::New(info.Env(), count * sha256::DIGEST_BYTES);
  hash(data, out.Data(), count);
  return out;
}

// merkleClimbMany(nodes, branches): see sha256.h.
Napi::Value merkle_climb_many(const Napi::CallbackInfo& info) {
  size_t nodes_size, branches_size;
  const uint8_t* nodes = bytes_of(info, 0, nodes_size);
  const uint8_t* branches = bytes_of(info, 1, branches_size);
  if (nodes_size % sha256::DIGEST_BYTES != 0 || branches_size % sha256::DIGEST_BYTES != 0) {
    throw Napi::RangeError::New(info.Env(), "length must be a multiple of 32");
  }
  auto out = Napi::Uint8Array::New(info.Env(), nodes_size);
  std::copy_n(nodes, nodes_size, out.Data());
  sha256::merkle_climb_many(out.Data(), nodes_size / sha256::DIGEST_BYTES, branches, branches_size / sha256::DIGEST_BYTES);
  return out;
}

// sha256dTails(prefix, tails, tail_bytes): the prefix's whole blocks are hashed once and each tail goes on from there.
Napi::Value sha256d_tails(const Napi::CallbackInfo& info) {
  size_t prefix_size, tails_size;
  const uint8_t* prefix = bytes_of(info, 0, prefix_size);
  const uint8_t* tails = bytes_of(info, 1, tails_size);
  const uint32_t tail_bytes = info[2].ToNumber().Uint32Value();
  if (tail_bytes == 0 || tails_size % tail_bytes != 0) throw Napi::RangeError::New(info.Env(), "tails must be a multiple of tail_bytes");
  const size_t count = tails_size / tail_bytes;
  sha256::Hasher hasher;
  hasher.update(prefix, prefix_size);
  const size_t rest = hasher.pending_bytes();
  const size_t stride = rest + tail_bytes;
  std::vector<uint8_t> joined(stride * count);
  std::vector<sha256::Remainder> messages(count);
  for (size_t i = 0; i < count; i++) {
    uint8_t* at = joined.data() + i * stride;
    std::copy_n(hasher.pending(), rest, at);
    std::copy_n(tails + i * tail_bytes, tail_bytes, at + rest);
    messages[i] = {&hasher.state(), at, stride, prefix_size + tail_bytes};
  }
  auto out = Napi::Uint8Array::New(info.Env(), count * sha256::DIGEST_BYTES);
  sha256::sha256d_from_midstate_many(messages.data(), out.Data(), count);
  return out;
}

// sha256dHoles(prefix, holes, hole_bytes, suffix): the messages that each of the holes' fillings makes.
Napi::Value sha256d_holes(const Napi::CallbackInfo& info) {
  size_t prefix_size, holes_size, suffix_size;
  const uint8_t* prefix = bytes_of(info, 0, prefix_size);
  const uint8_t* holes = bytes_of(info, 1, holes_size);
  const uint32_t hole_bytes = info[2].ToNumber().Uint32Value();
  const uint8_t* suffix = bytes_of(info, 3, suffix_size);
  if (hole_bytes == 0 || holes_size % hole_bytes != 0) throw Napi::RangeError::New(info.Env(), "holes must be a multiple of hole_bytes");
  const size_t count = holes_size / hole_bytes;
  const sha256::MessageTemplate message(prefix, prefix_size, hole_bytes, suffix, suffix_size);
  const size_t stride = message.varying().size();
  std::vector<uint8_t> blocks;
  std::vector<sha256::Remainder> messages;
  blocks.reserve(stride * count);
  for (size_t i = 0; i < count; i++) {
    blocks.insert(blocks.end(), message.varying().begin(), message.varying().end());
    std::copy_n(holes + i * hole_bytes, hole_bytes, blocks.data() + i * stride + message.hole_at());
    messages.push_back(message.remainder(&message.before(), blocks.data() + i * stride, stride));
  }
  auto out = Napi::Uint8Array::New(info.Env(), count * sha256::DIGEST_BYTES);
  sha256::sha256d_from_midstate_many(messages.data(), out.Data(), count);
  return out;
}

}  // namespace

void init_gpu(Napi::Env env, Napi::Object exports);
void init_miner(Napi::Env env, Napi::Object exports);

void init_kernels(Napi::Env env, Napi::Object exports) {
  const auto add = [&](const char* name, auto function) { exports.Set(name, Napi::Function::New(env, function, name)); };
  add("cpuFeatureBits", [](const Napi::CallbackInfo& info) -> Napi::Value { return Napi::Number::New(info.Env(), cpu_features()); });
  add("setFeatureMask", [](const Napi::CallbackInfo& info) { set_feature_mask(info[0].ToNumber().Uint32Value()); });
  add("sha256", [](const Napi::CallbackInfo& info) { return digest(info, sha256::sha256); });
  add("sha256d", [](const Napi::CallbackInfo& info) { return digest(info, sha256::sha256d); });
  add("sha256dMany80", [](const Napi::CallbackInfo& info) { return digests(info, 80, sha256::sha256d_many_80); });
  add("sha256dMany64", [](const Napi::CallbackInfo& info) { return digests(info, 64, sha256::sha256d_many_64); });
  add("merkleClimbMany", merkle_climb_many);
  add("sha256dTails", sha256d_tails);
  add("sha256dHoles", sha256d_holes);
  init_miner(env, exports);
  init_gpu(env, exports);
}
