#include "vardiff/vardiff_addon.h"

#include "napi_values.h"

namespace otedama::vardiff {

using napi_values::number;

Options options_of(const Napi::Object& object) {
  Options options;
  options.enabled = object.Get("enabled").ToBoolean();
  options.min = number(object, "min");
  options.max = number(object, "max");
  options.target_interval_s = number(object, "target_interval_s");
  return options;
}

namespace {

// Vardiff for simulations: the same pure function that the loops call, one state for each object.
class NativeVardiff : public Napi::ObjectWrap<NativeVardiff> {
 public:
  static Napi::Function make(Napi::Env env) {
    return DefineClass(env, "NativeVardiff", {InstanceMethod<&NativeVardiff::on_share>("onShare"), InstanceMethod<&NativeVardiff::on_timer>("onTimer"),
                                              InstanceMethod<&NativeVardiff::next_timer>("nextTimerMs")});
  }

  // new NativeVardiff(options, difficulty, floor, now_ms)
  explicit NativeVardiff(const Napi::CallbackInfo& info)
      : Napi::ObjectWrap<NativeVardiff>(info), options_(options_of(info[0].As<Napi::Object>())) {
    const double floor = info[2].ToNumber().DoubleValue();
    state_ = start(bounded(options_, info[1].ToNumber().DoubleValue(), floor, 0), floor, info[3].ToNumber().Int64Value());
  }

 private:
  // onShare(share_difficulty, network_difficulty, now_ms) → difficulty after it
  Napi::Value on_share(const Napi::CallbackInfo& info) {
    vardiff::on_share(options_, state_, info[0].ToNumber().DoubleValue(), info[1].ToNumber().DoubleValue(), info[2].ToNumber().Int64Value());
    return Napi::Number::New(info.Env(), state_.difficulty);
  }
  // onTimer(network_difficulty, now_ms) → difficulty after it
  Napi::Value on_timer(const Napi::CallbackInfo& info) {
    vardiff::on_timer(options_, state_, info[0].ToNumber().DoubleValue(), info[1].ToNumber().Int64Value());
    return Napi::Number::New(info.Env(), state_.difficulty);
  }
  Napi::Value next_timer(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), static_cast<double>(vardiff::next_timer_ms(options_, state_)));
  }

  const Options options_;
  State state_;
};

}  // namespace

void define(Napi::Env env, Napi::Object exports) { exports.Set("NativeVardiff", NativeVardiff::make(env)); }

}  // namespace otedama::vardiff
