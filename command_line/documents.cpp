#include "command_line/documents.hpp"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <utility>

#include "command_line/completion.hpp"

namespace sg::command_line {
namespace {

namespace fs = std::filesystem;

void write(const fs::path& file, const std::string& text) {
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << text;
  if (!out.flush()) throw CLI::FileError("cannot write " + file.string());
}

void write_documents(const CLI::App& app, const Manual& manual, const std::vector<Document>& more,
                     const fs::path& folder) {
  const auto program = facts_of(app);
  const auto& name = program.path.back();
  auto pages = manual_pages(program, manual);
  pages.insert(pages.end(), more.begin(), more.end());
  for (const auto& page : pages) write(folder / "man" / page.name, page.text);
  write(folder / "bash" / name, bash_completion(program));
  write(folder / "zsh" / ("_" + name), zsh_completion(program));
  write(folder / "fish" / (name + ".fish"), fish_completion(program));
}

}  // namespace

void add_documents_option(CLI::App& app, Manual manual,
                          std::function<std::vector<Document>()> more) {
  app.add_option_function<std::string>(
         "--write-documents",
         [&app, manual = std::move(manual), more = std::move(more)](const std::string& folder) {
           write_documents(app, manual, more ? more() : std::vector<Document>{}, folder);
           throw CLI::Success();
         })
      ->group("");
}

}  // namespace sg::command_line
