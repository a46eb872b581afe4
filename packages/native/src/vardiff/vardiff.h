// Variable difficulty as a pure function: (options, state, event, time) → a new difficulty or none.
//
// A connection's shares are a Poisson process whose rate is hashrate / difficulty. The window counts shares since the last change of
// difficulty (aged by halving, so that a change of hashrate shows). A change is made only when the count is further from the
// expected one than chance allows: three standard deviations beyond a margin around the wanted rate. Near the wanted rate
// nothing moves, ever; far from it sixteen shares, or a silence, are enough.
#pragma once

#include <cstdint>

namespace otedama::vardiff {

struct Options {
  bool enabled = true;
  double min = 1;
  double max = 1e18;
  double target_interval_s = 10;
};

// 40 bytes: every connection carries one.
struct State {
  double difficulty = 0;
  // The worker's own floor; 0 where it named none.
  double floor = 0;
  // Milliseconds of an arbitrary but steady clock.
  int64_t window_start_ms = 0;
  // Shares in the window; fractional because ageing halves it.
  float shares = 0;
  // Whether the hashrate is known: a start may be wrong by far more than a miner's hashrate ever changes.
  bool settled = false;
  // Whether the last change was made for silence and no share came since.
  bool silent_before = false;
  int64_t last_share_ms = 0;
};

// The difficulty a connection starts with or is moved to by hand: within bounds, at three significant digits.
// `network_difficulty` is a further upper bound: above it a share would be a block.
double bounded(const Options& options, double difficulty, double floor, double network_difficulty);

State start(double difficulty, double floor, int64_t now_ms);

// Notes a change of difficulty made by other hands.
void changed(State& state, double difficulty, int64_t now_ms);

// An accepted share that was judged by `share_difficulty`, which may be an older one than the current. Returns the new difficulty, or 0
// where it stays.
double on_share(const Options& options, State& state, double share_difficulty, double network_difficulty, int64_t now_ms);

// To be called every few seconds, whether or not shares come.
double on_timer(const Options& options, State& state, double network_difficulty, int64_t now_ms);

// When on_timer could next have something to say.
int64_t next_timer_ms(const Options& options, const State& state);

}  // namespace otedama::vardiff
