// Reads an import file in three steps:
// - JSON is rewritten so that the YAML parser reads it (json_as_yaml.hpp);
// - only_document() parses the text, within limits (yaml_document.hpp);
// - Reader walks over the nodes, fills the plan and collects faults.
//
// A fault does not end the reading, so one run shows all of them. Values are checked here by the
// rules of the ledger (import_rules.hpp), so that an import does not fail half-way.
#include "cli/import/import_file.hpp"

#include <algorithm>
#include <initializer_list>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/import/import_rules.hpp"
#include "cli/import/json_as_yaml.hpp"
#include "cli/import/yaml_document.hpp"
#include "cli/session/arguments.hpp"

namespace sg::cli {
namespace {

namespace wire = scalegraph::ledger;

// From 1, as editors count. A node that the parser made up has no line.
int line_of(const YAML::Node& node) {
  const YAML::Mark mark = node.Mark();
  return mark.is_null() ? 0 : mark.line + 1;
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// An operator corrects the first faults and tries again. A list of more would only fill memory.
constexpr std::size_t kMostErrors = 1000;

// Thrown to end the reading after kMostErrors.
struct TooManyErrors {};

// The fields that both kinds of account have.
struct AccountFields {
  std::int64_t balance = 0;
  std::int64_t floor = 0;
  google::protobuf::Map<std::string, std::string> metadata;
};

// Walks over one document. Needs a new Reader for each. After a fault it goes on with a default
// value, so the plan is valid only if `errors` is empty.
class Reader {
 public:
  void read(const YAML::Node& root) {
    each_field(root, "the file", {"participants", "accounts"},
               [&](const std::string& key, const YAML::Node& value) {
                 const bool participants = key == "participants";
                 each_element(value, key, [&](const YAML::Node& element) {
                   participants ? read_participant(element) : read_standalone(element);
                 });
               });
  }

  ImportPlan plan;
  std::vector<ImportError> errors;

 private:
  void refuse(const YAML::Node& node, std::string message) {
    if (errors.size() == kMostErrors) throw TooManyErrors{};
    errors.push_back({line_of(node), std::move(message)});
  }

  // Calls take(key, value) for each field of a map, which messages call `what`. Refuses a key that
  // is not in `valid`, or that stands twice. The parser accepts both, and a balance could get lost.
  template <class Take>
  void each_field(const YAML::Node& node, const std::string& what,
                  std::initializer_list<std::string_view> valid, Take take) {
    if (!node.IsMap()) return refuse(node, what + " must be a map");
    std::map<std::string, int> seen;
    for (const auto& field : node) {
      if (!field.first.IsScalar()) {
        refuse(field.first, "a key of " + what + " must be text");
        continue;
      }
      const std::string& key = field.first.Scalar();
      if (std::ranges::find(valid, key) == valid.end()) {
        refuse(field.first, "unknown key \"" + key + "\" in " + what + "; valid: " + join(valid));
      } else if (!seen.emplace(key, 0).second) {
        refuse(field.first, "key \"" + key + "\" stands twice in " + what);
      } else {
        take(key, field.second);
      }
    }
  }

  // Calls take(element) for each element of a list. A key without a value is an empty list.
  template <class Take>
  void each_element(const YAML::Node& node, const std::string& what, Take take) {
    if (node.IsNull()) return;
    if (!node.IsSequence()) return refuse(node, what + " must be a list");
    for (const auto& element : node) take(element);
  }

  static std::string join(std::initializer_list<std::string_view> names) {
    std::string out;
    for (const std::string_view name : names) out += (out.empty() ? "" : ", ") + std::string(name);
    return out;
  }

  // A text. Numbers and dates are texts as well, just as they stand in the file.
  std::string read_text(const YAML::Node& node, const std::string& what) {
    if (node.IsScalar()) return node.Scalar();
    refuse(node, what + " must be text");
    return {};
  }

  // Reads a single value with one of the parsers of arguments.hpp. Returns T{} after a fault.
  template <class T>
  T read_parsed(const YAML::Node& node, const std::string& what,
                Parsed<T> (*parse)(std::string_view)) {
    if (!node.IsScalar()) {
      refuse(node, what + " must be a single value");
      return T{};
    }
    auto parsed = parse(node.Scalar());
    if (parsed) return *parsed;
    refuse(node, what + ": " + parsed.error());
    return T{};
  }

  void read_metadata(const YAML::Node& node, google::protobuf::Map<std::string, std::string>& out) {
    if (node.IsNull()) return;
    if (!node.IsMap()) return refuse(node, "metadata must be a map");
    for (const auto& field : node) {
      if (!field.first.IsScalar() || !field.second.IsScalar()) {
        refuse(field.first, "metadata must map text to text");
      } else if (!out.insert({field.first.Scalar(), field.second.Scalar()}).second) {
        refuse(field.first, "metadata \"" + field.first.Scalar() + "\" stands twice");
      }
    }
    // The limit is on all metadata of one object together.
    if (const auto wrong = wrong_metadata(out)) refuse(node, "metadata " + *wrong);
  }

  // Checks an id: the ledger would accept it, and it stands only once in the file. `taken` maps the
  // ids so far to their lines.
  void check_id(const YAML::Node& node, const std::string& id, const char* what,
                std::map<std::string, int>& taken) {
    const std::string name = std::string(what) + " \"" + id + "\"";
    if (id.empty()) return refuse(node, std::string(what) + " needs an id");
    if (const auto wrong = wrong_id(id)) {
      return refuse(node, std::string(what) + " id " + *wrong);
    }
    const auto [at, inserted] = taken.emplace(id, line_of(node));
    if (!inserted) {
      refuse(node, name + " stands twice, first on line " + std::to_string(at->second));
    }
  }

  void read_participant(const YAML::Node& node) {
    wire::CreateParticipantRequest request;
    bool has_id = false;
    bool has_name = false;
    bool has_role = false;
    // Read after all other fields: the id, which they need, may stand below them.
    YAML::Node accounts;
    each_field(node, "a participant", {"id", "name", "role", "metadata", "accounts"},
               [&](const std::string& key, const YAML::Node& value) {
                 if (key == "id") {
                   has_id = true;
                   request.set_id(read_text(value, "id"));
                   check_id(value, request.id(), "participant", participant_lines_);
                 } else if (key == "name") {
                   has_name = true;
                   request.set_name(read_text(value, "name"));
                   if (const auto wrong = wrong_name(request.name())) {
                     refuse(value, "name " + *wrong);
                   }
                 } else if (key == "role") {
                   has_role = true;
                   request.set_role(read_parsed(value, "role", parse_role));
                 } else if (key == "metadata") {
                   read_metadata(value, *request.mutable_metadata());
                 } else {
                   accounts = value;
                 }
               });
    // each_field() has refused it already.
    if (!node.IsMap()) return;
    if (!has_id) refuse(node, "a participant needs an id");
    if (!has_name) refuse(node, "a participant needs a name");
    if (!has_role) refuse(node, "a participant needs a role");
    each_element(accounts, "accounts", [&](const YAML::Node& account) {
      read_participant_account(account, request.id());
    });
    plan.participants.push_back(std::move(request));
  }

  void read_participant_account(const YAML::Node& node, const std::string& participant) {
    wire::CreateParticipantAccountRequest request;
    AccountFields fields;
    request.set_participant_id(participant);
    request.set_account_type(wire::OPERATING);
    each_field(node, "a participant's account", {"type", "balance", "floor", "metadata"},
               [&](const std::string& key, const YAML::Node& value) {
                 if (key == "type") {
                   request.set_account_type(read_parsed(value, "type", parse_account_type));
                 } else {
                   read_account_field(key, value, fields);
                 }
               });
    if (!node.IsMap()) return;
    check_funds(node, fields);
    // Without the participant's id there is no account id. The missing id is a fault of its own.
    if (!participant.empty()) check_id(node, account_id(request), "account", account_lines_);
    request.set_initial_balance(fields.balance);
    request.set_floor(fields.floor);
    request.mutable_metadata()->swap(fields.metadata);
    plan.participant_accounts.push_back(std::move(request));
  }

  void read_standalone(const YAML::Node& node) {
    wire::CreateAccountRequest request;
    AccountFields fields;
    bool has_id = false;
    each_field(node, "an account", {"id", "balance", "floor", "metadata"},
               [&](const std::string& key, const YAML::Node& value) {
                 if (key == "id") {
                   has_id = true;
                   request.set_account_id(read_text(value, "id"));
                   check_id(value, request.account_id(), "account", account_lines_);
                 } else {
                   read_account_field(key, value, fields);
                 }
               });
    if (!node.IsMap()) return;
    if (!has_id) refuse(node, "an account needs an id");
    check_funds(node, fields);
    request.set_initial_balance(fields.balance);
    request.set_floor(fields.floor);
    request.mutable_metadata()->swap(fields.metadata);
    plan.accounts.push_back(std::move(request));
  }

  // Needs: `key` is "balance", "floor" or "metadata".
  void read_account_field(const std::string& key, const YAML::Node& value, AccountFields& fields) {
    if (key == "balance") {
      fields.balance = read_parsed(value, "balance", parse_amount);
    } else if (key == "floor") {
      fields.floor = read_parsed(value, "floor", parse_amount);
    } else {
      read_metadata(value, fields.metadata);
    }
  }

  // The ledger refuses both: a negative initial balance, and a floor above it.
  void check_funds(const YAML::Node& node, const AccountFields& fields) {
    if (fields.balance < 0) {
      refuse(node, "balance " + std::to_string(fields.balance) + " is negative");
    } else if (fields.floor > fields.balance) {
      refuse(node, "floor " + std::to_string(fields.floor) + " is above the balance " +
                       std::to_string(fields.balance));
    }
  }

  // Line of each id so far, for the message about one that stands twice.
  std::map<std::string, int> participant_lines_;
  std::map<std::string, int> account_lines_;
};

// Only valid JSON is treated as JSON, so "{id: seb}" is YAML. The JSON parser takes a NUL for the
// end of the text and ignores what follows, so a text with a NUL is never JSON.
bool is_json(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '{' &&
         text.find('\0') == std::string_view::npos && nlohmann::json::accept(text);
}

}  // namespace

std::string account_id(const wire::CreateParticipantAccountRequest& request) {
  // The rule of the ledger: the type in lower case.
  return request.participant_id() + ":" + lower(wire::AccountType_Name(request.account_type()));
}

tl::expected<ImportPlan, std::vector<ImportError>> parse_import(std::string_view text) {
  // Editors on Windows write a byte order mark in front of UTF-8.
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  Reader reader;
  bool too_many = false;
  try {
    const auto document = only_document(is_json(text) ? json_as_yaml(text) : std::string(text));
    if (!document) return tl::unexpected(std::vector<ImportError>{{0, document.error()}});
    reader.read(*document);
  } catch (const YAML::Exception& error) {
    const int line = error.mark.is_null() ? 0 : error.mark.line + 1;
    return tl::unexpected(std::vector<ImportError>{{line, error.msg}});
  } catch (const TooManyErrors&) {
    too_many = true;
  }
  if (!reader.errors.empty()) {
    // A missing key is found after those below it, so faults are not in the order of lines.
    std::ranges::stable_sort(reader.errors, {}, &ImportError::line);
    if (too_many) reader.errors.push_back({0, "there are more errors, which are not listed"});
    return tl::unexpected(std::move(reader.errors));
  }
  return std::move(reader.plan);
}

}  // namespace sg::cli
