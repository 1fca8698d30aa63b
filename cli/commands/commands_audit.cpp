// audit list and verify: who did what. What committed stands in the chain, which `verify` checks.
// What was read or refused stands in the log of the server that is asked: `audit verify` checks its
// lines against their hashes, here and not on the server.
#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.hpp"
#include "cli/output/table.hpp"
#include "command_line/time_text.hpp"
#include "security/bytes.hpp"

namespace sg::cli {
namespace {

namespace wire = scalegraph::ledger;
using Admin = wire::AdminService::Stub;

constexpr int kPageLimit = 1000;
constexpr int kDefaultLimit = 100;

struct ListOptions {
  bool answered = false;
  int limit = kDefaultLimit;
  std::int64_t from = 0;
  std::int64_t to = 0;
  std::string caller;
};

// Calls `take` with page after page, until the last one or until it returns false.
grpc::Status each_page(Session& session, wire::ListAuditRequest request,
                       const std::function<bool(const wire::ListAuditResponse&)>& take) {
  auto status = session.connection().connect();
  for (bool goes_on = true; status.ok() && goes_on;) {
    wire::ListAuditResponse page;
    status = session.connection().call(&Admin::ListAudit, request, &page);
    if (!status.ok()) break;
    goes_on = take(page) && !page.next_page_token().empty();
    request.set_page_token(page.next_page_token());
  }
  return status;
}

std::string text_in(const Json& line, const char* name) {
  const auto found = line.find(name);
  return found != line.end() && found->is_string() ? found->get<std::string>() : std::string();
}
std::uint64_t number_in(const Json& line, const char* name) {
  const auto found = line.find(name);
  return found != line.end() && found->is_number() ? found->get<std::uint64_t>() : 0;
}

// Whether the server's log has a line that was asked for: it is filtered here.
bool is_wanted(const Json& line, const ListOptions& options) {
  const auto time = static_cast<std::int64_t>(number_in(line, "time"));
  return (options.caller.empty() || text_in(line, "caller") == options.caller) &&
         time >= options.from && (options.to == 0 || time < options.to);
}

ExitCode list_answered(Session& session, const ListOptions& options) {
  std::vector<Json> lines;
  wire::ListAuditRequest request;
  request.set_answered(true);
  request.set_limit(kPageLimit);
  const auto status = each_page(session, request, [&](const wire::ListAuditResponse& page) {
    for (const auto& text : page.lines()) {
      auto line = Json::parse(text, nullptr, false);
      if (line.is_object() && is_wanted(line, options)) lines.push_back(std::move(line));
      if (static_cast<int>(lines.size()) == options.limit) return false;
    }
    return true;
  });
  if (!status.ok()) return session.fail(explain(status, {}));
  auto& out = session.console().out;
  if (session.json()) {
    for (const auto& one : lines) out << line(one);
    return kDone;
  }
  Table table({{"TIME"},
               {"CALLER"},
               {"FROM"},
               {"METHOD"},
               {"SUBJECT"},
               {"OUTCOME"},
               {"ITEMS", Align::right},
               {"REFUSED", Align::right}});
  for (const auto& one : lines) {
    table.add({command_line::iso_8601(static_cast<std::int64_t>(number_in(one, "time"))),
               text_in(one, "caller"), text_in(one, "peer"), text_in(one, "method"),
               text_in(one, "subject"), text_in(one, "outcome"),
               std::to_string(number_in(one, "items")), std::to_string(number_in(one, "refused"))});
  }
  out << table.text(session.console().colour_out);
  return kDone;
}

ExitCode list(Session& session, const ListOptions& options) {
  if (options.answered) return list_answered(session, options);
  wire::ListAuditResponse all;
  wire::ListAuditRequest request;
  request.set_limit(std::min(options.limit, kPageLimit));
  request.set_from(options.from);
  request.set_to(options.to);
  request.set_caller(options.caller);
  const auto status = each_page(session, request, [&](const wire::ListAuditResponse& page) {
    for (const auto& one : page.committed()) {
      if (all.committed_size() == options.limit) return false;
      *all.add_committed() = one;
    }
    return true;
  });
  if (!status.ok()) return session.fail(explain(status, {}));
  return session.show(all, [](const wire::ListAuditResponse& shown, bool colour) {
    Table table({{"TIME"}, {"CALLER"}, {"FROM"}, {"WHAT"}, {"SUBJECT"}});
    for (const auto& one : shown.committed()) {
      table.add({command_line::iso_8601(one.time()), one.caller(), one.peer(), one.what(),
                 one.subject()});
    }
    return table.text(colour);
  });
}

// What the lines of a log have told so far.
struct Walk {
  std::uint64_t lines = 0;
  std::uint64_t first = 0;
  std::uint64_t dropped = 0;
  std::uint64_t next = 0;
  std::string previous;  // the hash of the last line
  std::vector<std::string> problems;
};

void check_line(const std::string& text, Walk& walk) {
  const auto line = Json::parse(text, nullptr, false);
  if (!line.is_object()) {
    walk.problems.push_back("after line " + std::to_string(walk.next) + ": it is no JSON");
  } else {
    const auto number = number_in(line, "number");
    const auto name = "line " + std::to_string(number);
    if (walk.lines == 0) {
      walk.first = number;
    } else {
      if (number != walk.next) {
        walk.problems.push_back(name + ": line " + std::to_string(walk.next) + " is missing");
      }
      if (text_in(line, "previous") != walk.previous) {
        walk.problems.push_back(name + ": the line before it was changed");
      }
    }
    walk.dropped += number_in(line, "dropped");
    walk.next = number + 1;
  }
  ++walk.lines;
  walk.previous = security::to_hex(security::sha256(text));
}

ExitCode verify(Session& session) {
  Walk walk;
  wire::ListAuditRequest request;
  request.set_answered(true);
  request.set_limit(kPageLimit);
  const auto status = each_page(session, request, [&walk](const wire::ListAuditResponse& page) {
    for (const auto& text : page.lines()) check_line(text, walk);
    return true;
  });
  if (!status.ok()) return session.fail(explain(status, {}));
  auto& out = session.console().out;
  if (session.json()) {
    out << line(Json{{"lines", walk.lines},
                     {"first", walk.first},
                     {"dropped", walk.dropped},
                     {"last_hash", walk.previous},
                     {"problems", walk.problems}});
  } else {
    Fields fields;
    fields.add("lines", std::to_string(walk.lines));
    fields.add("from line", std::to_string(walk.first));
    fields.add("dropped", std::to_string(walk.dropped));
    fields.add("last hash", walk.previous);
    out << fields.text(session.console().colour_out);
    for (const auto& problem : walk.problems) out << "problem: " << problem << '\n';
    out << (walk.problems.empty()
                ? "the log is whole; `scalegraphctl verify` checks what committed\n"
                : "the log was changed\n");
  }
  return walk.problems.empty() ? kDone : kRefused;
}

}  // namespace

void add_audit_commands(CLI::App& app, Command& chosen) {
  auto* audit = app.add_subcommand("audit", "Who did what, oldest first");
  audit->require_subcommand(1);
  const auto options = std::make_shared<ListOptions>();
  auto* command = audit->add_subcommand("list", "What committed, and who asked for it");
  command->add_flag("--answered", options->answered,
                    "what the server that is asked has answered and refused, from its own log");
  command->add_option("--caller", options->caller, "of this caller only")->type_name("NAME");
  add_parsed(*command, "--limit", options->limit, parse_count, "N",
             "at most so many, 100 if not given");
  add_parsed(*command, "--from", options->from, command_line::parse_time, "TIME",
             "not before: 2024-05-01, 2024-05-01T10:00:00Z, or milliseconds since 1970");
  add_parsed(*command, "--to", options->to, command_line::parse_time, "TIME", "before, exclusive");
  command->callback([&chosen, options] {
    chosen = [options](Session& session) { return list(session, *options); };
  });
  audit->add_subcommand("verify", "Check the lines of the server's own log against their hashes")
      ->callback([&chosen] { chosen = verify; });
}

}  // namespace sg::cli
