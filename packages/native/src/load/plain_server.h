// The yardstick: a server that speaks just enough Stratum to be loaded and answers every submit with "true" without looking at it. What
// it costs a share is the kernel's price for a receive and a send; an engine that validates is measured against it.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

namespace otedama::load {

class PlainServer {
 public:
  // Listens on a free port of 127.0.0.1, with one thread. `job_line` is what a miner gets after its login.
  explicit PlainServer(std::string job_line);
  ~PlainServer();

  uint16_t port() const { return port_; }
  // Sends a line to every connection, soon: what a broadcast costs at least.
  void broadcast(std::string line);

 private:
  void loop();
  bool serve(int fd);
  void send_to_all();

  const std::string job_line_;
  int epoll_ = -1;
  int listener_ = -1;
  int wake_fd_ = -1;
  uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  // By descriptor: what came of a line whose end did not come yet.
  std::unordered_map<int, std::string> partial_;
  std::vector<char> buffer_;
  std::string answers_;
  std::mutex mutex_;
  std::string to_all_;
  std::thread thread_;
};

}  // namespace otedama::load
