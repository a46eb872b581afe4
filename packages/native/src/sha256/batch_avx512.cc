#include "sha256/streams.h"
#include "sha256/vector_avx512.h"

namespace otedama::sha256 {

void sha256d_group_avx512(const Group& group) { Sha256Lanes<Avx512>::sha256d_group(group); }

void sha256d_three_groups_avx512(const Group groups[3]) { Streams<Avx512>::sha256d_groups<3>(groups); }

void sha256d_two_groups_avx512(const Group groups[2]) { Streams<Avx512>::sha256d_groups<2>(groups); }

}  // namespace otedama::sha256
