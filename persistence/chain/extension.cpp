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
constexpr std::uint64_t kChange = 8;
constexpr std::uint64_t kPolicy = 9;
constexpr std::uint64_t kCeiling = 10;
constexpr std::uint64_t kLast = kCeiling;

constexpr std::uint8_t kFlag = 1;

// Bits of what a policy changes.
constexpr std::uint16_t kSetsFloor = 1 << 0;
constexpr std::uint16_t kSetsCeiling = 1 << 1;
constexpr std::uint16_t kClearsCeiling = 1 << 2;
constexpr std::uint16_t kSetsDebits = 1 << 3;
constexpr std::uint16_t kFreezesDebits = 1 << 4;
constexpr std::uint16_t kSetsCredits = 1 << 5;
constexpr std::uint16_t kFreezesCredits = 1 << 6;
constexpr std::uint16_t kAllowsBeyond = 1 << 7;
constexpr std::uint16_t kSetsBalanced = 1 << 8;
constexpr std::uint16_t kRequiresBalanced = 1 << 9;
constexpr int kStatusAt = 10;
constexpr std::uint16_t kStatusBits = 3 << kStatusAt;
constexpr std::uint16_t kChangeBits = (1 << 12) - 1;
// Bits of what it has made.
constexpr std::uint8_t kFrozenBits = 3;
constexpr std::uint8_t kIsClosed = 1 << 2;
constexpr std::uint8_t kIsBalanced = 1 << 3;
constexpr std::uint8_t kPolicyBits = (1 << 4) - 1;

void append_number(std::string& to, std::uint64_t value) {
  std::array<char, kMaxVarintBytes> buffer{};
  to.append(buffer.data(), put_varint(buffer.data(), value));
}

void append_text(std::string& to, std::string_view text) {
  append_number(to, text.size());
  to.append(text);
}

std::uint16_t bits_of(const ledger::PolicyChange& change) {
  std::uint32_t bits = 0;
  const auto set = [&bits](bool is_set, std::uint16_t bit) { bits |= is_set ? bit : 0; };
  set(change.floor.has_value(), kSetsFloor);
  set(change.ceiling.has_value(), kSetsCeiling);
  set(change.clear_ceiling, kClearsCeiling);
  set(change.debits_frozen.has_value(), kSetsDebits);
  set(change.debits_frozen.value_or(false), kFreezesDebits);
  set(change.credits_frozen.has_value(), kSetsCredits);
  set(change.credits_frozen.value_or(false), kFreezesCredits);
  set(change.allow_beyond, kAllowsBeyond);
  set(change.require_balanced.has_value(), kSetsBalanced);
  set(change.require_balanced.value_or(false), kRequiresBalanced);
  return static_cast<std::uint16_t>(bits | static_cast<std::uint32_t>(change.status) << kStatusAt);
}

void put_change(const ledger::PolicyChange& change, std::string& content) {
  append_text(content, change.account_id);
  const auto bits = bits_of(change);
  content += static_cast<char>(bits & 0xFF);
  content += static_cast<char>(bits >> 8);
  if (change.floor) append_number(content, zigzag(*change.floor));
  if (change.ceiling) append_number(content, zigzag(*change.ceiling));
  append_text(content, change.sweep_to);
  append_text(content, change.note);
}

// Nullopt: it is not well formed. It has one form, so what is not set has no value.
std::optional<ledger::PolicyChange> read_change(ByteReader& in) {
  ledger::PolicyChange change;
  change.account_id = in.text();
  const auto bits = in.fixed<std::uint16_t>();
  const auto has = [bits](std::uint16_t bit) { return (bits & bit) != 0; };
  if (has(kSetsFloor)) change.floor = in.signed_varint();
  if (has(kSetsCeiling)) change.ceiling = in.signed_varint();
  change.clear_ceiling = has(kClearsCeiling);
  if (has(kSetsDebits)) change.debits_frozen = has(kFreezesDebits);
  if (has(kSetsCredits)) change.credits_frozen = has(kFreezesCredits);
  change.allow_beyond = has(kAllowsBeyond);
  if (has(kSetsBalanced)) change.require_balanced = has(kRequiresBalanced);
  const auto status = (bits & kStatusBits) >> kStatusAt;
  change.status = static_cast<ledger::AccountStatus>(status);
  change.sweep_to = in.text();
  change.note = in.text();
  const bool is_right = in.at_end() && status <= ledger::kLastAccountStatus &&
                        (bits & ~kChangeBits) == 0 && bits_of(change) == bits;
  return is_right ? std::optional(change) : std::nullopt;
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
  if (details.policy) {
    content.clear();
    put_change(*details.policy, content);
    append_number(extension, kChange);
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

void put_policy(const ledger::PolicyResult& result, std::string& extension) {
  std::string content;
  append_number(content, result.account);
  append_number(content, zigzag(result.policy.floor));
  append_number(content, zigzag(result.policy.ceiling));
  append_number(content, zigzag(result.balance));
  content += static_cast<char>(result.policy.frozen | (result.policy.closed ? kIsClosed : 0) |
                               (result.require_balanced ? kIsBalanced : 0));
  append_number(extension, kPolicy);
  append_text(extension, content);
}

void put_ceiling(Amount ceiling, std::string& extension) {
  std::string content;
  append_number(content, zigzag(ceiling));
  append_number(extension, kCeiling);
  append_text(extension, content);
}

std::optional<ledger::PolicyResult> read_policy(std::string_view extension) {
  std::optional<ledger::PolicyResult> result;
  bool is_right = true;
  const bool is_whole = for_each_field(extension, [&](std::uint64_t tag, std::string_view content) {
    if (tag != kPolicy) return;
    ByteReader in(content);
    auto& read = result.emplace();
    read.account = in.varint32();
    read.policy.floor = in.signed_varint();
    read.policy.ceiling = in.signed_varint();
    read.balance = in.signed_varint();
    const auto bits = in.fixed<std::uint8_t>();
    read.policy.frozen = bits & kFrozenBits;
    read.policy.closed = (bits & kIsClosed) != 0;
    read.require_balanced = (bits & kIsBalanced) != 0;
    is_right = in.at_end() && (bits & ~kPolicyBits) == 0;
  });
  if (!is_whole || !is_right) return std::nullopt;
  return result;
}

std::optional<Amount> read_ceiling(std::string_view extension) {
  auto ceiling = ledger::Policy().ceiling;
  const auto none = ceiling;
  bool is_right = true;
  const bool is_whole = for_each_field(extension, [&](std::uint64_t tag, std::string_view content) {
    if (tag != kCeiling) return;
    ByteReader in(content);
    ceiling = in.signed_varint();
    is_right = in.at_end() && ceiling != none;
  });
  if (!is_whole || !is_right) return std::nullopt;
  return ceiling;
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
    if (tag == kOrigin || tag == kRemainder || tag == kPolicy || tag == kCeiling || !is_right)
      return;
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
    } else if (tag == kChange) {
      details.policy = read_change(in);
      is_right = details.policy.has_value();
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
  if (details->policy) stored.policy.emplace(*details->policy);
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
