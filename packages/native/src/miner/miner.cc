#include "miner/miner.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>

#include "miner/numa.h"

namespace otedama::miner {
namespace {

constexpr double SLICE_SECONDS = 0.002;
constexpr size_t HITS_MAX = 1024;
// Below full intensity a thread searches at the beginning of each window and sleeps for the rest of it. Long against a slice, so that
// one percent is a slice, and short against what a power supply or a fan notices.
constexpr std::chrono::nanoseconds DUTY_WINDOW = std::chrono::milliseconds(200);

// As many nonces as the kernel searches in one slice, in whole groups.
uint32_t slice_for(const sha256::ScanKernel& kernel) {
  const double nonces = sha256::scan_rate(kernel) * SLICE_SECONDS / sha256::SCAN_VERSIONS_MAX;
  const auto groups = static_cast<uint32_t>(nonces / sha256::SCAN_LANES_MAX);
  return std::clamp<uint32_t>(groups, 4, 1u << 20) * sha256::SCAN_LANES_MAX;
}

size_t thread_count(uint32_t asked) { return asked > 0 ? asked : allowed_cpus().size(); }

// Where a thread runs: threads take turns over the memory nodes. Empty where there is one node, which needs no pinning.
std::vector<int> cpus_for(size_t index) {
  const auto nodes = cpus_by_node();
  return nodes.size() > 1 ? nodes[index % nodes.size()] : std::vector<int>{};
}

void settle_thread(const char* name, int nice_value, const std::vector<int>& cpus) {
  name_thread(name);
  lower_priority(nice_value);
  if (!cpus.empty()) pin_to(cpus);
}

}  // namespace

Miner::Miner(Options options) : options_(std::move(options)), slice_nonces_(slice_for(*options_.kernel)) {
  const size_t threads = thread_count(options_.threads);
  for (size_t i = 0; i < threads; i++) slots_.push_back(std::make_unique<Slot>());
  try {
    for (size_t i = 0; i < threads; i++) threads_.emplace_back([this, i, cpus = cpus_for(i)] { run(i, cpus); });
  } catch (...) {
    stop();
    throw;
  }
}

Miner::~Miner() { stop(); }

void Miner::set_job(std::shared_ptr<const Job> job) {
  {
    const std::lock_guard lock(mutex_);
    job_ = std::move(job);
    generation_.fetch_add(1, std::memory_order_release);
  }
  changed_.notify_all();
}

std::vector<Share> Miner::take_shares() {
  std::vector<Share> taken;
  {
    const std::lock_guard lock(mutex_);
    taken.assign(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(waiting_.end()));
    waiting_.clear();
  }
  changed_.notify_all();
  return taken;
}

void Miner::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    generation_.fetch_add(1, std::memory_order_release);
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

std::vector<Miner::ThreadCounters> Miner::counters() const {
  std::vector<ThreadCounters> all;
  for (const auto& slot : slots_) {
    all.push_back({slot->hashes.load(std::memory_order_relaxed), slot->hardware_errors.load(std::memory_order_relaxed),
                   slot->search_ns.load(std::memory_order_relaxed)});
  }
  return all;
}

void Miner::run(size_t index, const std::vector<int>& cpus) {
  settle_thread(("mine-" + std::to_string(index)).c_str(), options_.nice_value, cpus);
  uint64_t seen = 0;
  for (;;) {
    std::shared_ptr<const Job> job;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stopping_ || (job_ && !current(seen)); });
      if (stopping_) return;
      job = job_;
      seen = generation_.load(std::memory_order_acquire);
    }
    search(index, *job, seen);
  }
}

// Threads share the work out without talking: thread i of n takes extranonce2 = i, i + n, i + 2n … Where a pool leaves fewer values
// than there are threads, those with the same value split the nonces. When all is searched, the time is moved on by a second.
void Miner::search(size_t index, const Job& job, uint64_t generation) {
  const uint64_t space = extranonce2_space(job);
  const uint64_t lanes = std::min<uint64_t>(space, slots_.size());
  const uint64_t lane = index % lanes;
  const uint64_t sharers = slots_.size() / lanes + (lane < slots_.size() % lanes ? 1 : 0);
  const uint64_t sharer = index / lanes;
  constexpr uint64_t GROUPS = (uint64_t{1} << 32) / sha256::SCAN_LANES_MAX;
  const uint64_t nonce_begin = GROUPS * sharer / sharers * sha256::SCAN_LANES_MAX;
  const uint64_t nonce_end = GROUPS * (sharer + 1) / sharers * sha256::SCAN_LANES_MAX;
  const uint64_t values = (space - lane + lanes - 1) / lanes;

  Slot& slot = *slots_[index];
  std::array<sha256::ScanHit, HITS_MAX> hits;
  // The threads' windows begin one after another, so that the machine's power is even.
  auto began = std::chrono::steady_clock::now();
  auto window = began - DUTY_WINDOW * index / slots_.size();
  for (uint64_t searched = 0;; searched++) {
    const uint64_t value = slot.next_extranonce2 % values;
    const Work work = make_work(job, lane + value * lanes, job.ntime + static_cast<uint32_t>(searched / values));
    // Moved on at the start: what a job switch cuts short is not begun again under the same extranonce2.
    slot.next_extranonce2 = value + 1;
    for (uint64_t nonce = nonce_begin; nonce < nonce_end;) {
      if (!current(generation)) return;
      const auto count = static_cast<uint32_t>(std::min<uint64_t>(slice_nonces_, nonce_end - nonce));
      const auto result = options_.kernel->scan(work.scan, static_cast<uint32_t>(nonce), count, hits.data(), HITS_MAX);
      nonce += result.scanned;
      slot.hashes.fetch_add(uint64_t{result.scanned} * work.scan.versions, std::memory_order_relaxed);
      for (uint32_t i = 0; i < result.hits; i++) {
        if (!report(index, job, work, hits[i], generation)) return;
      }
      const auto now = std::chrono::steady_clock::now();
      slot.search_ns.fetch_add(static_cast<uint64_t>((now - began).count()), std::memory_order_relaxed);
      began = now;
      const uint32_t percent = intensity_percent_.load(std::memory_order_relaxed);
      if (now - window >= DUTY_WINDOW) window += (now - window) / DUTY_WINDOW * DUTY_WINDOW;
      if (percent >= 100 || now - window < DUTY_WINDOW * percent / 100) continue;
      window += DUTY_WINDOW;
      if (!rest(generation, window)) return;
      began = std::chrono::steady_clock::now();
    }
  }
}

// Sleeps until that moment; false when the job changed meanwhile.
bool Miner::rest(uint64_t generation, std::chrono::steady_clock::time_point until) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_until(lock, until, [&] { return !current(generation); });
}

// False when the job changed while the share waited for room.
bool Miner::report(size_t index, const Job& job, const Work& work, const sha256::ScanHit& hit, uint64_t generation) {
  Share share;
  share.header = work.headers[hit.version];
  for (size_t i = 0; i < 4; i++) share.header[76 + i] = static_cast<uint8_t>(hit.nonce >> (8 * i));
  sha256::sha256d_80(share.header.data(), share.hash.data());
  uint32_t top = 0;
  for (size_t i = 32; i-- > 28;) top = top << 8 | share.hash[i];
  if (top > work.scan.bound) {
    // The kernel saw a hash that the portable path does not confirm: the CPU miscalculated.
    slots_[index]->hardware_errors.fetch_add(1, std::memory_order_relaxed);
    return true;
  }
  // The kernel compares 32 bits only, so a hit in the last unit may still be above the whole target.
  if (!meets(share.hash, job.share_target)) return true;
  share.job_id = job.job_id;
  share.extranonce2 = work.extranonce2;
  share.ntime = work.ntime;
  share.nonce = hit.nonce;
  share.version_rolled = job.version_mask != 0;
  const uint32_t version = uint32_t{share.header[0]} | uint32_t{share.header[1]} << 8 | uint32_t{share.header[2]} << 16 |
                           uint32_t{share.header[3]} << 24;
  share.version_bits = version & job.version_mask;
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_.size() < options_.waiting_shares_max || !current(generation); });
    if (waiting_.size() >= options_.waiting_shares_max) return false;
    waiting_.push_back(std::move(share));
  }
  options_.on_share();
  return true;
}

double bench(const sha256::ScanKernel& kernel, uint32_t threads, uint32_t versions, uint32_t duration_ms) {
  using Clock = std::chrono::steady_clock;
  const uint32_t slice = slice_for(kernel);
  std::vector<double> rates(thread_count(threads), 0);
  std::vector<std::thread> running;
  const auto until = Clock::now() + std::chrono::milliseconds(duration_ms);
  for (size_t i = 0; i < rates.size(); i++) {
    running.emplace_back([&, i, cpus = cpus_for(i)] {
      settle_thread(("bench-" + std::to_string(i)).c_str(), 0, cpus);
      sha256::ScanJob job{};
      job.versions = versions;
      for (uint32_t v = 0; v < job.versions; v++) job.midstate[v][0] = static_cast<uint32_t>(i) * job.versions + v;
      std::array<sha256::ScanHit, sha256::SCAN_LANES_MAX * sha256::SCAN_VERSIONS_MAX> hits;
      uint64_t hashes = 0;
      const auto started = Clock::now();
      auto now = started;
      // At least one: on a busy machine a thread may begin after the time is up.
      do {
        hashes += uint64_t{kernel.scan(job, 0, slice, hits.data(), hits.size()).scanned} * job.versions;
        now = Clock::now();
      } while (now < until);
      rates[i] = static_cast<double>(hashes) / std::chrono::duration<double>(now - started).count();
    });
  }
  for (std::thread& thread : running) thread.join();
  double total = 0;
  for (const double rate : rates) total += rate;
  return total;
}

}  // namespace otedama::miner
