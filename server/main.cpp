// scalegraphd: reads the settings, opens the store, starts the supervision tree, and ends when the
// tree ends. The exit codes below are part of the interface.
#include <absl/synchronization/mutex.h>
#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>
#include <csignal>
#include <exception>
#include <filesystem>
#include <functional>
#include <iostream>
#include <limits>
#include <new>
#include <system_error>
#include <thread>

#include "actors/actor_errors.hpp"
#include "actors/gateway/door/credential_watch.hpp"
#include "actors/status/status.hpp"
#include "actors/tree/tree.hpp"
#include "command_line/descriptors.hpp"
#include "command_line/documents.hpp"
#include "command_line/numbers.hpp"
#include "command_line/output.hpp"
#include "command_line/parsing.hpp"
#include "command_line/terminal.hpp"
#include "command_line/time_text.hpp"
#include "security/audit_log.hpp"
#include "server/cluster_node.hpp"
#include "server/log_settings.hpp"
#include "server/offline_verify.hpp"
#include "server/opening_report.hpp"
#include "server/restore.hpp"
#include "server/service_manager.hpp"
#include "server/settings_manual.hpp"
#include "server/settings_source.hpp"
#include "server/tree_watch.hpp"
#include "supervisor/errors.hpp"
#include "telemetry/log.hpp"

namespace {

using namespace sg;
using telemetry::log;
using telemetry::Module;

enum ExitCode { kDone = 0, kStoreRefused = 1, kBadUsage = 2, kCannotListen = 3, kGaveUp = 4 };

constexpr const char* kNotes =
    "Exit codes: 0 done, 1 the store was refused, 2 bad usage or settings, 3 cannot listen, 4 the\n"
    "supervision tree gave up or the process got no more memory or threads, 5 done but the output\n"
    "could not be written.";

constexpr const char* kSignals =
    "SIGTERM or SIGINT stops the daemon in order: it takes no new calls and gives those in flight "
    "server.drain_timeout to end. A second one waits for no call. A third ends the process at "
    "once, which is safe: everything that was answered is synced.\n\n"
    "SIGHUP reads the settings again.";

// How long the tree may take to end after the second signal.
constexpr std::chrono::seconds kLastWait{3};

// What an orderly stop may take beside the calls in flight: the journal ends its last group.
constexpr std::chrono::seconds kStopBesideDrain{30};

// The index backlog has room for at least so many chunks, or groups would wait too early.
constexpr std::size_t kLeastChunksWaiting = 8;

struct Options {
  server::SettingsSource settings;
  bool check = false;
  bool verify = false;
  server::RestoreAsk restore;

  // Nothing is served: what is asked for is done, and then the process ends.
  bool is_offline() const { return verify || restore.is_asked(); }
};

// gRPC and protobuf log each mistake of a client. The client is told about it anyway, so their
// lines go to the debug level.
void quiet_libraries() {
  gpr_set_log_function(
      [](gpr_log_func_args* line) { log(Module::gateway).debug("grpc: {}", line->message); });
  google::protobuf::SetLogHandler(
      [](google::protobuf::LogLevel level, const char*, int, const std::string& message) {
        const bool is_bug = level == google::protobuf::LOGLEVEL_FATAL;
        log(Module::gateway)
            .log(is_bug ? spdlog::level::critical : spdlog::level::debug, "protobuf: {}", message);
      });
}

// Raises the soft limit of open files to the hard one. Each connection is a file, and the usual
// soft limit of 1,024 is too low.
void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
    log(Module::server).warn("cannot raise the limit of open files");
}

// `report`: who is told how far the store's opening is; null: nobody.
persistence::StoreOptions store_options(const config::Storage& storage,
                                        std::shared_ptr<server::OpeningReport> report) {
  persistence::StoreOptions options;
  if (report) {
    options.opening_progress = [report = std::move(report)](const auto& at) { report->told(at); };
  }
  options.max_wal_bytes = storage.max_wal_bytes;
  options.block_cache_bytes = storage.block_cache_bytes;
  options.index_chunk = storage.index_chunk;
  options.index_backlog =
      std::max(options.index_backlog, kLeastChunksWaiting * storage.index_chunk);
  options.key_retention_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(storage.key_retention).count();
  return options;
}

// Blocks the signals in this thread and in all that it starts. heed_signals() waits for them.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a write beyond the limit of file size fails instead of killing
  return signals;
}

int exit_code_of(const caf::error& reason, const actors::GatewaySeat& seat,
                 const server::ClusterNode& node) {
  using supervisor::ExitKind;
  if (seat.cannot_listen || node.cannot_listen()) return kCannotListen;
  if (reason == caf::exit_reason::user_shutdown) return kDone;
  return kGaveUp;
}

// The first SIGTERM or SIGINT stops the daemon in order. After the second it no longer waits for
// calls in flight. If it has not ended kLastWait later, or at a third signal, the process exits at
// once. That is safe, because everything that was answered is synced.
void heed_signals(const sigset_t& signals, const caf::actor& root, actors::GatewaySeat& seat,
                  server::ClusterNode& node, const std::atomic<bool>& ended,
                  const std::function<void()>& reload, std::chrono::milliseconds longest_stop) {
  int asked = 0;
  while (!ended) {
    const timespec longest{kLastWait.count(), 0};
    int signal = 0;
    if (asked < 2) {
      sigwait(&signals, &signal);
    } else if ((signal = sigtimedwait(&signals, nullptr, &longest)) < 0 && errno == EINTR) {
      continue;
    }
    if (ended) return;
    if (signal == SIGHUP) {
      reload();
    } else if (++asked == 1) {
      log(Module::server).info("stopping");
      server::tell_stopping("stopping", longest_stop);
      node.hand_over();
      caf::anon_send_exit(root, caf::exit_reason::user_shutdown);
    } else if (asked == 2) {
      log(Module::server).warn("stopping at once: calls in flight are not waited for");
      seat.hurry();
    } else {
      log(Module::server).warn("ending without an orderly stop");
      telemetry::flush_log();
      std::_Exit(kDone);
    }
  }
}

// What is served: a ledger that stands alone, or this node's part of one.
struct Served {
  std::shared_ptr<persistence::Store> store;
  std::shared_ptr<persistence::MemberStore> member;  // the same; null: the ledger stands alone
  std::shared_ptr<security::AuditLog> audit_log;     // null: nothing is kept for auditors
};

// Null if the settings want none. The error is a sentence.
tl::expected<std::shared_ptr<security::AuditLog>, std::string> open_audit_log(
    const config::Settings& settings) {
  if (!settings.auth.is_on() || !settings.auth.audit) return nullptr;
  auto log = security::AuditLog::open(
      settings.storage.path / "audit", settings.auth.max_audit_bytes,
      [](const std::string& what) { telemetry::log(Module::server).error("{}", what); });
  if (!log) return tl::unexpected("the audit log: " + log.error());
  return std::shared_ptr<security::AuditLog>(std::move(*log));
}

int serve(config::Settings settings, Served served, const sigset_t& signals,
          const server::SettingsSource& source) {
  auto audit_log = open_audit_log(settings);
  if (!audit_log) {
    std::cerr << "error: " << audit_log.error() << '\n';
    return kStoreRefused;
  }
  served.audit_log = std::move(*audit_log);
  caf::actor_system_config config;
  actors::configure(config, settings);
  if (served.member) server::ClusterNode::configure(config);
  server::ClusterNode node;
  int code = kGaveUp;
  {
    caf::actor_system system(config);
    auto runtime = std::make_shared<actors::Runtime>();
    runtime->settings = settings;
    runtime->store = served.store;
    runtime->member = served.member;
    runtime->audit_log = served.audit_log;
    runtime->version = SCALEGRAPH_VERSION;
    runtime->started_ms = runtime->wall_clock();
    auto seat = std::make_shared<actors::GatewaySeat>();
    seat->on_listening = [](const std::string& where) {
      std::cout << "listening on " << where << std::endl;
      if (!std::cout)
        log(Module::server).error("cannot print \"listening on {}\" on stdout", where);
      server::tell_ready("serving on " + where);
    };
    auto first = served.member ? node.children(runtime) : std::vector<supervisor::ChildSpec>{};
    auto status_seat = std::make_shared<actors::StatusSeat>();
    status_seat->authenticators = [seat] { return seat->authenticator(); };
    status_seat->tls_material = seat->tls_material;
    if (settings.metrics.is_on()) {
      first.insert(first.begin(), actors::status_spec(runtime, status_seat));
    }
    const auto root =
        actors::spawn_tree(system, runtime, actors::gateway_spec(runtime, seat), std::move(first));
    caf::scoped_actor self(system);
    self->monitor(root);

    std::atomic<bool> ended{false};
    std::thread waiter([&] {
      heed_signals(
          signals, root, *seat, node, ended, [&] { server::reload(source, settings, *seat); },
          settings.server.drain_timeout + kStopBesideDrain);
    });
    const auto reason = server::await_tree_end(self, root);
    code = exit_code_of(reason, *seat, node);
    if (status_seat->cannot_listen) code = kCannotListen;
    if (code == kGaveUp) {
      log(Module::server).critical("the tree gave up: {}", supervisor::reason_text(system, reason));
    }
    // The waiter blocks in sigwait(), so a signal has to wake it up.
    ended = true;
    pthread_kill(waiter.native_handle(), SIGTERM);
    waiter.join();
    node.forget_actors();
    if (served.audit_log) served.audit_log->flush();
    if (code == kDone) log(Module::server).info("stopped");
    if (runtime->left_behind->load()) {
      telemetry::flush_log();
      std::_Exit(code);  // the actor system's destructor would wait for the actor that hangs
    }
  }
  return code;
}

int run(const Options& options) {
  const auto settings = server::read_settings(options.settings);
  if (!settings) {
    std::cerr << settings.error() << '\n';
    return kBadUsage;
  }
  if (!options.is_offline()) {
    if (const auto wrong = actors::wrong_credential_files(*settings)) {
      std::cerr << "error: " << *wrong << '\n';
      return kBadUsage;
    }
  }
  if (options.check) {
    std::cout << "the settings are valid\n";
    return command_line::after_output(kDone);
  }
  if (const auto wrong = server::start_log(settings->log); !wrong.empty()) {
    std::cerr << "error: " << wrong << '\n';
    return kBadUsage;
  }
  quiet_libraries();
  raise_file_limit();
  if (options.restore.is_asked()) {
    auto restored = store_options(settings->storage, nullptr);
    // Which keys have expired is for the daemon to say, whose settings may be others.
    restored.key_retention_ms = std::numeric_limits<std::int64_t>::max();
    const bool is_done = server::restore_store(*settings, restored, options.restore);
    return command_line::after_output(is_done ? kDone : kStoreRefused);
  }
  const auto& path = settings->storage.path;
  if (options.verify && !std::filesystem::is_directory(path / "db")) {
    std::cerr << "error: there is no store in " << path.string() << '\n';
    return kStoreRefused;
  }
  // Before RocksDB starts threads, which inherit the blocked signals. A verification blocks none,
  // so that a signal ends it like any other program.
  const auto signals = options.verify ? sigset_t{} : block_signals();

  const auto report = options.verify ? nullptr : std::make_shared<server::OpeningReport>(path);
  if (settings->cluster.is_on() && !options.verify) {
    auto member = server::open_node(*settings, store_options(settings->storage, report));
    if (!member) {
      std::cerr << "error: " << member.error() << '\n';
      return kStoreRefused;
    }
    report->opened((*member)->head());
    return serve(*settings, {*member, *member, nullptr}, signals, options.settings);
  }
  const auto open = options.verify ? persistence::open_store_to_read : persistence::open_store;
  auto store = open(settings->storage.path, store_options(settings->storage, report));
  if (!store) {
    std::cerr << "error: " << store.error().message << '\n';
    return kStoreRefused;
  }
  if (options.verify) {
    return command_line::after_output(actors::verify_offline(**store) ? kDone : kStoreRefused);
  }
  report->opened((*store)->head());
  return serve(*settings, {std::move(*store), nullptr, nullptr}, signals, options.settings);
}

// `ask` has to outlive the parsing.
void add_restore_options(CLI::App& app, server::RestoreAsk& ask) {
  auto* from = app.add_option("--restore-from", ask.from,
                              "DIR: make a store in storage.path of the backup in this folder, "
                              "verify it and exit");
  auto* sequence = app.add_option_function<std::string>(
      "--until-sequence",
      [&ask](const std::string& text) {
        const auto parsed =
            command_line::parse_whole(text, {1, persistence::RestoreUntil{}.sequence - 1});
        if (!parsed) throw CLI::ValidationError("--until-sequence", parsed.error());
        ask.until.sequence = *parsed;
      },
      "with --restore-from: no record after this one");
  auto* time = app.add_option_function<std::string>(
      "--until-time",
      [&ask](const std::string& text) {
        const auto parsed = command_line::parse_time(text);
        if (!parsed) throw CLI::ValidationError("--until-time", parsed.error());
        ask.until.time = *parsed;
      },
      "with --restore-from: no record of a later time, such as 2024-05-01T10:00:00Z");
  from->excludes(app.get_option("--verify"));
  sequence->needs(from)->excludes(time);
  time->needs(from);
}

// The terminate handler. A limit of memory or threads may throw where nothing can catch it, such as
// in the start of a thread. Then this says which limit it is, and exits instead of aborting.
[[noreturn]] void end_without_resources() {
  const char* const advice =
      ": the limits of memory and threads are too low for it, see `ulimit -v` and `ulimit -u`\n";
  try {
    if (const auto error = std::current_exception()) std::rethrow_exception(error);
  } catch (const std::bad_alloc&) {
    std::cerr << "error: the process gets no more memory" << advice << std::flush;
    std::_Exit(kGaveUp);
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::resource_unavailable_try_again) {
      std::cerr << "error: the process gets no more memory or threads" << advice << std::flush;
      std::_Exit(kGaveUp);
    }
    std::cerr << "error: " << error.what() << std::endl;
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << std::endl;
  } catch (...) {
    std::cerr << "error: an exception of an unknown kind" << std::endl;
  }
  std::abort();
}

// Limits the free memory that malloc keeps. Batches are made on one thread and freed on another.
// With an arena for each thread, and large vectors in the arenas, as much memory lies free as is
// used. That was measured with a million accounts.
void bound_free_memory() {
  constexpr int kLargeBytes = 4 << 20;  // from this size on, freed memory goes back to the system
  constexpr int kSpareBytes = 64 << 20;
  mallopt(M_ARENA_MAX, 2);
  mallopt(M_MMAP_THRESHOLD, kLargeBytes);
  mallopt(M_TRIM_THRESHOLD, kSpareBytes);
}

}  // namespace

SCALEGRAPH_OCCUPY_STANDARD_DESCRIPTORS("/dev/null");

int main(int argc, char** argv) {
  std::set_terminate(end_without_resources);
  bound_free_memory();
  // gRPC uses abseil's locks. Debian's abseil searches for lock cycles each time one is taken.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  CLI::App app("scalegraphd: the Scalegraph ledger server", "scalegraphd");
  Options options;
  app.footer(kNotes);
  app.add_option("--config", options.settings.file, "settings, see scalegraph.toml(5)")
      ->type_name("FILE");
  app.add_option("--set", options.settings.overrides, "overrides a setting, may be repeated")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  app.add_flag("--check", options.check, "check the settings and exit");
  app.add_flag("--verify", options.verify, "check a store that is not running and exit");
  add_restore_options(app, options.restore);
  app.set_version_flag("--version", "scalegraphd " SCALEGRAPH_VERSION);
  command_line::add_documents_option(
      app,
      {8, SCALEGRAPH_VERSION, {{"SIGNALS", kSignals}}, {"scalegraph.toml(5)", "scalegraphctl(1)"}},
      [] { return std::vector{server::settings_manual(SCALEGRAPH_VERSION)}; });
  try {
    command_line::parse(app, command_line::arguments_of(argc, argv));
  } catch (const CLI::ParseError& error) {
    return command_line::after_output(app.exit(error) == 0 ? kDone : kBadUsage);
  }
  return run(options);
}
