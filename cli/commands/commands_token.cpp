// token create, list and revoke: the file of bearer tokens that auth.tokens of the server names.
// They work on the file and ask no server; one that runs takes the change up by itself.
//
// The file is replaced as a whole: FILE.new is written, synced and renamed. As it is made
// exclusively, it also keeps two changes from running at once.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <system_error>

#include "cli/commands/commands.hpp"
#include "cli/output/table.hpp"
#include "security/tokens.hpp"

namespace sg::cli {
namespace {

struct Given {
  std::string file;
  std::string name;
  security::Grant grant;
};

Parsed<security::Grant> parse_grant(std::string_view text) {
  auto grant = security::parse_grant(text);
  if (grant) return *grant;
  return tl::unexpected("\"" + std::string(text) +
                        "\" is no role: admin, operator, teller, auditor, participant (whose id is "
                        "NAME) or participant:ID");
}

Parsed<std::string> parse_name(std::string_view text) {
  if (auto wrong = security::wrong_token_name(text)) return tl::unexpected(*wrong);
  return std::string(text);
}

std::string reason() { return std::generic_category().message(errno); }

// The text of the file; empty if there is none and that is allowed.
tl::expected<std::string, std::string> read(const std::string& path, bool may_lack) {
  std::ifstream file(path, std::ios::binary);
  if (!file.is_open() && errno == ENOENT && may_lack) return std::string();
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) return tl::unexpected("cannot read " + path + ": " + reason());
  return text;
}

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fsync(file) == 0;
}

// Holds FILE.new from its making to its renaming. Nobody else changes the file meanwhile.
class Replacement {
 public:
  explicit Replacement(const std::string& path) : path_(path), made_(path + ".new") {}
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;
  ~Replacement() {
    if (file_ < 0) return;
    ::close(file_);
    ::unlink(made_.c_str());
  }

  // Each returns why it could not, or nullopt.
  std::optional<std::string> begin() {
    file_ = ::open(made_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (file_ >= 0) return std::nullopt;
    if (errno != EEXIST) return "cannot make " + made_ + ": " + reason();
    return made_ + " is there: another change is under way, or one was broken off; then remove it";
  }
  std::optional<std::string> finish(std::string_view text) {
    struct stat old {};
    // The server may run as another user: who could read the file still can.
    const bool had_one = ::stat(path_.c_str(), &old) == 0;
    const bool is_done = (!had_one || (::fchmod(file_, old.st_mode & 07777) == 0 &&
                                       ::fchown(file_, old.st_uid, old.st_gid) == 0)) &&
                         write_all(file_, text) && ::rename(made_.c_str(), path_.c_str()) == 0;
    if (!is_done) return "cannot write " + path_ + ": " + reason() + "; it is as it was";
    ::close(std::exchange(file_, -1));
    sync_folder();
    return std::nullopt;
  }

 private:
  void sync_folder() const {
    const auto folder = std::filesystem::path(path_).parent_path();
    const int opened =
        ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (opened < 0) return;
    (void)::fsync(opened);
    ::close(opened);
  }

  std::string path_;
  std::string made_;
  int file_ = -1;
};

ExitCode refuse(Session& session, const std::string& why) { return session.fail(bad_usage(why)); }

// Reads the file, which has to be right, and returns its text with its rows.
struct Contents {
  std::string text;
  std::vector<security::TokenRow> rows;
};
tl::expected<Contents, std::string> contents_of(const std::string& path, bool may_lack) {
  auto text = read(path, may_lack);
  if (!text) return tl::unexpected(text.error());
  auto rows = security::parse_tokens(*text);
  if (!rows) return tl::unexpected(path + ": " + rows.error());
  return Contents{std::move(*text), std::move(*rows)};
}

ExitCode create(Session& session, const Given& given) {
  Replacement replacement(given.file);
  if (auto failed = replacement.begin()) return refuse(session, *failed);
  auto contents = contents_of(given.file, true);
  if (!contents) return refuse(session, contents.error());
  const auto token = security::make_token();
  auto& text = contents->text;
  if (text.empty()) text = "# Bearer tokens of scalegraphd: NAME ROLE sha256:HASH\n";
  if (!text.ends_with('\n')) text += '\n';
  text += security::to_line({given.name, given.grant, security::hash_of(token)});
  if (auto failed = replacement.finish(text)) return refuse(session, *failed);
  if (session.json()) {
    session.console().out << line(
        Json{{"name", given.name}, {"role", to_string(given.grant)}, {"token", token}});
  } else {
    session.console().out << token << '\n';
    session.console().err << "shown once: the file has only its hash\n";
  }
  return kDone;
}

ExitCode list(Session& session, const Given& given) {
  const auto contents = contents_of(given.file, false);
  if (!contents) return refuse(session, contents.error());
  constexpr std::size_t kShownDigits = 12;
  if (session.json()) {
    for (const auto& row : contents->rows) {
      session.console().out << line(
          Json{{"name", row.name}, {"role", to_string(row.grant)}, {"hash", row.hash}});
    }
    return kDone;
  }
  Table table({{"NAME"}, {"ROLE"}, {"HASH"}});
  for (const auto& row : contents->rows) {
    table.add({row.name, to_string(row.grant), row.hash.substr(0, kShownDigits)});
  }
  session.console().out << table.text(session.console().colour_out);
  return kDone;
}

// Takes out the lines of that name, and leaves all others as they are.
ExitCode revoke(Session& session, const Given& given) {
  Replacement replacement(given.file);
  if (auto failed = replacement.begin()) return refuse(session, *failed);
  const auto contents = contents_of(given.file, false);
  if (!contents) return refuse(session, contents.error());
  std::string kept;
  int revoked = 0;
  std::string_view left = contents->text;
  while (!left.empty()) {
    const auto size = std::min(left.find('\n'), left.size() - 1) + 1;
    const auto row = security::parse_tokens(left.substr(0, size));
    const bool is_meant = row && !row->empty() && row->front().name == given.name;
    if (!is_meant) kept += left.substr(0, size);
    revoked += is_meant ? 1 : 0;
    left.remove_prefix(size);
  }
  if (revoked == 0) {
    return refuse(session, given.file + " has no token of " + given.name +
                               ": scalegraphctl token list shows them");
  }
  if (auto failed = replacement.finish(kept)) return refuse(session, *failed);
  if (session.json()) {
    session.console().out << line(Json{{"name", given.name}, {"revoked", revoked}});
  } else {
    session.console().out << "revoked " << revoked << (revoked == 1 ? " token" : " tokens")
                          << " of " << given.name << '\n';
  }
  return kDone;
}

}  // namespace

void add_token_commands(CLI::App& app, Command& chosen) {
  auto* token = app.add_subcommand("token", "The bearer tokens that a server takes: auth.tokens");
  token->require_subcommand(1);
  const auto given = std::make_shared<Given>();
  const auto add = [&](const char* word, const char* description,
                       ExitCode (*run)(Session&, const Given&)) {
    auto* command = token->add_subcommand(word, description);
    command->add_option("--file", given->file, "the file that auth.tokens names")
        ->type_name("FILE")
        ->required();
    command->callback([&chosen, given, run] {
      chosen = [given, run](Session& session) { return run(session, *given); };
    });
    return command;
  };
  auto* make = add("create", "Make a token, show it once, and add its hash to the file", create);
  add_parsed(*make, "NAME", given->name, parse_name, "NAME", "whose token it is")->required();
  add_parsed(*make, "--role", given->grant, parse_grant, "ROLE",
             "admin, operator, teller, auditor, participant (whose id is NAME) or participant:ID")
      ->required();
  add("list", "Names, roles and the beginnings of the hashes", list);
  auto* drop = add("revoke", "Take all tokens of that name out of the file", revoke);
  add_parsed(*drop, "NAME", given->name, parse_name, "NAME", "whose tokens end")->required();
}

}  // namespace sg::cli
