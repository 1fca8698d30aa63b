#include "persistence/chain/extension.hpp"

#include <algorithm>
#include <array>

#include "persistence/encoding/bytes.hpp"

namespace sg::persistence {
namespace {

constexpr std::uint64_t kOrigin = 1;
constexpr std::uint64_t kMetadata = 2;
constexpr std::uint64_t kEffectiveAt = 3;
constexpr std::uint64_t kBalanced = 4;
constexpr std::uint64_t kUniqueReference = 5;
constexpr std::uint64_t kReverses = 6;
constexpr std::uint64_t kRemainder = 7;
constexpr std::uint64_t kLast = kRemainder;

constexpr std::uint8_t kFlag = 1;

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

void put_details(const ledger::Details& details, std::string& extension) {
  std::string content;
  if (!details.metadata.empty()) {
    append_number(content, details.metadata.size());
    for (const auto& [key, value] : details.metadata) {
      append_text(content, key);
      append_text(content, value);
    }
    append_number(extension, kMetadata);
    append_text(extension, content);
  }
  if (details.effective_at != 0) {
    content.clear();
    append_number(content, zigzag(details.effective_at));
    append_number(extension, kEffectiveAt);
    append_text(extension, content);
  }
  if (details.balanced) {
    append_number(extension, kBalanced);
    append_text(extension, {});
  }
  if (details.unique_reference) {
    append_number(extension, kUniqueReference);
    append_text(extension, {});
  }
  if (details.reverses.sequence != 0) {
    content.clear();
    append_number(content, details.reverses.sequence);
    append_number(content, zigzag(details.reverses.time));
    content += static_cast<char>(details.reverses_all ? kFlag : 0);
    append_number(extension, kReverses);
    append_text(extension, content);
  }
}

void put_remainder(const ledger::Remainder& remainder, std::string& extension) {
  std::string content(1, static_cast<char>(remainder.balanced ? kFlag : 0));
  append_number(content, remainder.parts.size());
  for (const auto& part : remainder.parts) {
    append_number(content, part.account);
    append_number(content, zigzag(part.amount));
  }
  append_number(extension, kRemainder);
  append_text(extension, content);
}

std::optional<ledger::Remainder> read_remainder(std::string_view extension) {
  std::optional<ledger::Remainder> remainder;
  bool is_right = true;
  const bool is_whole = for_each_field(extension, [&](std::uint64_t tag, std::string_view content) {
    if (tag != kRemainder) return;
    ByteReader in(content);
    const auto flag = in.fixed<std::uint8_t>();
    const auto count = in.varint();
    // A part has two bytes at least.
    is_right = in.ok() && flag <= kFlag && count <= in.left();
    if (!is_right) return;
    remainder.emplace().balanced = flag == kFlag;
    remainder->parts.resize(count);
    for (auto& part : remainder->parts) {
      part.account = in.varint32();
      part.amount = in.signed_varint();
      is_right = is_right && part.account != ledger::kNoAccount && part.amount != 0;
    }
    is_right = is_right && in.at_end();
  });
  if (!is_whole || !is_right) return std::nullopt;
  return remainder;
}

std::optional<ledger::Details> read_details(std::string_view extension) {
  ledger::Details details;
  std::uint64_t last = 0;
  bool is_right = true;
  const auto metadata = [&details](ByteReader& in) {
    for (auto left = in.varint(); left > 0 && in.ok(); --left) {
      const auto key = in.text();
      const auto value = in.text();
      if (!details.metadata.empty() && key <= details.metadata.back().first) in.fail();
      if (in.ok()) details.metadata.emplace_back(key, value);
    }
    return in.at_end() && !details.metadata.empty();
  };
  const bool is_whole = for_each_field(extension, [&](std::uint64_t tag, std::string_view content) {
    // The origin ends the extension, whatever its tag.
    const auto place = tag == kOrigin ? kLast + 1 : tag;
    if (place <= last || tag > kLast) is_right = false;
    last = place;
    if (tag == kOrigin || tag == kRemainder || !is_right) return;
    ByteReader in(content);
    if (tag == kMetadata) {
      is_right = metadata(in);
    } else if (tag == kEffectiveAt) {
      details.effective_at = in.signed_varint();
      is_right = in.at_end() && details.effective_at != 0;
    } else if (tag == kReverses) {
      details.reverses.sequence = in.varint();
      details.reverses.time = in.signed_varint();
      const auto flag = in.fixed<std::uint8_t>();
      details.reverses_all = flag == kFlag;
      is_right = in.at_end() && flag <= kFlag && details.reverses.sequence != 0;
    } else {
      (tag == kBalanced ? details.balanced : details.unique_reference) = true;
      is_right = content.empty();
    }
  });
  if (!is_whole || !is_right) return std::nullopt;
  return details;
}

StoreResult<StoredDetails> stored_details(std::string_view extension) {
  StoredDetails stored;
  if (extension.empty()) return stored;
  const auto details = read_details(extension);
  if (!details) {
    return store_error(StoreFault::unknown_version,
                       "a record has fields that this program does not know");
  }
  stored.metadata.insert(details->metadata.begin(), details->metadata.end());
  stored.effective_at = details->effective_at;
  stored.balanced = details->balanced;
  stored.unique_reference = details->unique_reference;
  stored.reverses = details->reverses;
  stored.reverses_all = details->reverses_all;
  return stored;
}

bool has_details(std::string_view extension) {
  bool found = false;
  (void)for_each_field(extension,
                       [&](std::uint64_t tag, std::string_view) { found |= tag != kOrigin; });
  return found;
}

bool has_origin(std::string_view extension) {
  bool found = false;
  (void)for_each_field(extension,
                       [&](std::uint64_t tag, std::string_view) { found |= tag == kOrigin; });
  return found;
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
