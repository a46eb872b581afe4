#include "sha256/vector_sse41.h"

namespace otedama::sha256 {

void sha256d_group_sse41(const Group& group) { Sha256Lanes<Sse41>::sha256d_group(group); }

}  // namespace otedama::sha256
