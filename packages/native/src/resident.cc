// Hands back memory that only the start needed.
#include <napi.h>
#if defined(__linux__)
#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace {

#if defined(__linux__)

// The first object is the executable itself. Its read-only segments are unchanged pages of a file: dropped here, each comes back when it
// is next used. Writable segments are left alone; relocations live in those.
int release_segments(dl_phdr_info* info, size_t, void* released) {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const auto& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W)) continue;
    // Whole pages that belong to this segment alone.
    const uintptr_t begin = (info->dlpi_addr + segment.p_vaddr + page - 1) & ~(page - 1);
    const uintptr_t end = (info->dlpi_addr + segment.p_vaddr + segment.p_filesz) & ~(page - 1);
    if (end <= begin) continue;
    // A file that was written a moment ago lies in the page cache in huge pages, and then one instruction brings two megabytes back.
    // Paged out, it is read again in small ones. Linux does so for the file's owner only; elsewhere this does nothing.
    madvise(reinterpret_cast<void*>(begin), end - begin, MADV_PAGEOUT);
    if (madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED) == 0) *static_cast<double*>(released) += end - begin;
  }
  return 1;
}
#endif

Napi::Value release_resident(const Napi::CallbackInfo& info) {
  double released = 0;
#if defined(__linux__)
  dl_iterate_phdr(release_segments, &released);
  malloc_trim(0);
#endif
  return Napi::Number::New(info.Env(), released);
}

}  // namespace

void init_resident(Napi::Env env, Napi::Object exports) {
  exports.Set("releaseResident", Napi::Function::New(env, release_resident, "releaseResident"));
}
