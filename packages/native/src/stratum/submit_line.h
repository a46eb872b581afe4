// The line that nearly all traffic is made of, read at a glance: where its quotes are is found sixteen bytes at a time, and what stands
// between them is compared with what a submit looks like.
#pragma once

#include <string_view>

#include "stratum/json.h"

namespace otedama::stratum {

// True where the line is a mining.submit in one of the spellings that miners use (the three members in any order, a space after colons
// and commas or none, a number as id, strings without escapes); `line` then holds exactly what json::read_line would have put there.
// False says nothing: the general reader has to decide.
bool read_submit_line(std::string_view text, json::Line& line);

}  // namespace otedama::stratum
