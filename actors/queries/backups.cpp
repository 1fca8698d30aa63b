#include "actors/queries/backups.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <exception>
#include <numeric>
#include <optional>
#include <utility>

#include "actors/queries/page_token.hpp"
#include "actors/queries/reads.hpp"
#include "telemetry/log.hpp"

namespace sg::actors {

using telemetry::log;
using telemetry::Module;

namespace {

using ledger::Error;
using ledger::Outcome;
using ledger::Reason;
using persistence::BackupFolder;
using persistence::StoreFault;

constexpr std::int64_t kDefaultRows = 100;
const std::string kDefaultName = "default";
const std::string kListing = "backups";
// Of a thread whose work can wait: about a tenth of a processor that others want too.
constexpr int kNice = 10;

// Linux has a niceness for each thread. That it cannot be changed is no reason to fail.
void give_way() {
  if (::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice) == 0) return;
  log(Module::queries)
      .warn("the work on backups cannot give way to other work: {}", std::strerror(errno));
}

Error refused(Reason reason, std::string message) {
  return {reason, std::move(message), {}, Outcome::none};
}

tl::unexpected<Error> failed(const persistence::StoreError& error) {
  if (error.fault == StoreFault::no_space) {
    return tl::unexpected(
        refused(Reason::storage_full,
                "the disk of backups is full, and what was there is as it was: " + error.message));
  }
  const auto reason =
      error.fault == StoreFault::locked ? Reason::backup_running : Reason::backup_refused;
  return tl::unexpected(refused(reason, error.message));
}

std::size_t rows_of(std::int64_t limit) {
  return static_cast<std::size_t>(limit == 0 ? kDefaultRows : limit);
}

// The folder of all backups.
ledger::Result<BackupFolder> open_root(const config::Backup& settings) {
  if (!settings.is_on()) {
    return tl::unexpected(refused(Reason::backup_off,
                                  "this server writes no backups: set backup.folder to a folder "
                                  "for them, and start it anew"));
  }
  auto root = BackupFolder::open(settings.folder);
  if (!root) {
    return tl::unexpected(
        refused(Reason::backup_refused,
                "backup.folder cannot be used, it has to be there: " + root.error().message));
  }
  return std::move(*root);
}

ledger::Result<std::string> name_of(const std::string& asked) {
  if (asked.empty()) return kDefaultName;
  if (persistence::is_backup_name(asked)) return asked;
  return tl::unexpected(
      Error{Reason::backup_name_invalid,
            "the name of a backup has to be " + std::string(persistence::wanted_backup_name()),
            {{"field", "name"}},
            Outcome::none});
}

ledger::Result<BackupFolder> open_backup(const BackupFolder& root, const std::string& name) {
  auto folder = root.below(name);
  if (!folder) return failed(folder.error());
  if (*folder) return std::move(**folder);
  return tl::unexpected(refused(Reason::backup_not_found, "there is no backup " + name));
}

BackupFacts facts_of(std::string name, const persistence::Manifest& manifest) {
  BackupFacts facts;
  facts.name = std::move(name);
  facts.written = manifest.written;
  facts.segments = manifest.segments.size();
  if (manifest.segments.empty()) return facts;
  facts.sequence = manifest.segments.back().last;
  facts.first_time = manifest.segments.front().first_time;
  facts.last_time = manifest.segments.back().last_time;
  facts.hash = manifest.segments.back().hash;
  for (const auto& segment : manifest.segments) {
    facts.blocks += segment.blocks;
    facts.bytes += segment.bytes;
  }
  return facts;
}

ReadResult work(const Runtime& runtime, Query& query, const CreateBackup& ask) {
  const auto name = name_of(ask.name);
  if (!name) return tl::unexpected(name.error());
  const auto root = open_root(runtime.settings.backup);
  if (!root) return tl::unexpected(root.error());
  const auto folder = root->make_below(*name);
  if (!folder) return failed(folder.error());
  persistence::BackupOptions options;
  options.now = runtime.wall_clock;
  if (folder->shares_disk_with(runtime.settings.storage.path)) {
    options.has_room = [&folder = *folder] {
      return folder.free_bytes() >= persistence::kLeastFreeBytes;
    };
  }
  auto run = persistence::run_backup(*runtime.store, *folder, options,
                                     [&query](const persistence::BackupProgress& at) {
                                       if (query.backup_progress) query.backup_progress(at);
                                       return !query.cancelled;
                                     });
  if (!run) {
    log(Module::queries).error("backup {}: {}", *name, run.error().message);
    return failed(run.error());
  }
  if (run->is_cancelled) return tl::unexpected(Query::cancelled_error());
  BackupCreated created{facts_of(*name, run->manifest), run->bytes};
  runtime.metrics->backup_written_ms.set(run->manifest.written);
  log(Module::queries)
      .info("backup {}: {} bytes written, it goes to sequence {}", *name, created.bytes,
            created.facts.sequence);
  return created;
}

ReadResult work(const Runtime& runtime, Query& query, const ListBackups& ask) {
  if (auto error = check_limit(ask.limit)) return tl::unexpected(*error);
  std::optional<std::string> after;
  if (!ask.token.empty()) {
    after = read_page_token(kListing, ask.token);
    if (!after) return tl::unexpected(bad_token_error());
  }
  const auto root = open_root(runtime.settings.backup);
  if (!root) return tl::unexpected(root.error());
  const auto names = root->names();
  if (!names) return failed(names.error());
  Page<BackupFacts> page;
  for (auto name = after ? std::upper_bound(names->begin(), names->end(), *after) : names->begin();
       name != names->end(); ++name) {
    if (page.items.size() == rows_of(ask.limit)) {
      page.next = make_page_token(kListing, page.items.back().name);
      break;
    }
    const auto damaged = [&name](const persistence::StoreError& error) {
      BackupFacts facts;
      facts.name = *name;
      facts.problem = error.message;
      return facts;
    };
    if (query.cancelled) return tl::unexpected(Query::cancelled_error());
    const auto folder = root->below(*name);
    if (!folder) page.items.push_back(damaged(folder.error()));
    if (!folder || !*folder) continue;  // it went meanwhile
    const auto manifest = (*folder)->read_manifest();
    if (!manifest) {
      page.items.push_back(damaged(manifest.error()));
    } else if (*manifest) {
      page.items.push_back(facts_of(*name, **manifest));
    }
  }
  return page;
}

// Where the page begins; nullopt: the token is none of this listing.
std::optional<std::size_t> begin_of(const std::string& listing, const std::string& token) {
  if (token.empty()) return 0;
  const auto position = read_page_token(listing, token);
  if (!position) return std::nullopt;
  std::size_t begin = 0;
  const auto [end, error] =
      std::from_chars(position->data(), position->data() + position->size(), begin);
  if (error != std::errc{} || end != position->data() + position->size()) return std::nullopt;
  return begin;
}

ReadResult work(const Runtime& runtime, Query&, const GetBackup& ask) {
  const auto name = name_of(ask.name);
  if (!name) return tl::unexpected(name.error());
  if (auto error = check_limit(ask.limit)) return tl::unexpected(*error);
  const auto listing = kListing + ":" + *name;
  const auto begin = begin_of(listing, ask.token);
  if (!begin) return tl::unexpected(bad_token_error());
  const auto root = open_root(runtime.settings.backup);
  if (!root) return tl::unexpected(root.error());
  const auto folder = open_backup(*root, *name);
  if (!folder) return tl::unexpected(folder.error());
  const auto manifest = folder->read_manifest();
  if (!manifest) return failed(manifest.error());
  if (!*manifest) {
    return tl::unexpected(refused(Reason::backup_not_found, "there is no backup " + *name));
  }
  const auto& segments = (*manifest)->segments;
  const auto first = std::min(*begin, segments.size());
  const auto end = std::min(first + rows_of(ask.limit), segments.size());
  BackupContents contents{facts_of(*name, **manifest), {}};
  contents.segments.items.assign(segments.begin() + static_cast<std::ptrdiff_t>(first),
                                 segments.begin() + static_cast<std::ptrdiff_t>(end));
  if (end < segments.size()) contents.segments.next = make_page_token(listing, std::to_string(end));
  return contents;
}

ReadResult work(const Runtime& runtime, Query& query, const VerifyBackup& ask) {
  const auto name = name_of(ask.name);
  if (!name) return tl::unexpected(name.error());
  const auto root = open_root(runtime.settings.backup);
  if (!root) return tl::unexpected(root.error());
  const auto folder = open_backup(*root, *name);
  if (!folder) return tl::unexpected(folder.error());
  auto report =
      persistence::verify_backup(*folder, [&query](const persistence::BackupProgress& at) {
        if (query.backup_progress) query.backup_progress(at);
        return !query.cancelled;
      });
  if (!report) return failed(report.error());
  if (report->is_cancelled) return tl::unexpected(Query::cancelled_error());
  return BackupVerified{facts_of(*name, report->manifest), report->bytes,
                        std::move(report->problems)};
}

// An exception becomes the query's answer.
ReadResult work(const Runtime& runtime, Query& query) {
  try {
    return std::visit([&](const auto& ask) { return work(runtime, query, ask); },
                      std::get<BackupAsk>(query.ask).what);
  } catch (const std::exception& error) {
    return tl::unexpected(refused(Reason::internal, error.what()));
  }
}

}  // namespace

void work_on_backups(caf::event_based_actor* self, const RuntimePtr& runtime,
                     const QueryPtr& query) {
  const bool creates = std::holds_alternative<CreateBackup>(std::get<BackupAsk>(query->ask).what);
  auto place = (creates ? runtime->backup_runs : runtime->backup_reads)->take();
  if (!place) {
    return query->answer(tl::unexpected(
        creates ? refused(Reason::backup_running,
                          "this server writes a backup already: wait until it is done")
                : refused(Reason::overloaded, std::to_string(Runtime::kMaxBackupReads) +
                                                  " calls look at backups: try again later")));
  }
  auto work_on = [runtime, query, place = std::move(place)]() mutable {
    if (runtime->detached) give_way();
    auto result = work(*runtime, *query);
    // First the place: the caller, once answered, may ask again.
    place = nullptr;
    query->answer(std::move(result));
  };
  // Tests on one thread work at once.
  if (!runtime->detached) return work_on();
  self->spawn<caf::detached>(
      [work_on = std::move(work_on)](caf::event_based_actor*) mutable { work_on(); });
}

}  // namespace sg::actors
