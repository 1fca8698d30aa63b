// The layout of a transaction's id, as 128 bits from the highest to the lowest:
//
//   48 bits   time in milliseconds
//   16 bits   zero
//   64 bits   sequence
//
// 26 digits of 5 bits hold 130 bits, so the first digit is at most 7.
#include "ledger/ids.hpp"

#include <array>
#include <cstring>

namespace sg::ledger {
namespace {

// Crockford's alphabet: digits and letters without I, L, O and U, which are easily misread.
constexpr std::string_view kBase32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
// The highest time that fits into 48 bits: in the year 10889.
constexpr TimeMs kMaxTime = (TimeMs{1} << 48) - 1;

// The value of each character as a digit; -1 for a character that is not one.
constexpr std::array<std::int8_t, 256> base32_values() {
  std::array<std::int8_t, 256> values{};
  for (auto& value : values) value = -1;
  for (std::size_t i = 0; i < kBase32.size(); ++i) {
    values[static_cast<unsigned char>(kBase32[i])] = static_cast<std::int8_t>(i);
  }
  return values;
}

Error argument_error(Reason reason, std::string_view field, std::string_view what) {
  return {reason,
          std::string(field) + " " + std::string(what),
          {{"field", std::string(field)}},
          Outcome::none};
}

}  // namespace

bool is_utf8(std::string_view text) {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  const auto* end = p + text.size();
  while (p < end) {
    std::uint64_t eight = 0;
    // A short cut for ASCII: skip eight bytes at once if none of them has its high bit set.
    if (end - p >= 8 && (std::memcpy(&eight, p, 8), (eight & 0x8080808080808080u) == 0)) {
      p += 8;
      continue;
    }
    const unsigned char lead = *p;
    if (lead < 0x80) {
      ++p;
      continue;
    }
    int extra = 0;
    std::uint32_t rune = 0;
    // The lead byte tells how many continuation bytes follow. C0 and C1 could only begin overlong
    // forms; F5 to FF could only go beyond U+10FFFF.
    if (lead >= 0xC2 && lead <= 0xDF) {
      extra = 1;
      rune = lead & 0x1Fu;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
      extra = 2;
      rune = lead & 0x0Fu;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
      extra = 3;
      rune = lead & 0x07u;
    } else {
      return false;
    }
    // A sequence that is cut off at the end is malformed.
    if (end - p <= extra) return false;
    for (int i = 1; i <= extra; ++i) {
      if ((p[i] & 0xC0u) != 0x80u) return false;
      rune = (rune << 6) | (p[i] & 0x3Fu);
    }
    // The table of well-formed sequences (Unicode 15, table 3-7), checked on the decoded value.
    const bool overlong = (extra == 2 && rune < 0x800) || (extra == 3 && rune < 0x10000);
    const bool surrogate = rune >= 0xD800 && rune <= 0xDFFF;
    if (overlong || surrogate || rune > 0x10FFFF) return false;
    p += extra + 1;
  }
  return true;
}

std::optional<Error> check_id(std::string_view id, std::string_view field) {
  if (id.empty()) {
    return argument_error(Reason::id_empty, field, "is empty: it needs 1 to 256 bytes");
  }
  if (id.size() > kMaxIdBytes) {
    return argument_error(Reason::id_too_long, field,
                          "has " + std::to_string(id.size()) + " bytes: at most 256 are allowed");
  }
  bool ascii = true;
  for (std::size_t i = 0; i < id.size(); ++i) {
    const auto c = static_cast<unsigned char>(id[i]);
    // C0 and DEL are single bytes. The C1 controls are U+0080 to U+009F, which UTF-8 encodes as C2
    // 80 to C2 9F.
    const bool c1 = c == 0xC2 && i + 1 < id.size() &&
                    static_cast<unsigned char>(id[i + 1]) >= 0x80 &&
                    static_cast<unsigned char>(id[i + 1]) <= 0x9F;
    if (c < 0x20 || c == 0x7F || c1) {
      return argument_error(Reason::id_control_character, field,
                            "has a control character at byte " + std::to_string(i) +
                                ": only printable text is allowed");
    }
    ascii = ascii && c < 0x80;
  }
  // ASCII is valid UTF-8: decode only what has other bytes.
  if (!ascii && !is_utf8(id)) return argument_error(Reason::not_utf8, field, "is not valid UTF-8");
  return std::nullopt;
}

std::string_view shard_key(std::string_view id) { return id.substr(0, id.find(':')); }

std::uint64_t shard_hash(std::string_view key) {
  // The offset basis and the prime of 64-bit FNV-1a.
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : key) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  }
  // FNV's lowest bits depend on the lowest bits of each byte only. The mixer spreads all bits,
  // before the modulo in shard_of() looks at the low ones.
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9u;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebu;
  return hash ^ (hash >> 31);
}

void write_transaction_id(TimeMs time, Sequence sequence, char* to) {
  __extension__ using Wide = unsigned __int128;
  auto value = (static_cast<Wide>(static_cast<std::uint64_t>(time & kMaxTime)) << 80) | sequence;
  // Twelve digits of 5 bits fit into one 64-bit register, so most shifts are not 128 bits wide.
  constexpr std::size_t kPiece = 12;
  for (std::size_t end = kTransactionIdChars; end > 0; value >>= 5 * kPiece) {
    auto piece = static_cast<std::uint64_t>(value);
    for (const auto stop = end > kPiece ? end - kPiece : 0; end > stop; piece >>= 5) {
      to[--end] = kBase32[piece & 31u];
    }
  }
}

std::string transaction_id(TimeMs time, Sequence sequence) {
  std::string id(kTransactionIdChars, '0');
  write_transaction_id(time, sequence, id.data());
  return id;
}

std::optional<TransactionPlace> parse_transaction_id(std::string_view id) {
  static constexpr auto kValues = base32_values();
  if (id.size() != kTransactionIdChars) return std::nullopt;
  __extension__ unsigned __int128 value = 0;
  for (std::size_t i = 0; i < id.size(); ++i) {
    const int digit = kValues[static_cast<unsigned char>(id[i])];
    // 26 digits hold 130 bits, so a first digit above 7 would overflow 128 bits.
    if (digit < 0 || (i == 0 && digit > 7)) return std::nullopt;
    value = (value << 5) | static_cast<unsigned>(digit);
  }
  const TransactionPlace place{static_cast<TimeMs>(value >> 80), static_cast<Sequence>(value)};
  // Sequence 0 belongs to no record. The 16 bits in the middle are zero in every id that we made.
  const bool middle_is_zero = ((value >> 64) & 0xFFFFu) == 0;
  if (!middle_is_zero || place.sequence == 0) return std::nullopt;
  return place;
}

}  // namespace sg::ledger
