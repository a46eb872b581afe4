#include "stratum/extranonce.h"

namespace otedama::stratum {

uint32_t Extranonces::take() {
  std::lock_guard guard(mutex_);
  while (!held_.try_emplace(next_).second) next_++;
  return next_++;
}

void Extranonces::hold(uint32_t number) {
  std::lock_guard guard(mutex_);
  held_[number] = {};
}

void Extranonces::release(uint32_t number, uint64_t token, uint32_t tip) {
  std::lock_guard guard(mutex_);
  if (resting_.size() >= RESTING_MAX) free_oldest();
  held_[number] = {next_ticket_, token};
  resting_.push_back({number, tip, next_ticket_++});
}

std::optional<uint32_t> Extranonces::resume(uint32_t number, uint64_t token) {
  std::lock_guard guard(mutex_);
  const auto found = held_.find(number);
  if (found == held_.end() || found->second.ticket == 0 || found->second.token == 0 || found->second.token != token) return std::nullopt;
  found->second = {};
  return number;
}

uint32_t Extranonces::next() {
  std::lock_guard guard(mutex_);
  return next_;
}

void Extranonces::go_on_from(uint32_t next) {
  std::lock_guard guard(mutex_);
  next_ = next;
}

void Extranonces::advance(uint32_t tip) {
  std::lock_guard guard(mutex_);
  while (!resting_.empty() && resting_.front().tip + 1 < tip) free_oldest();
}

void Extranonces::free_oldest() {
  const auto found = held_.find(resting_.front().number);
  if (found != held_.end() && found->second.ticket == resting_.front().ticket) held_.erase(found);
  resting_.pop_front();
}

}  // namespace otedama::stratum
