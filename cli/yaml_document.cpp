#include "cli/yaml_document.hpp"

#include <yaml-cpp/eventhandler.h>

#include <sstream>

namespace sg::cli {
namespace {

// Passes over a document.
class Passed final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

}  // namespace

// Not LoadAll: it finds documents without end behind a text like `"a",`, until memory runs out.
tl::expected<YAML::Node, std::string> only_document(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  Passed passed;
  if (!parser.HandleNextDocument(passed)) return tl::unexpected(std::string("the file is empty"));
  if (parser.HandleNextDocument(passed)) {
    return tl::unexpected(std::string("the file holds several documents"));
  }
  return YAML::Load(text);
}

}  // namespace sg::cli
