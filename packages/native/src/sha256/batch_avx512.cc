#include "sha256/vector_avx512.h"

namespace otedama::sha256 {

void sha256d_group_avx512(const Group& group) { Sha256Lanes<Avx512>::sha256d_group(group); }

}  // namespace otedama::sha256
