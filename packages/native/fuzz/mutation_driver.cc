// Drives a libFuzzer target where there is no libFuzzer: mutates the seeds with a seeded generator, so that a run can be repeated.
//
//   session_fuzz SEED_FOLDER INPUTS [RANDOM_SEED]
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr size_t BYTES_MAX = 4096;

constexpr const char* WORDS[] = {"\"", "\\", "\n", "{", "}", "[", "]", ",", ":", "null", "true", "\\u0000", "\\ud800", "\xff", "\xc3\xa9", "1e999", "-0", "\"id\":",
                                 "\"params\":", "\"method\":", "mining.submit", "mining.configure", "version-rolling.mask", "00000001", "PROXY TCP4 ", "\r\n\r\n\0"};

class Mutator {
 public:
  explicit Mutator(uint64_t seed) : random_(seed) {}

  std::string mutate(const std::vector<std::string>& seeds) {
    std::string text = seeds[below(seeds.size())];
    for (size_t steps = 1 + below(6); steps > 0; steps--) step(text, seeds);
    if (text.size() > BYTES_MAX) text.resize(BYTES_MAX);
    return text;
  }

 private:
  size_t below(size_t bound) { return bound == 0 ? 0 : random_() % bound; }

  void step(std::string& text, const std::vector<std::string>& seeds) {
    const size_t at = below(text.size() + 1);
    switch (below(8)) {
      case 0:
        if (at < text.size()) text[at] = static_cast<char>(random_());
        break;
      case 1:
        if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
        break;
      case 2:
        text.erase(at, below(20));
        break;
      case 3:
        text.insert(at, WORDS[below(std::size(WORDS))]);
        break;
      case 4:
        text.insert(at, text.substr(below(text.size() + 1), below(60)));
        break;
      case 5:
        text.insert(at, below(200), static_cast<char>(random_()));
        break;
      case 6: {
        const std::string& other = seeds[below(seeds.size())];
        text = text.substr(0, at) + other.substr(below(other.size() + 1));
        break;
      }
      default:
        text += seeds[below(seeds.size())];
    }
  }

  std::mt19937_64 random_;
};

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) {
    std::fprintf(stderr, "usage: %s SEED_FOLDER INPUTS [RANDOM_SEED]\n", arguments[0]);
    return 2;
  }
  std::vector<std::string> seeds;
  for (const auto& file : std::filesystem::directory_iterator(arguments[1])) {
    std::ifstream stream(file.path(), std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }
  if (seeds.empty()) {
    std::fprintf(stderr, "%s holds no seeds\n", arguments[1]);
    return 2;
  }
  const uint64_t inputs = std::strtoull(arguments[2], nullptr, 10);
  Mutator mutator(count > 3 ? std::strtoull(arguments[3], nullptr, 10) : 1);
  for (uint64_t i = 0; i < inputs; i++) {
    const std::string input = mutator.mutate(seeds);
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
  }
  std::printf("%llu inputs, no fault\n", static_cast<unsigned long long>(inputs));
  std::fflush(stdout);
  std::_Exit(0);
}
