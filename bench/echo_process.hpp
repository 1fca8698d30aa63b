// The echo server (echo_server.hpp) as a process of its own. It then shares nothing with the client
// but the machine, as a ledger server would.
//
//   EchoProcess echo;
//   if (!echo.address().empty()) connect(echo.address());
//
// Concurrency. Not synchronised. Constructor and destructor block.
#pragma once

#include <sys/types.h>

#include <string>

namespace sg::bench {

// Owns the process: it runs as long as the object exists.
class EchoProcess {
 public:
  // Starts this program again with --serve-echo, and waits until it listens. After a failure
  // address() is empty.
  EchoProcess();
  // Closes the standard input of the process, which ends it, and waits for its end.
  ~EchoProcess();
  EchoProcess(const EchoProcess&) = delete;
  EchoProcess& operator=(const EchoProcess&) = delete;

  // Returns "127.0.0.1:PORT", or an empty text if the process did not start.
  const std::string& address() const { return address_; }

 private:
  pid_t pid_ = -1;  // -1: no process
  int input_ = -1;  // our end of the pipe to its standard input
  std::string address_;
};

}  // namespace sg::bench
