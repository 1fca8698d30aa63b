#pragma once

#include <span>
#include <string_view>

namespace sg::telemetry {

// A file of the status page, embedded in the program at build time. All of it lives as long as the
// program does.
struct PageFile {
  std::string_view path;  // as a request names it: "/", "/page.js"
  std::string_view type;  // for Content-Type
  std::string_view body;
  std::string_view etag;  // for ETag, with its quotation marks; a hash of the body
};

// The files of the page, "/" first. Empty in a build with SCALEGRAPH_PAGE=OFF. Thread-safe.
[[nodiscard]] std::span<const PageFile> page_files();

// For Content-Security-Policy, with each file: nothing from elsewhere, no inline scripts or styles.
[[nodiscard]] std::string_view page_policy();

}  // namespace sg::telemetry
