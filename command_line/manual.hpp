// Man pages in the notation of man(7), made from what --help knows.
//
//   const auto pages = manual_pages(facts_of(app), {.section = 8, .version = "0.1.0"});
//
// A program without commands has one page. One with commands has a page of its own, and one for
// each command of the first level: scalegraphctl(1), scalegraphctl-account(1).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "command_line/program_tree.hpp"

namespace sg::command_line {

// A file that is made.
struct Document {
  std::string name;  // "scalegraphd.8"
  std::string text;
};

// A page that is written from the top to the bottom. Texts are plain: what means something to
// roff is escaped.
class ManualPage {
 public:
  // `name` is what the page describes, `summary` completes "NAME - ".
  ManualPage(std::string name, int section, std::string_view version, std::string_view summary);

  void heading(std::string_view text);
  void subheading(std::string_view text);
  // Paragraphs, with empty lines between them. Lines that begin with a space stay as they are.
  // Once below each heading.
  void text(std::string_view text);
  // A term in bold, what it takes in italics, and an indented text below.
  void item(std::string_view bold, std::string_view italic, std::string_view text);
  // One more paragraph of the last item.
  void paragraph_of_item(std::string_view text);
  // "scalegraphctl(1), scalegraphd(8)" in the usual form.
  void see_also(const std::vector<std::string>& pages);

  Document document() const;

 private:
  std::string name_;
  int section_;
  std::string text_;
};

struct ManualSection {
  std::string heading;
  std::string text;
};

struct Manual {
  int section = 1;
  std::string version{};
  std::vector<ManualSection> sections{};  // what --help does not say: FILES, SIGNALS
  std::vector<std::string> see_also{};    // "scalegraphd(8)"
};

[[nodiscard]] std::vector<Document> manual_pages(const CommandFacts& program, const Manual& manual);

}  // namespace sg::command_line
