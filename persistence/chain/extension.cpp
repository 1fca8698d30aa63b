#include "persistence/chain/extension.hpp"

#include <algorithm>
#include <array>

#include "persistence/encoding/bytes.hpp"

namespace sg::persistence {
namespace {

constexpr std::uint64_t kOrigin = 1;

void append_number(std::string& to, std::uint64_t value) {
  std::array<char, kMaxVarintBytes> buffer{};
  to.append(buffer.data(), put_varint(buffer.data(), value));
}

void append_text(std::string& to, std::string_view text) {
  append_number(to, text.size());
  to.append(text);
}

// Calls `take` with each field. Returns false if the extension is not well formed.
template <class Take>
bool for_each_field(std::string_view extension, Take take) {
  ByteReader in(extension);
  while (in.ok() && !in.at_end()) {
    const auto tag = in.varint();
    const auto content = in.text();
    if (in.ok()) take(tag, content);
  }
  return in.ok();
}

}  // namespace

void OriginWriter::put_other(const ledger::Origin& origin, std::string& extension) {
  const auto found = std::find(known_.begin(), known_.end(), origin);
  const auto number = static_cast<std::uint64_t>(found - known_.begin());
  std::string content;
  append_number(content, number);
  if (found == known_.end()) {
    const auto cut = [](std::string_view text) { return text.substr(0, kMaxOriginTextBytes); };
    append_text(content, cut(origin.caller));
    append_text(content, cut(origin.peer));
    known_.push_back(origin);
  }
  append_number(extension, kOrigin);
  append_text(extension, content);
  last_ = &origin;
  content.clear();
  append_number(content, number);
  again_.clear();
  append_number(again_, kOrigin);
  append_text(again_, content);
}

bool is_known_extension(std::string_view extension) {
  bool is_known = true;
  const bool is_whole = for_each_field(extension, [&](std::uint64_t tag, std::string_view) {
    is_known = is_known && tag == kOrigin;
  });
  return is_whole && is_known;
}

ledger::OriginPtr OriginReader::take(std::string_view extension) {
  ledger::OriginPtr origin;
  const bool is_whole = for_each_field(extension, [&](std::uint64_t tag, std::string_view content) {
    if (tag != kOrigin) return;
    ByteReader in(content);
    const auto number = in.varint();
    if (number == known_.size()) {
      ledger::Origin read;
      read.caller = in.text();
      read.peer = in.text();
      if (in.at_end()) known_.push_back(std::make_shared<const ledger::Origin>(std::move(read)));
    }
    if (in.at_end() && number < known_.size()) origin = known_[number];
  });
  return is_whole ? origin : nullptr;
}

}  // namespace sg::persistence
