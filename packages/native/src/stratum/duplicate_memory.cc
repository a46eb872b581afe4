#include "stratum/duplicate_memory.h"

#include <sys/mman.h>

#include <new>

namespace otedama::stratum {

DuplicateMemory::~DuplicateMemory() {
  for (uint8_t* slab : spare_) ::munmap(slab, SLAB_BYTES);
}

uint8_t* DuplicateMemory::take() {
  {
    std::lock_guard guard(mutex_);
    if (!spare_.empty()) {
      uint8_t* slab = spare_.back();
      spare_.pop_back();
      bytes_used_ += SLAB_BYTES;
      return slab;
    }
  }
  void* mapped = ::mmap(nullptr, SLAB_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  bytes_used_ += SLAB_BYTES;
  return static_cast<uint8_t*>(mapped);
}

void DuplicateMemory::give_back(const std::vector<uint8_t*>& slabs) {
  std::lock_guard guard(mutex_);
  for (uint8_t* slab : slabs) {
    if (spare_.size() < SPARE_SLABS_MAX) {
      spare_.push_back(slab);
    } else {
      ::munmap(slab, SLAB_BYTES);
    }
  }
  bytes_used_ -= slabs.size() * SLAB_BYTES;
}

}  // namespace otedama::stratum
