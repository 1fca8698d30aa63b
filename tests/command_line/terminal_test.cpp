#include "command_line/terminal.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <optional>
#include <string>

namespace sg::command_line {
namespace {

// A terminal of our own, as a descriptor.
class PseudoTerminal {
 public:
  PseudoTerminal() {
    REQUIRE(master_ >= 0);
    REQUIRE(grantpt(master_) == 0);
    REQUIRE(unlockpt(master_) == 0);
    terminal_ = open(ptsname(master_), O_RDWR | O_NOCTTY);
    REQUIRE(terminal_ >= 0);
  }
  ~PseudoTerminal() {
    close(terminal_);
    close(master_);
  }
  PseudoTerminal(const PseudoTerminal&) = delete;
  PseudoTerminal& operator=(const PseudoTerminal&) = delete;
  [[nodiscard]] int descriptor() const { return terminal_; }

 private:
  int master_ = posix_openpt(O_RDWR | O_NOCTTY);
  int terminal_ = -1;
};

// Sets an environment variable, and puts back what it was.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    value == nullptr ? unsetenv(name) : setenv(name, value, 1);
  }
  ~Variable() { before_ ? setenv(name_, before_->c_str(), 1) : unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

TEST_CASE("Colour and cursor depend on TERM and NO_COLOR", "[command line]") {
  struct Row {
    const char* term;
    const char* no_color;
    bool moves_cursor;
    bool shows_colour;
  };
  const PseudoTerminal pseudo;
  for (const Row& row : {Row{"xterm-256color", nullptr, true, true}, Row{"screen", "", true, true},
                         Row{"xterm", "1", true, false}, Row{"dumb", nullptr, false, false},
                         Row{"", nullptr, false, false}, Row{nullptr, nullptr, false, false}}) {
    const Variable term("TERM", row.term);
    const Variable no_color("NO_COLOR", row.no_color);
    const Terminal terminal = terminal_at(pseudo.descriptor());
    CAPTURE(row.term ? row.term : "(unset)", row.no_color ? row.no_color : "(unset)");
    CHECK(terminal.moves_cursor == row.moves_cursor);
    CHECK(terminal.shows_colour == row.shows_colour);
  }
}

TEST_CASE("A file is no terminal, whatever TERM says", "[command line]") {
  const Variable term("TERM", "xterm");
  const int file = open("/dev/null", O_WRONLY);
  REQUIRE(file >= 0);
  CHECK_FALSE(terminal_at(file).moves_cursor);
  CHECK_FALSE(terminal_at(file).shows_colour);
  CHECK_FALSE(terminal_at(-1).shows_colour);
  close(file);
}

}  // namespace
}  // namespace sg::command_line
