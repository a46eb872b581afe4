#include "vardiff/vardiff.h"

#include <algorithm>
#include <cmath>

namespace otedama::vardiff {

namespace {

// The wanted rate times or divided by this is not worth a change.
constexpr double MARGIN = 1.25;
// Standard deviations beyond the margin. Every share is a look at the count, and many looks find what one would not: hence four.
constexpr double SIGMAS = 4;
// While the hashrate is unknown a burst of shares need not be as certain.
constexpr double SIGMAS_PROBING = 3;
constexpr double SHARES_MIN = 16;
// Expected shares after which the window is halved.
constexpr double WINDOW_SHARES_MAX = 120;
// Wanted intervals of silence that mean too high a difficulty: while probing, in a window that saw no share yet, and after shares
// (by chance e⁻⁷, e⁻⁹ and e⁻¹⁵).
constexpr double SILENCE_PROBING = 7;
constexpr double SILENCE_FRESH = 9;
constexpr double SILENCE_LATER = 15;
// Few shares say little about how few they are. Too low a difficulty is measured by a burst of shares within seconds, too high a one
// only by waiting: so a step down while probing goes too far on purpose, and the step up after it is exact.
constexpr double DROP_PROBING = 32;
constexpr double FEW_SHARES = 3;
constexpr double DROP_SETTLED = 4;
// A window that long without a change means that the difficulty is right.
constexpr double SETTLED_SHARES = 30;

double expected_shares(const Options& options, const State& state, int64_t now_ms) {
  return static_cast<double>(now_ms - state.window_start_ms) / 1000.0 / options.target_interval_s;
}

double rounded(double difficulty) {
  const double scale = std::pow(10.0, 2 - std::floor(std::log10(difficulty)));
  return std::isfinite(scale) && scale > 0 ? std::round(difficulty * scale) / scale : difficulty;
}

// Moves to `wanted` where that is a real change, and opens a new window.
double move(const Options& options, State& state, double wanted, double network_difficulty, int64_t now_ms) {
  const double difficulty = bounded(options, wanted, state.floor, network_difficulty);
  const double ratio = difficulty / state.difficulty;
  if (ratio < MARGIN && ratio > 1 / MARGIN) return 0;
  changed(state, difficulty, now_ms);
  return difficulty;
}

void age(const Options& options, State& state, double expected, int64_t now_ms) {
  if (expected < WINDOW_SHARES_MAX) return;
  const auto kept_ms = static_cast<int64_t>(WINDOW_SHARES_MAX / 2 * options.target_interval_s * 1000);
  state.shares = static_cast<float>(state.shares * (WINDOW_SHARES_MAX / 2) / expected);
  state.window_start_ms = now_ms - kept_ms;
}

}  // namespace

double bounded(const Options& options, double difficulty, double floor, double network_difficulty) {
  const double low = std::min(std::max(options.min, floor), options.max);
  const double within = std::clamp(rounded(difficulty), low, options.max);
  return network_difficulty > 0 ? std::min(within, network_difficulty) : within;
}

State start(double difficulty, double floor, int64_t now_ms) {
  State state;
  state.difficulty = difficulty;
  state.floor = floor;
  state.window_start_ms = now_ms;
  state.last_share_ms = now_ms;
  return state;
}

void changed(State& state, double difficulty, int64_t now_ms) {
  state.difficulty = difficulty;
  state.window_start_ms = now_ms;
  state.shares = 0;
}

double on_share(const Options& options, State& state, double share_difficulty, double network_difficulty, int64_t now_ms) {
  state.last_share_ms = now_ms;
  state.silent_before = false;
  if (!options.enabled) return 0;
  // A share of an older difficulty says as much about the hashrate as that many shares of this one.
  state.shares += static_cast<float>(share_difficulty / state.difficulty);
  const double expected = expected_shares(options, state, now_ms);
  const double sigmas = state.settled ? SIGMAS : SIGMAS_PROBING;
  if (state.shares >= SHARES_MIN && state.shares - sigmas * std::sqrt(state.shares) > expected * MARGIN) {
    // The count is looked at when it is high by chance, so one deviation less is the better guess. A burst within one tick of the clock
    // counts as a hundred-thousandth of the wanted time.
    const double rate = (state.shares - std::sqrt(state.shares)) / std::max(expected, state.shares / 1e5);
    if (const double difficulty = move(options, state, state.difficulty * rate, network_difficulty, now_ms)) {
      state.settled = true;
      return difficulty;
    }
  }
  if (expected > SETTLED_SHARES) state.settled = true;
  age(options, state, expected, now_ms);
  return 0;
}

double on_timer(const Options& options, State& state, double network_difficulty, int64_t now_ms) {
  if (!options.enabled) return 0;
  const double expected = expected_shares(options, state, now_ms);
  const double silent = static_cast<double>(now_ms - std::max(state.last_share_ms, state.window_start_ms)) / 1000.0 / options.target_interval_s;
  const double patience = state.shares > 0 ? SILENCE_LATER : state.settled ? SILENCE_FRESH : SILENCE_PROBING;
  if (silent >= patience) {
    // A second silence in a row means that the hashrate is unknown once more.
    const bool gentle = state.settled && !state.silent_before;
    if (const double difficulty = move(options, state, state.difficulty / (gentle ? DROP_SETTLED : DROP_PROBING), network_difficulty, now_ms)) {
      state.settled = gentle;
      state.silent_before = true;
      return difficulty;
    }
  } else if (state.shares > 0 && state.shares + SIGMAS * std::sqrt(state.shares) < expected / MARGIN) {
    const bool few = !state.settled && state.shares <= FEW_SHARES;
    const double wanted = few ? state.difficulty / DROP_PROBING : state.difficulty * (state.shares + std::sqrt(state.shares)) / expected;
    if (const double difficulty = move(options, state, wanted, network_difficulty, now_ms)) {
      state.settled = !few;
      return difficulty;
    }
  }
  age(options, state, expected, now_ms);
  return 0;
}

int64_t next_timer_ms(const Options& options, const State& state) {
  const double wait_s = std::clamp(options.target_interval_s, 1.0, 60.0);
  return std::max(state.window_start_ms, state.last_share_ms) + static_cast<int64_t>(wait_s * 1000);
}

}  // namespace otedama::vardiff
