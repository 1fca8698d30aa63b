// participant create, get, list.
//
// Creating is not idempotent on the wire: a second attempt is refused with ALREADY_EXISTS. The
// advice after an unknown outcome says so (Effect::creation).
#include "cli/commands/commands.hpp"
#include "cli/output/render.hpp"
#include "cli/session/paging.hpp"

namespace sg::cli {
namespace {

namespace wire = scalegraph::ledger;
using Service = wire::ParticipantService::Stub;

// The options of `participant create`.
struct CreateOptions {
  std::string id;
  std::string name;
  wire::ParticipantRole role = wire::PARTICIPANT_ROLE_UNSPECIFIED;  // --role is required
  std::map<std::string, std::string> metadata;
};

ExitCode create(Session& session, const CreateOptions& options) {
  wire::CreateParticipantRequest request;
  request.set_id(options.id);
  request.set_name(options.name);
  request.set_role(options.role);
  request.mutable_metadata()->insert(options.metadata.begin(), options.metadata.end());
  wire::Participant reply;
  return session.ask(&Service::CreateParticipant, request, reply, render_participant,
                     {Effect::creation, {}});
}

ExitCode get(Session& session, const std::string& id) {
  wire::GetParticipantRequest request;
  request.set_participant_id(id);
  wire::Participant reply;
  return session.ask(&Service::GetParticipant, request, reply, render_participant);
}

// Collects all pages before printing, so a failure does not leave half a list.
// PARTICIPANT_ROLE_UNSPECIFIED lists every role.
ExitCode list(Session& session, wire::ParticipantRole role) {
  wire::ListParticipantsRequest request;
  request.set_role(role);
  request.set_limit(kPageLimit);
  wire::ListParticipantsResponse all;
  const auto take = [&all](wire::ListParticipantsResponse& page, auto&) {
    all.mutable_participants()->MergeFrom(page.participants());
    return true;
  };
  grpc::Status status = session.connection().connect();
  if (status.ok()) {
    status = each_page(session.connection(), &Service::ListParticipants, request, take);
  }
  if (!status.ok()) return session.fail(explain(status, {}));
  return session.show(all, render_participants);
}

void add_create(CLI::App& group, Command& chosen) {
  auto options = std::make_shared<CreateOptions>();
  CLI::App* command = group.add_subcommand("create", "Create a participant");
  command->add_option("ID", options->id, "its id")->required()->type_name("");
  command->add_option("--name", options->name, "its name")->required();
  add_parsed(*command, "--role", options->role, parse_role, "ROLE",
             "access_provider, banking_partner, ecosystem_partner, supplier or equipment_provider")
      ->required();
  add_metadata(*command, options->metadata);
  command->callback([&chosen, options] {
    chosen = [options](Session& session) { return create(session, *options); };
  });
}

void add_get(CLI::App& group, Command& chosen) {
  auto id = std::make_shared<std::string>();
  CLI::App* command = group.add_subcommand("get", "Show a participant");
  command->add_option("ID", *id, "its id")->required()->type_name("");
  command->callback(
      [&chosen, id] { chosen = [id](Session& session) { return get(session, *id); }; });
}

void add_list(CLI::App& group, Command& chosen) {
  auto role = std::make_shared<wire::ParticipantRole>(wire::PARTICIPANT_ROLE_UNSPECIFIED);
  CLI::App* command = group.add_subcommand("list", "List the participants");
  add_parsed(*command, "--role", *role, parse_role, "ROLE", "only those with this role");
  command->callback(
      [&chosen, role] { chosen = [role](Session& session) { return list(session, *role); }; });
}

}  // namespace

void add_participant_commands(CLI::App& app, Command& chosen) {
  CLI::App* group = app.add_subcommand("participant", "Create, show and list participants");
  group->require_subcommand(1);
  add_create(*group, chosen);
  add_get(*group, chosen);
  add_list(*group, chosen);
}

}  // namespace sg::cli
