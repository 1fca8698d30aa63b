// The echo server as a process of its own, so that it shares nothing with the client but the
// machine.
#pragma once

#include <sys/types.h>

#include <string>

namespace sg::bench {

class EchoProcess {
 public:
  // Starts this program again with --serve-echo.
  EchoProcess();
  // Closes its standard input and waits for it.
  ~EchoProcess();
  EchoProcess(const EchoProcess&) = delete;
  EchoProcess& operator=(const EchoProcess&) = delete;

  // "127.0.0.1:PORT"; empty when it did not start.
  const std::string& address() const { return address_; }

 private:
  pid_t pid_ = -1;
  int input_ = -1;
  std::string address_;
};

}  // namespace sg::bench
