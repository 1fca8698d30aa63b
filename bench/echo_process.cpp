// Two pipes connect the processes. The child prints its port on standard output once it listens. It
// ends when its standard input does, so it ends also if this process is killed.
#include "bench/echo_process.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>

extern char** environ;

namespace sg::bench {

EchoProcess::EchoProcess() {
  int in[2];
  int out[2];
  if (pipe(in) != 0 || pipe(out) != 0) return;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  // The child must not keep our ends of the pipes: its own standard input would never end.
  posix_spawn_file_actions_addclose(&actions, in[1]);
  posix_spawn_file_actions_addclose(&actions, out[0]);
  std::array<char*, 3> arguments{const_cast<char*>("scalegraph-bench"),
                                 const_cast<char*>("--serve-echo"), nullptr};
  if (posix_spawn(&pid_, "/proc/self/exe", &actions, nullptr, arguments.data(), environ) != 0) {
    pid_ = -1;
  }
  posix_spawn_file_actions_destroy(&actions);
  close(in[0]);
  close(out[1]);
  input_ = in[1];
  // If the child could not be started, nobody holds the other end of `out`, and this reads nothing.
  int port = 0;
  if (FILE* lines = fdopen(out[0], "r")) {
    if (std::fscanf(lines, "%d", &port) == 1) address_ = "127.0.0.1:" + std::to_string(port);
    std::fclose(lines);
  }
}

EchoProcess::~EchoProcess() {
  if (input_ >= 0) close(input_);
  if (pid_ > 0) waitpid(pid_, nullptr, 0);
}

}  // namespace sg::bench
