#include "sha256/vector_avx2.h"

namespace otedama::sha256 {

void sha256d_group_avx2(const Group& group) { Sha256Lanes<Avx2>::sha256d_group(group); }

}  // namespace otedama::sha256
