// A file that grows at its end, or stdout. What was written before stays.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace sg::cli {

// Not thread-safe. The errors are sentences. While a file is open, no other process opens it here.
class OutputFile {
 public:
  // A new file, which only its owner may read. It must not be there yet.
  static tl::expected<OutputFile, std::string> create(const std::string& path);
  // One that is there. Nothing is changed before cut().
  static tl::expected<OutputFile, std::string> open(const std::string& path);
  // Needs: the stream outlives it.
  static OutputFile of(std::ostream& stream);

  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();

  // Keeps the first `bytes`, and goes on after them: the rest was written in part only.
  [[nodiscard]] tl::expected<void, std::string> cut(std::uint64_t bytes);
  [[nodiscard]] tl::expected<void, std::string> write(std::string_view text);
  // Returns once everything is on the disk, with the name of the file.
  [[nodiscard]] tl::expected<void, std::string> sync();

 private:
  OutputFile(std::string path, int descriptor, std::ostream* stream);
  tl::unexpected<std::string> failure(const char* what) const;
  tl::expected<void, std::string> lock();

  std::string path_;
  int descriptor_ = -1;  // -1: it is a stream
  std::ostream* stream_ = nullptr;
};

}  // namespace sg::cli
