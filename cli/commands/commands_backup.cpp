// backup create, list, show and verify: backups on the disk of the server that is asked. `verify`
// ends with exit code 1 if the backup is damaged.
#include <functional>
#include <memory>

#include "cli/commands/commands.hpp"
#include "cli/output/render_backup.hpp"

namespace sg::cli {
namespace {

namespace wire = scalegraph::ledger;
using Backups = wire::BackupService::Stub;

constexpr int kPageLimit = 1000;
constexpr int kDefaultLimit = 100;

// Escape sequence: go to the start of the line and clear it.
constexpr const char* kLineStart = "\r\033[K";

// Makes a call that streams progress and then the result. A backup takes its time, so the call has
// no deadline. A lost connection ends it.
template <class Method, class Request, class Reply>
grpc::Status follow(Session& session, Method method, const Request& request, Reply& last,
                    const char* doing) {
  auto& connection = session.connection();
  if (auto status = connection.connect(); !status.ok()) return status;
  grpc::ClientContext context;
  const auto reader = (connection.stub<Backups>().*method)(&context, request);
  while (reader->Read(&last)) {
    if (!session.shows_progress() || last.done()) continue;
    session.console().err << kLineStart << doing << progress_text(last) << std::flush;
  }
  if (session.shows_progress()) session.console().err << kLineStart << std::flush;
  auto status = reader->Finish();
  // The stream ended with OK but without a result. That must not look like success.
  if (status.ok() && !last.done()) {
    return {grpc::StatusCode::DATA_LOSS, "the answer ended before it was complete"};
  }
  return status;
}

ExitCode create(Session& session, const std::string& name) {
  wire::CreateBackupRequest request;
  request.set_name(name);
  wire::CreateBackupResponse last;
  const auto status = follow(session, &Backups::CreateBackup, request, last, "writing: ");
  if (!status.ok()) return session.fail(explain(status, {}));
  return session.show(last, render_created);
}

ExitCode verify(Session& session, const std::string& name) {
  wire::VerifyBackupRequest request;
  request.set_name(name);
  wire::VerifyBackupResponse last;
  const auto status = follow(session, &Backups::VerifyBackup, request, last, "verifying: ");
  if (!status.ok()) return session.fail(explain(status, {}));
  session.show(last, render_verified);
  return last.problems().empty() ? kDone : kRefused;
}

ExitCode list(Session& session) {
  wire::ListBackupsRequest request;
  request.set_limit(kPageLimit);
  wire::ListBackupsResponse all;
  if (auto status = session.connection().connect(); !status.ok()) {
    return session.fail(explain(status, {}));
  }
  do {
    wire::ListBackupsResponse page;
    const auto status = session.connection().call(&Backups::ListBackups, request, &page);
    if (!status.ok()) return session.fail(explain(status, {}));
    all.mutable_backups()->MergeFrom(page.backups());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return session.show(all, render_backups);
}

ExitCode show(Session& session, const std::string& name, int limit) {
  wire::GetBackupRequest request;
  request.set_name(name);
  request.set_limit(limit);
  wire::GetBackupResponse reply;
  return session.ask(&Backups::GetBackup, request, reply, render_backup);
}

// Adds the name of a backup.
std::shared_ptr<std::string> add_name(CLI::App& command) {
  const auto name = std::make_shared<std::string>();
  command.add_option("NAME", *name,
                     "a folder below backup.folder of the server; \"default\" if not "
                     "given");
  return name;
}

}  // namespace

void add_backup_commands(CLI::App& app, Command& chosen) {
  auto* backup = app.add_subcommand("backup", "Backups on the disk of the server");
  backup->require_subcommand(1);
  auto* make = backup->add_subcommand(
      "create", "Bring a backup up to date: what it lacks is written, the first time all");
  make->callback([&chosen, name = add_name(*make)] {
    chosen = [name](Session& session) { return create(session, *name); };
  });
  backup->add_subcommand("list", "The backups that are there")->callback([&chosen] {
    chosen = list;
  });
  auto* one = backup->add_subcommand("show", "One backup and its files");
  const auto limit = std::make_shared<int>(kDefaultLimit);
  add_parsed(*one, "--limit", *limit, parse_count, "N", "at most so many files, 100 if not given");
  one->callback([&chosen, limit, name = add_name(*one)] {
    chosen = [name, limit](Session& session) { return show(session, *name, *limit); };
  });
  auto* check = backup->add_subcommand(
      "verify", "Read all of a backup and check it; exit code 1 if it is damaged");
  check->callback([&chosen, name = add_name(*check)] {
    chosen = [name](Session& session) { return verify(session, *name); };
  });
}

}  // namespace sg::cli
