// key show, key seal: what became of an idempotency key.
#include "cli/commands/commands.hpp"
#include "cli/output/render.hpp"

namespace sg::cli {
namespace {

namespace wire = scalegraph::ledger;

ExitCode show(Session& session, const std::string& key) {
  wire::GetKeyOutcomeRequest request;
  request.set_key(key);
  wire::KeyOutcome reply;
  return session.ask(&wire::QueryService::Stub::GetKeyOutcome, request, reply, render_key_outcome);
}

ExitCode seal(Session& session, const std::string& key) {
  wire::SealKeyRequest request;
  request.set_key(key);
  wire::KeyOutcome reply;
  const auto code =
      session.ask(&wire::CommandService::Stub::SealKey, request, reply, render_key_outcome);
  // So that `key seal K && pay` pays only if nothing has.
  return code == kDone && reply.state() == wire::COMMITTED ? kRefused : code;
}

void add(CLI::App& group, Command& chosen, const char* name, const char* description,
         ExitCode (*run)(Session&, const std::string&)) {
  auto key = std::make_shared<std::string>();
  CLI::App* command = group.add_subcommand(name, description);
  command->add_option("KEY", *key, "the idempotency key")->required()->type_name("");
  command->callback([&chosen, key, run] {
    chosen = [key, run](Session& session) { return run(session, *key); };
  });
}

}  // namespace

void add_key_commands(CLI::App& app, Command& chosen) {
  CLI::App* group = app.add_subcommand("key", "Tell what became of an idempotency key");
  group->require_subcommand(1);
  add(*group, chosen, "show", "Show whether something has committed with the key", show);
  add(*group, chosen, "seal", "Let nothing ever commit with the key, unless something has", seal);
}

}  // namespace sg::cli
