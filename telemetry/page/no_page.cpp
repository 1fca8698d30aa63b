// In place of the embedded files, for a build with SCALEGRAPH_PAGE=OFF.
#include "telemetry/page.hpp"

namespace sg::telemetry {

std::span<const PageFile> page_files() { return {}; }

std::string_view page_policy() { return "default-src 'none'"; }

}  // namespace sg::telemetry
