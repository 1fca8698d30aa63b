#include "cli/records/imported_search.hpp"

#include <charconv>
#include <optional>

#include "cli/records/imported_records.hpp"
#include "cli/records/record_stream.hpp"

namespace sg::cli {
namespace {

namespace wire = scalegraph::ledger;

Failure missing(std::uint64_t sequence) {
  return {.code = "NOT_FOUND",
          .reason = "ORIGINAL_MISSING",
          .message = "it takes back sequence " + std::to_string(sequence) +
                     " of its ledger, which was not imported here",
          .metadata = {},
          .hint = "import the file that has that transaction first"};
}

// The sequence that the record had in the ledger with that prefix; nullopt: it is not of it.
std::optional<std::uint64_t> origin_of(const Record& record, const std::string& prefix) {
  const std::string_view key = record.idempotency_key();
  if (!record.has_transaction() || !key.starts_with(prefix)) return std::nullopt;
  std::uint64_t origin = 0;
  const auto digits = key.substr(prefix.size());
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), origin);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return origin;
}

}  // namespace

tl::expected<std::string, Failure> find_imported(Connection& connection, const std::string& ledger,
                                                 std::uint64_t sequence) {
  // Most are of late.
  wire::GetKeyOutcomeRequest asked;
  asked.set_key(import_key(ledger, sequence));
  wire::KeyOutcome outcome;
  const auto status = connection.call(&wire::QueryService::Stub::GetKeyOutcome, asked, &outcome);
  if (status.ok() && outcome.state() == wire::COMMITTED) return outcome.transaction().id();
  // Its key has expired, or it is not there. A key without its last part, the sequence "0".
  auto prefix = import_key(ledger, 0);
  prefix.pop_back();
  wire::ExportResponse response;
  // What is searched stands from `low` on and before `high`, if it is there.
  std::uint64_t low = 1;
  std::uint64_t high = 0;  // not known yet
  while (high == 0 || low < high) {
    const auto middle = high == 0 ? low : low + (high - low) / 2;
    // Records of others are passed over.
    RecordStream stream(connection, middle, high == 0 ? 0 : high - 1);
    bool decided = false;
    while (!decided) {
      const auto got = stream.read(response);
      if (!got) return tl::unexpected(got.error());
      if (!*got) break;
      if (high == 0) high = response.last_sequence() + 1;
      for (const auto& record : response.records()) {
        const auto origin = origin_of(record, prefix);
        if (!origin) continue;
        if (*origin == sequence) return record.transaction().id();
        decided = true;
        if (*origin > sequence) {
          // Those between the middle and this one are of others.
          high = middle;
          break;
        }
        low = record.sequence() + 1;
      }
    }
    // None of them is between the middle and the end.
    if (!decided) high = middle;
  }
  return tl::unexpected(missing(sequence));
}

}  // namespace sg::cli
