#include "sha256/scan.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <mutex>

#include "sha256/cpu_features.h"
#include "sha256/scan_kernels.h"

namespace otedama::sha256 {
namespace {

constexpr ScanKernel KERNELS[] = {
#if defined(__x86_64__)
    {"sha256d/avx512", FEATURE_AVX512, 16, scan_avx512},
    {"sha256d/sha_ni", FEATURE_SHA_NI, 2, scan_sha_ni},
    {"sha256d/avx2", FEATURE_AVX2, 8, scan_avx2},
    {"sha256d/sse41", FEATURE_SSE41, 4, scan_sse41},
#endif
    {"sha256d/portable", 0, 1, scan_portable},
};
constexpr size_t KERNEL_COUNT = sizeof KERNELS / sizeof *KERNELS;

// Time that this thread spent running: on a busy machine the clock on the wall would measure the others.
double thread_seconds() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// The best of three short runs.
double measure(const ScanKernel& kernel) {
  ScanJob job{};
  job.versions = SCAN_VERSIONS_MAX;
  for (uint32_t v = 0; v < SCAN_VERSIONS_MAX; v++) job.midstate[v][0] = v + 1;
  std::array<ScanHit, 2 * SCAN_LANES_MAX * SCAN_VERSIONS_MAX> hits;
  double best = 0;
  const uint32_t nonces = 1024 * kernel.lanes;
  for (int run = 0; run < 3; run++) {
    const double started = thread_seconds();
    kernel.scan(job, 0, nonces, hits.data(), hits.size());
    best = std::max(best, nonces * double{SCAN_VERSIONS_MAX} / (thread_seconds() - started));
  }
  return best;
}

}  // namespace

const ScanKernel* scan_kernels(size_t& count) {
  count = KERNEL_COUNT;
  return KERNELS;
}

double scan_rate(const ScanKernel& kernel) {
  static std::once_flag measured[KERNEL_COUNT];
  static double rates[KERNEL_COUNT];
  const auto index = static_cast<size_t>(&kernel - KERNELS);
  if ((cpu_features() & kernel.features) != kernel.features) return 0;
  std::call_once(measured[index], [&] { rates[index] = measure(kernel); });
  return rates[index];
}

const ScanKernel& fastest_scan_kernel() {
  const ScanKernel* fastest = &KERNELS[KERNEL_COUNT - 1];
  for (const ScanKernel& kernel : KERNELS) {
    if ((active_features() & kernel.features) == kernel.features && scan_rate(kernel) > scan_rate(*fastest)) fastest = &kernel;
  }
  return *fastest;
}

}  // namespace otedama::sha256
