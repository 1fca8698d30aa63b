// scalegraph-bench: loads a server, checks that the server agrees with the clients, and prints
// throughput and latency. With --echo it measures an empty gRPC service instead, the ceiling.
//
// Standard output gets one line for people, and with --json a JSON line after it. Errors and notes
// go to standard error. The exit code is 0, one of the constants below, or command_line's kBadUsage
// or kOutputLost.
#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <nlohmann/json.hpp>

#include "bench/check.hpp"
#include "bench/driver.hpp"
#include "bench/echo_process.hpp"
#include "bench/echo_server.hpp"
#include "client/flags.hpp"
#include "command_line/descriptors.hpp"
#include "command_line/documents.hpp"
#include "command_line/numbers.hpp"
#include "command_line/output.hpp"
#include "command_line/parsing.hpp"

namespace {

using namespace sg::bench;
using sg::command_line::add_number;

// Silences the logs of gRPC and protobuf. A failed call has their message in its status, and a line
// of theirs would break the JSON on standard error.
void quiet_libraries() {
  if (std::getenv("GRPC_VERBOSITY") == nullptr) gpr_set_log_function([](gpr_log_func_args*) {});
  google::protobuf::SetLogHandler(nullptr);
}

constexpr int kRefused = 1;      // the run does not count
constexpr int kUnreachable = 3;  // no server answers

// Returns the value at position part * size of the sorted values, or 0 if there are none. `part` is
// in [0, 1].
std::uint32_t percentile(const std::vector<std::uint32_t>& sorted, double part) {
  if (sorted.empty()) return 0;
  return sorted[std::min(sorted.size() - 1,
                         static_cast<std::size_t>(part * static_cast<double>(sorted.size())))];
}

// Prints one line on standard error: "error: ...", or with --json {"error": "..."}, so that a
// script can parse every line. `kind` is "error" or "note".
void tell(bool json, const char* kind, const std::string& message) {
  if (json) {
    const nlohmann::json line{{kind, message}};
    std::cerr << line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
  } else {
    std::cerr << kind << ": " << message << '\n';
  }
}

// Connects within ten seconds, or prints an error and returns null. Answers may have any size. Ends
// the program if a file of the options is wrong.
std::shared_ptr<grpc::Channel> connect(const std::string& server,
                                       const sg::client::ChannelOptions& options, bool json) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  const auto opened = sg::client::open_channel(server, options, std::move(arguments));
  if (!opened) {
    tell(json, "error", opened.error());
    std::exit(sg::command_line::kBadUsage);
  }
  const auto& channel = *opened;
  const auto deadline = std::chrono::system_clock::now() + std::chrono::seconds(10);
  if (!channel->WaitForConnected(deadline)) {
    tell(json, "error", "no server at " + server);
    return nullptr;
  }
  return channel;
}

// Prints the result. Sorts the latencies of `outcome`.
void print(const Options& options, Outcome& outcome) {
  auto& times = outcome.latencies_us;
  std::sort(times.begin(), times.end());
  const double rate = static_cast<double>(outcome.committed) / outcome.seconds;
  const auto p50 = percentile(times, 0.5);
  const auto p99 = percentile(times, 0.99);
  const auto p999 = percentile(times, 0.999);
  std::cout << std::fixed << std::setprecision(0) << (options.echo ? "echo " : "")
            << to_string(options.mode) << ": " << rate << " transfers/s   call p50 " << p50
            << " us   p99 " << p99 << " us   p99.9 " << p999 << " us   max "
            << (times.empty() ? 0 : times.back()) << " us   committed " << outcome.committed
            << "   refused " << outcome.refused << "   failed " << outcome.failed << '\n';
  if (!options.json) return;
  nlohmann::ordered_json line{
      {"mode", to_string(options.mode)},
      {"transfers_per_second", static_cast<std::uint64_t>(rate)},
      {"p50_us", p50},
      {"p99_us", p99},
      {"p999_us", p999},
      {"max_us", times.empty() ? 0 : times.back()},
      {"committed", outcome.committed},
      {"refused", outcome.refused},
      {"failed", outcome.failed},
      {"seconds", outcome.seconds},
      {"echo", options.echo},
      {"batch", options.mode == Mode::unary ? 1 : options.batch},
      {"in_flight", options.in_flight},
      {"accounts", options.accounts},
      {"parties", options.parties},
      {"zipf", options.zipf},
      {"idempotent", options.idempotent},
  };
  std::cout << line.dump() << std::endl;
}

// Measures the echo server. It refuses nothing and keeps no state, so there is nothing to check.
int run_echo(const Options& options) {
  EchoProcess echo;
  const auto channel = connect(echo.address(), {}, options.json);
  if (!channel) return kUnreachable;
  auto outcome = drive(channel, options);
  if (outcome.failed > 0) {
    tell(options.json, "error", outcome.first_error);
    return kRefused;
  }
  print(options, outcome);
  return 0;
}

// Measures the server at options.server.
int run(const Options& options) {
  const auto channel = connect(options.server, options.channel, options.json);
  if (!channel) return kUnreachable;
  if (const auto error = create_accounts(channel, options); !error.empty()) {
    tell(options.json, "error", "cannot create the accounts: " + error);
    return kRefused;
  }
  const auto before = read_state(channel);
  auto outcome = drive(channel, options);
  const auto wrong = disagreement(channel, before, read_state(channel), outcome);
  if (!wrong.empty()) {
    tell(options.json, "error", "the run does not count: " + wrong);
    return kRefused;
  }
  if (outcome.failed > 0 || outcome.refused > 0) {
    tell(options.json, "note", outcome.first_error);
  }
  print(options, outcome);
  return 0;
}

}  // namespace

SCALEGRAPH_OCCUPY_STANDARD_DESCRIPTORS("/dev/full");

int main(int argc, char** argv) {
  quiet_libraries();
  CLI::App app("scalegraph-bench: measures a Scalegraph server, or the gRPC ceiling",
               "scalegraph-bench");
  Options options;
  bool serve = false;
  const std::map<std::string, Mode> modes{
      {"unary", Mode::unary}, {"batch", Mode::batch}, {"stream", Mode::stream}};
  app.footer(
      "Exit codes: 0 done, 1 the run does not count, 2 bad usage, 3 no server answers, 5 done but "
      "the\noutput could not be written.");
  app.add_option("--server", options.server, "the server's address, 127.0.0.1:50051 if not given")
      ->type_name("HOST:PORT");
  app.add_option("--mode", options.mode, "unary, batch or stream")
      ->transform(CLI::CheckedTransformer(modes).description(""))
      ->type_name("MODE");
  add_number(app, "--batch", options.batch, {1, 10'000}, "transfers a request");
  add_number(app, "--in-flight", options.in_flight, {1, 100'000}, "requests in flight");
  add_number(app, "--accounts", options.accounts, {2, 100'000'000}, "accounts, made when missing");
  add_number(app, "--zipf", options.zipf, {0, 10}, "exponent over the accounts, 0 is uniform");
  add_number(app, "--parties", options.parties, {2, 4096}, "accounts of a transfer");
  app.add_flag("--fee-account", options.fee_account, "one account is part of every transfer");
  add_number(app, "--seconds", options.seconds, {0.1, 86'400}, "how long");
  add_number(app, "--rate", options.rate, {0, 1e9},
             "calls a second, 0: as fast as answers come; not with stream");
  add_number(app, "--seed", options.seed, {0, std::numeric_limits<std::uint64_t>::max()},
             "of the choice of accounts");
  app.add_flag("--idempotent", options.idempotent, "a key on every transfer");
  app.add_flag("--echo", options.echo, "the same messages against an empty gRPC service");
  app.add_flag("--json", options.json, "a JSON line last");
  sg::client::add_channel_options(app, options.channel);
  app.add_flag("--serve-echo", serve)->group("");
  app.set_version_flag("--version", "scalegraph-bench " SCALEGRAPH_VERSION);
  sg::command_line::add_documents_option(
      app, {.version = SCALEGRAPH_VERSION, .see_also = {"scalegraphd(8)", "scalegraphctl(1)"}});
  const auto arguments = sg::command_line::arguments_of(argc, argv);
  try {
    sg::command_line::parse(app, arguments);
  } catch (const CLI::Success& help_or_version) {
    return sg::command_line::after_output(app.exit(help_or_version));
  } catch (const CLI::ParseError& error) {
    tell(sg::command_line::asks_for(arguments, "--json"), "error",
         std::string(error.what()) + "; --help lists the options");
    return sg::command_line::kBadUsage;
  }
  if (serve) return serve_echo();
  if (options.parties > options.accounts) {
    tell(options.json, "error",
         "--parties " + std::to_string(options.parties) + " needs as many --accounts");
    return sg::command_line::kBadUsage;
  }
  if (options.rate > 0 && options.mode == Mode::stream) {
    tell(options.json, "error",
         "--rate goes with --mode unary or batch: a stream sends as fast as answers come");
    return sg::command_line::kBadUsage;
  }
  const int code = options.echo ? run_echo(options) : run(options);
  return sg::command_line::after_output(code, options.json);
}
