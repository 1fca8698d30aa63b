// Guards against YAML that is small as a file and huge in memory.
//
// In `a: &a [x, x]` and `b: &b [*a, *a]`, each line doubles what the one before stands for. A few
// dozen such lines would fill any memory ("billion laughs"). So the text is parsed twice. The first
// pass only counts nodes, with every alias replaced by what it stands for. The second pass builds
// the document, once its size is known to be within the limits.
#include "cli/import/yaml_document.hpp"

#include <yaml-cpp/eventhandler.h>

#include <map>
#include <sstream>
#include <vector>

namespace sg::cli {
namespace {

// The size of a node with everything in it, and with every alias replaced by what it stands for.
struct Size {
  std::size_t nodes = 0;
  std::size_t bytes = 0;

  void add(const Size& other) {
    nodes += other.nodes;
    bytes += other.bytes;
  }
};

// Counts the nodes of a document, and what its aliases stand for. Throws YAML::Exception at the
// node that passes a limit. Builds no nodes.
class Census final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { leaf(mark, anchor, 0); }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                const std::string& value) override {
    leaf(mark, anchor, value.size());
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    begin(mark, anchor);
  }
  void OnSequenceEnd() override { end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    begin(mark, anchor);
  }
  void OnMapEnd() override { end(); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    // A node gets its size when it ends. An alias inside its own node finds none, and would be
    // endless.
    const auto named = anchored_.find(anchor);
    if (named == anchored_.end()) {
      throw YAML::Exception(mark, "an alias stands inside the node that it names");
    }
    aliased_.add(named->second);
    if (aliased_.nodes > kMostAliasedNodes || aliased_.bytes > kMostAliasedBytes) {
      throw YAML::Exception(mark, "the aliases of the file stand for more than " +
                                      std::to_string(kMostAliasedNodes) + " nodes or " +
                                      std::to_string(kMostAliasedBytes) +
                                      " bytes: write out what they stand for, in several files");
    }
    add(named->second);
  }

 private:
  // A list or map that has begun but not ended.
  struct Open {
    YAML::anchor_t anchor;
    Size size;
  };

  void leaf(const YAML::Mark& mark, YAML::anchor_t anchor, std::size_t bytes) {
    count(mark);
    close({anchor, {1, bytes}});
  }
  void begin(const YAML::Mark& mark, YAML::anchor_t anchor) {
    count(mark);
    open_.push_back({anchor, {1, 0}});
  }
  void end() {
    const Open closed = open_.back();
    open_.pop_back();
    close(closed);
  }

  // Counts a node of the file itself.
  void count(const YAML::Mark& mark) {
    if (++written_ <= kMostNodes) return;
    throw YAML::Exception(mark, "the file holds more than " + std::to_string(kMostNodes) +
                                    " keys, values, lists and maps: import it in several files");
  }

  // A node has ended: its size is known, and counts for the node around it. Anchor 0 means none.
  void close(const Open& closed) {
    if (closed.anchor != 0) anchored_[closed.anchor] = closed.size;
    add(closed.size);
  }
  // Adds to the innermost node that is open.
  void add(const Size& size) {
    if (!open_.empty()) open_.back().size.add(size);
  }

  std::vector<Open> open_;                   // from the outermost to the innermost
  std::map<YAML::anchor_t, Size> anchored_;  // nodes with an anchor that have ended
  Size aliased_;                             // what all aliases so far stand for
  std::size_t written_ = 0;                  // nodes that stand in the file
};

}  // namespace

// Does not use YAML::LoadAll(). Behind a text such as `"a",` it finds documents without end, until
// memory runs out.
tl::expected<YAML::Node, std::string> only_document(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  Census census;
  if (!parser.HandleNextDocument(census)) return tl::unexpected(std::string("the file is empty"));
  if (parser.HandleNextDocument(census)) {
    return tl::unexpected(std::string("the file holds several documents"));
  }
  return YAML::Load(text);
}

}  // namespace sg::cli
