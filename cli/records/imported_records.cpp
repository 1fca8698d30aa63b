#include "cli/records/imported_records.hpp"

#include <charconv>
#include <functional>
#include <utility>

#include "cli/output/text_width.hpp"

namespace sg::cli {
namespace {

namespace wire = scalegraph::ledger;

// What an import takes over of a record: not its sequence and time, and not the id and the key of a
// transaction, nor the sequence of what it takes back.
std::size_t digest_of(const Record& record, RecordFields fields) {
  for (const auto field : {Field::sequence, Field::time, Field::with_next}) fields[field].clear();
  if (record.has_transaction()) {
    for (const auto field : {Field::id, Field::key, Field::reverses}) fields[field].clear();
  }
  std::string text;
  // Each text with its length, so that no two contents give one text.
  const auto add = [&text](const std::string& part) {
    text += std::to_string(part.size()) + ':' + part;
  };
  for (const auto& one : fields.texts) add(one);
  // How many there are, or an entry could pass for metadata.
  add(std::to_string(fields.entries.size()));
  for (const auto& entry : fields.entries) {
    add(entry.account);
    add(entry.amount);
  }
  for (const auto& [key, value] : fields.metadata) {
    add(key);
    add(value);
  }
  return std::hash<std::string>()(text);
}

// Of a record of this ledger.
std::size_t digest_there(const Record& record) { return digest_of(record, to_fields(record)); }

// Of a record of the file: that of the record which an import makes of it.
std::size_t digest_to_be(const Record& record) {
  auto fields = to_fields(record);
  if (record.has_transaction()) {
    const auto effective_at = imported_effective_at(record);
    if (effective_at != 0) fields[Field::effective_at] = std::to_string(effective_at);
  }
  return digest_of(record, std::move(fields));
}

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Failure conflict(std::string message, const char* hint) {
  return {.code = "ALREADY_EXISTS",
          .reason = "IMPORT_CONFLICT",
          .message = std::move(message),
          .metadata = {},
          .hint = hint};
}

std::string prefix_of(const std::string& ledger) { return "import:" + ledger + ':'; }

}  // namespace

std::string import_key(const std::string& ledger, std::uint64_t sequence) {
  return prefix_of(ledger) + std::to_string(sequence);
}

ImportedRecords::ImportedRecords(Connection& connection, const ExportHeader& header)
    : connection_(connection), header_(header), prefix_(prefix_of(header.ledger)) {}

template <class Take>
std::optional<Failure> ImportedRecords::read_on(Take take) {
  RecordStream stream(connection_, looked_to_ + 1, 0);
  wire::ExportResponse response;
  for (;;) {
    const auto got = stream.read(response);
    if (!got) return got.error();
    if (!*got) return std::nullopt;
    if (!response.ledger().empty()) own_ledger_ = response.ledger();
    for (const auto& record : response.records()) {
      looked_to_ = record.sequence();
      survey(record);
      if (auto failure = take(record)) return failure;
    }
  }
}

std::optional<Failure> ImportedRecords::look() {
  const std::lock_guard lock(mutex_);
  // All that is there would be too much to keep: it is read again beside the file.
  if (auto failure = read_on([](const Record&) { return std::optional<Failure>(); })) {
    return failure;
  }
  if (!own_ledger_.empty() && own_ledger_ == header_.ledger) {
    return bad_usage(
        "the file was exported from this very ledger, or from a copy of it: import it into "
        "another one");
  }
  if (header_.after > 0 && !has_before_) {
    return conflict("the file begins with sequence " + std::to_string(header_.from_sequence) +
                        ", and the last transaction before it, sequence " +
                        std::to_string(header_.after) + ", was not imported here",
                    "import the file with the records before it first");
  }
  if (looked_to_ > 0) beside_.emplace(connection_, 1, looked_to_);
  return std::nullopt;
}

tl::expected<std::vector<bool>, Failure> ImportedRecords::look_again(
    const std::vector<const Record*>& records) {
  const std::lock_guard lock(mutex_);
  const auto asked_to = std::exchange(asked_to_, records.front()->sequence());
  auto failure = read_on([this](const Record& record) { return take(record); });
  asked_to_ = asked_to;
  if (failure) return tl::unexpected(std::move(*failure));
  std::vector<bool> there;
  for (const auto* record : records) {
    const auto is_there = answer(*record, find(*record));
    if (!is_there) return tl::unexpected(is_there.error());
    there.push_back(*is_there);
  }
  return there;
}

std::optional<std::uint64_t> ImportedRecords::origin_of(const Record& record) const {
  const auto& key = record.idempotency_key();
  if (!key.starts_with(prefix_)) return std::nullopt;
  return number_in(std::string_view(key).substr(prefix_.size()));
}

void ImportedRecords::survey(const Record& record) {
  if (!record.has_transaction()) return;
  const auto origin = origin_of(record);
  if (!origin) ++others_;
  if (origin == header_.after) has_before_ = true;
  for (const auto& entry : record.transaction().entries()) {
    first_use_.try_emplace(entry.account_id(), origin ? 0 : record.sequence());
  }
}

std::optional<Failure> ImportedRecords::refuse(const Record& record) const {
  const std::lock_guard lock(mutex_);
  return refuse_locked(record);
}

std::optional<Failure> ImportedRecords::refuse_locked(const Record& record) const {
  const auto refuse_account = [this](const std::string& id) -> std::optional<Failure> {
    const auto use = first_use_.find(id);
    if (use == first_use_.end() || use->second == 0) return std::nullopt;
    return conflict(
        "account " + printable(id) + " is in use here: sequence " + std::to_string(use->second) +
            " of this ledger is the first transaction on it, and not of an import of the file's "
            "ledger",
        "import into a ledger where the accounts of the file are not there yet, or come from an "
        "import of the same ledger");
  };
  if (record.has_account()) return refuse_account(record.account().id());
  if (!record.has_transaction()) return std::nullopt;
  if (!own_ledger_.empty() && record.idempotency_key().starts_with(prefix_of(own_ledger_))) {
    return conflict(
        "its key says that it came from this ledger: " + printable(record.idempotency_key()),
        "what was imported from a ledger cannot go back there: it would be booked a "
        "second time");
  }
  for (const auto& entry : record.transaction().entries()) {
    if (auto failure = refuse_account(entry.account_id())) return failure;
  }
  return std::nullopt;
}

std::optional<Failure> ImportedRecords::take(const Record& record) {
  if (!record.has_transaction()) {
    add_creation(digest_there(record));
    return std::nullopt;
  }
  const auto origin = origin_of(record);
  // Of another origin, or the file is past it: nobody will ask.
  if (!origin || *origin < asked_to_) return std::nullopt;
  if (transactions_.size() == kMostWaiting) {
    return conflict(
        "the ledger has over a million transactions of this export that come after "
        "those of the file: it was imported out of order",
        "import the files of one ledger by their sequences");
  }
  transactions_.emplace(*origin, digest_there(record));
  return std::nullopt;
}

void ImportedRecords::add_creation(Digest digest) {
  creations_.insert(digest);
  order_.push_back(digest);
  if (order_.size() <= kMostWaiting) return;
  creations_.erase(order_.front());
  order_.pop_front();
}

std::optional<bool> ImportedRecords::find(const Record& record) {
  if (!record.has_transaction()) {
    if (creations_.erase(digest_to_be(record)) == 0) return std::nullopt;
    return true;
  }
  const auto found = transactions_.find(record.sequence());
  if (found == transactions_.end()) return std::nullopt;
  const bool is_same = found->second == digest_to_be(record);
  transactions_.erase(found);
  return is_same;
}

tl::expected<bool, Failure> ImportedRecords::has(const Record& record) {
  const std::lock_guard lock(mutex_);
  if (auto failure = refuse_locked(record)) return tl::unexpected(std::move(*failure));
  asked_to_ = record.sequence();
  auto found = find(record);
  wire::ExportResponse response;
  while (!found && beside_) {
    const auto got = beside_->read(response);
    if (!got) return tl::unexpected(got.error());
    if (!*got) beside_.reset();
    for (const auto& one : response.records()) {
      if (auto failure = take(one)) return tl::unexpected(std::move(*failure));
    }
    found = find(record);
  }
  return answer(record, found);
}

tl::expected<bool, Failure> ImportedRecords::answer(const Record& record,
                                                    std::optional<bool> found) const {
  if (found.value_or(true)) return found.has_value();
  return tl::unexpected(conflict(
      "sequence " + std::to_string(record.sequence()) + " was imported before with another content",
      "the file was changed, or is of a copy of the ledger that went its own way"));
}

std::uint64_t ImportedRecords::others() const {
  const std::lock_guard lock(mutex_);
  return others_;
}

}  // namespace sg::cli
