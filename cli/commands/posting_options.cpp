#include "cli/commands/posting_options.hpp"

#include "command_line/time_text.hpp"

namespace sg::cli {
namespace {

namespace wire = scalegraph::ledger;

// The ledger takes 0 for "not said".
Parsed<std::int64_t> parse_moment(std::string_view text) {
  const auto time = command_line::parse_time(text);
  if (!time || *time != 0) return time;
  return tl::unexpected("\"" + std::string(text) +
                        "\" is the one moment that cannot be told: take one a millisecond later");
}

}  // namespace

void add_reference_and_key(CLI::App& command, PostingOptions& options) {
  command.add_option("--reference", options.reference, "a text that history keeps");
  command.add_option("--key", options.key,
                     "idempotency key: a retry with the same key has one effect and one answer");
}

CLI::Option* add_entries(CLI::App& command, const PostingOptionsPtr& options,
                         const std::string& description) {
  const auto take = [options, name = command.get_name()](const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      auto entry = parse_entry(text);
      if (!entry) throw CLI::ValidationError(name, entry.error());
      // Keeps the order of the entries, which a retry with the same key has to repeat.
      options->entries.push_back(std::move(*entry));
    }
  };
  return command.add_option_function<std::vector<std::string>>("ENTRY", take, description)
      ->type_name("");
}

void add_details(CLI::App& command, PostingOptions& options) {
  add_metadata(command, options.metadata);
  command.add_flag("--balanced", options.balanced, "refuse it unless the entries sum to zero");
  command.add_flag("--unique-reference", options.unique_reference,
                   "refuse it if any transaction has its --reference already");
  add_parsed(command, "--effective-at", options.effective_at, parse_moment, "",
             "when it happened for you, which is kept and affects nothing");
}

ExitCode execute(Session& session, wire::Command request, const PostingOptions& options,
                 RenderTransaction render) {
  request.set_reference(options.reference);
  request.set_idempotency_key(options.key);
  request.mutable_metadata()->insert(options.metadata.begin(), options.metadata.end());
  request.mutable_options()->set_balanced(options.balanced);
  request.mutable_options()->set_unique_reference(options.unique_reference);
  request.mutable_options()->set_effective_at(options.effective_at);
  wire::Transaction reply;
  return session.ask(&wire::CommandService::Stub::Execute, request, reply, render,
                     {Effect::posting, options.key});
}

}  // namespace sg::cli
