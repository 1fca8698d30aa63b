// The fields of one record of an export, as the texts that stand in a file; and the record itself,
// which is the message that the ledger sends.
//
//   auto fields = to_fields(record);                 // then written as JSON or CSV
//   auto record = to_record(fields);                 // or what is wrong with them
//
// Both formats have the same fields, so what is valid is decided here alone. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "proto/ledger.pb.h"

namespace sg::cli {

using Record = scalegraph::ledger::ExportRecord;

// What a file begins with, and what the first line says.
inline constexpr std::string_view kExportFormat = "scalegraph-export";
inline constexpr std::string_view kExportVersion = "1";

// In the order in which they are written.
enum class Field : std::uint8_t {
  format,  // of the first line only, as are version, ledger, from_sequence and after
  version,
  ledger,
  from_sequence,
  after,
  sequence,
  time,
  kind,
  id,
  with_next,
  reference,
  key,
  name,
  role,
  participant,
  type,
  initial_balance,
  floor,
  effective_at,
  balanced,
  unique_reference,
  reverses,  // the sequence of what a reversal takes back
  ceiling,   // of an account, and what a policy changes: as are floor and those below
  clear_ceiling,
  debits_frozen,
  credits_frozen,
  status,
  sweep_to,
  allow_beyond,
  note,
  require_balanced,
  account,  // of which a policy is; empty: of the whole ledger
};
inline constexpr std::size_t kFields = 32;
// "format", "from_sequence", ...
std::string_view name_of(Field field);

// Whether it is true or false.
constexpr bool is_flag(Field field) {
  return field == Field::with_next || field == Field::balanced ||
         field == Field::unique_reference || field == Field::clear_ceiling ||
         field == Field::debits_frozen || field == Field::credits_frozen ||
         field == Field::allow_beyond || field == Field::require_balanced;
}

struct EntryFields {
  std::string account;
  std::string amount;
};

// An empty text and an absent field are the same.
struct RecordFields {
  std::array<std::string, kFields> texts;
  std::vector<EntryFields> entries;
  std::map<std::string, std::string> metadata;

  std::string& operator[](Field field) { return texts[static_cast<std::size_t>(field)]; }
  const std::string& operator[](Field field) const {
    return texts[static_cast<std::size_t>(field)];
  }
  void clear();
};

// The kinds of lines that are no record.
inline constexpr std::string_view kEndKind = "end";
inline constexpr std::string_view kTransferKind = "transfer";
inline constexpr std::string_view kReversalKind = "reversal";
inline constexpr std::string_view kPolicyKind = "policy";
// Of an idempotency key.
inline constexpr std::string_view kSealKind = "seal";

// The first line of a file.
struct ExportHeader {
  std::string ledger;  // empty: nothing was ever committed
  std::uint64_t from_sequence = 1;
  // Of the last transaction before the file's first record. An import goes on only where that one
  // is. 0: there is none.
  std::uint64_t after = 0;
};

// Whether the message itself, and not one in it, has a field that its type does not know.
[[nodiscard]] bool has_unknown_fields(const google::protobuf::Message& message);
// Whether this program knows all that the record has: its kind, its types, and every field. A newer
// ledger may send more, which a file would lose.
[[nodiscard]] bool is_known(const Record& record);

// When a transaction took effect, as an import says it: what the record says of it, or else its
// time. Needs: it is a transaction.
[[nodiscard]] std::int64_t imported_effective_at(const Record& record);

[[nodiscard]] RecordFields to_fields(const Record& record);

// The record that the fields stand for, checked by the rules of the ledger, so that no import fails
// half-way for something that the file shows. The error is a sentence about the fields.
[[nodiscard]] tl::expected<Record, std::string> to_record(const RecordFields& fields);
// The same for the first line, and for the last: the sequence of the last record.
[[nodiscard]] tl::expected<ExportHeader, std::string> to_header(const RecordFields& fields);
[[nodiscard]] tl::expected<std::uint64_t, std::string> to_end(const RecordFields& fields);

}  // namespace sg::cli
