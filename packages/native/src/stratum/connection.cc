#include "stratum/connection.h"

namespace otedama::stratum {

void Connection::bind(const Binding& binding) {
  if (binding_count > 0 && bindings[binding_count - 1].from == binding.from) {
    bindings[binding_count - 1] = binding;
    return;
  }
  // Beyond what is kept, the oldest shares are judged by the oldest binding known: the credit still is what they were judged by.
  if (binding_count == BINDINGS_MAX) {
    for (size_t i = 1; i < BINDINGS_MAX; i++) bindings[i - 1] = bindings[i];
    binding_count--;
  }
  bindings[binding_count++] = binding;
}

const Binding* Connection::binding_of(WireJobId id) const {
  if (binding_count == 0 || id.number < first_job) return nullptr;
  for (size_t i = binding_count; i-- > 0;) {
    const Binding& binding = bindings[i];
    if (id.suffix != 0) {
      if (binding.from == id) return &binding;
    } else if (binding.from.number < id.number || (binding.from.number == id.number && binding.from.suffix == 0)) {
      return &binding;
    }
  }
  return id.suffix == 0 ? &bindings[0] : nullptr;
}

const Worker* Connection::worker_named(uint64_t name_hash) const {
  if (worker.id != 0 && worker.name_hash == name_hash) return &worker;
  if (more_workers) {
    for (const Worker& other : *more_workers) {
      if (other.name_hash == name_hash) return &other;
    }
  }
  return nullptr;
}

size_t Connection::worker_count() const { return (worker.id != 0 ? 1 : 0) + (more_workers ? more_workers->size() : 0); }

}  // namespace otedama::stratum
