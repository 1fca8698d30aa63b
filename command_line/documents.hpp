// The hidden option with which a build writes a program's man pages and completions. They are made
// from the same options and commands as --help, so they cannot say anything else.
//
//   scalegraphctl --write-documents FOLDER
#pragma once

#include <CLI/App.hpp>
#include <functional>
#include <vector>

#include "command_line/manual.hpp"

namespace sg::command_line {

// Adds the option. Call it when all other options and commands are there, or at least before the
// parsing. Parsing it writes the files and throws CLI::Success, or CLI::FileError with what is
// wrong. `more` makes pages that are not the program's own.
//
// FOLDER gets man/scalegraphctl.1 ..., bash/scalegraphctl, zsh/_scalegraphctl and
// fish/scalegraphctl.fish. It is made if it is missing; files that are there are replaced.
void add_documents_option(CLI::App& app, Manual manual,
                          std::function<std::vector<Document>()> more = {});

}  // namespace sg::command_line
