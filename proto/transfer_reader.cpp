// Reads transfers from the wire format, which field_stream.hpp describes.
//
// A batch is read field by field, so that reading can stop between two fields and go on later. One
// transfer is read in one go, because what it may contain is bounded.
//
// Entries of all transfers lie in one vector. It grows while a batch is read, so its entries move.
// During that time a transfer's span is right only until the next entry is added. finish() sets all
// spans anew, once the vector does not grow any more.
//
// A message that stands twice where one is wanted is merged, as the generated parser does it: the
// entries of a second action follow those of the first.
#include "proto/transfer_reader.hpp"

#include <google/protobuf/wire_format_lite.h>

#include <algorithm>
#include <utility>

#include "ledger/ids.hpp"
#include "proto/conversion.hpp"
#include "proto/ledger.pb.h"
#include "proto/wire_tags.hpp"

namespace sg::proto {
namespace {

// Both forms are read by the numbers of one.
using Imported = wire::ImportTransaction;
constexpr bool is_same(int number, int of_import) { return number == of_import; }
static_assert(is_same(wire::TransferRequest::kEntriesFieldNumber, Imported::kEntriesFieldNumber));
static_assert(is_same(wire::TransferRequest::kReferenceFieldNumber,
                      Imported::kReferenceFieldNumber));
static_assert(is_same(wire::TransferRequest::kIdempotencyKeyFieldNumber,
                      Imported::kIdempotencyKeyFieldNumber));
static_assert(is_same(wire::TransferBatchRequest::kTransfersFieldNumber,
                      wire::ImportRequest::kTransactionsFieldNumber));
static_assert(is_same(wire::TransferBatchRequest::kAtomicFieldNumber,
                      wire::ImportRequest::kAtomicFieldNumber));
static_assert(is_same(wire::TransferBatchRequest::kTransfersFieldNumber,
                      wire::CommandBatch::kCommandsFieldNumber));
static_assert(is_same(wire::TransferBatchRequest::kAtomicFieldNumber,
                      wire::CommandBatch::kAtomicFieldNumber));
// Of an entry of a map.
constexpr int kMapKey = 1;
constexpr int kMapValue = 2;

}  // namespace

const google::protobuf::Descriptor& type_of(BatchForm form) {
  switch (form) {
    case BatchForm::import:
      return *wire::ImportRequest::descriptor();
    case BatchForm::commands:
      return *wire::CommandBatch::descriptor();
    case BatchForm::transfers:
      break;
  }
  return *wire::TransferBatchRequest::descriptor();
}

const google::protobuf::Descriptor& item_type_of(BatchForm form) {
  return *type_of(form)
              .FindFieldByNumber(wire::TransferBatchRequest::kTransfersFieldNumber)
              ->message_type();
}

TransferReader::TransferReader(std::string_view bytes, TransferList& into, BatchForm form)
    : in_(bytes), into_(into), form_(form) {}

TransferReader::State TransferReader::read_transfer() {
  if (item() && in_.is_at_end()) {
    finish();
  } else {
    refuse_malformed();
  }
  return state_;
}

bool TransferReader::read_field_of_batch() {
  using Request = wire::TransferBatchRequest;
  is_batch_ = true;
  const auto tag = in_.next_tag();
  bool good = false;
  if (tag == 0) {
    good = in_.is_at_end();
    if (good) finish();
  } else if (tag == tag_of(Request::kTransfersFieldNumber, kText)) {
    // Refused before the transfer is read: a large batch must not cost more than a valid one.
    if (into_.transfers.size() == ledger::kMaxBatchTransfers) {
      refuse(too_many_transfers(type_of(form_)));
      return false;
    }
    // After a failure refuse_malformed() below keeps the reason, if transfer() has noted one.
    if (in_.nested([this] { return item(); })) return true;
  } else if (tag == tag_of(Request::kAtomicFieldNumber, kNumber)) {
    std::uint64_t value = 0;
    good = in_.read_number(value);
    into_.atomic = value != 0;
  } else if (form_ != BatchForm::transfers) {
    refuse(unknown_field(std::to_string(WireFormatLite::GetTagFieldNumber(tag))));
  } else {
    good = skip(tag);
  }
  if (!good) refuse_malformed();
  return false;
}

// The bound counts from here: outside of a transfer there is no other.
bool TransferReader::skip(std::uint32_t tag, std::string_view within) {
  if (form_ != BatchForm::transfers) {
    auto field = std::string(within) + std::to_string(WireFormatLite::GetTagFieldNumber(tag));
    refuse(unknown_field(path_of(field)));
    return false;
  }
  return in_.skip(tag, in_.fields() + kMaxFieldsOfTransfer);
}

void TransferReader::begin_item() {
  transfer_began_ = in_.fields();
  first_entry_ = into_.entries.size();
  entries_of_transfer_ = 0;
}

bool TransferReader::transfer() {
  using Request = wire::TransferRequest;
  begin_item();
  ledger::Transfer transfer;
  bool has_kind = form_ == BatchForm::transfers;
  while (const auto tag = in_.next_tag()) {
    bool good = false;
    if (in_.fields() - transfer_began_ > kMaxFieldsOfTransfer) return false;
    if (tag == tag_of(Request::kEntriesFieldNumber, kText)) {
      // The ledger will refuse this transfer for the number of its entries, whatever the rest
      // holds.
      if (++entries_of_transfer_ > ledger::kMaxEntries) {
        return skip_rest(transfer);
      }
      in_entry_ = true;
      good = in_.nested([this] { return entry(); });
      // After a failure the flag stays set: path_of() has named the entry, and reading ends.
      in_entry_ = !good;
    } else if (tag == tag_of(Request::kReferenceFieldNumber, kText)) {
      good = text(transfer.reference, "reference");
    } else if (tag == tag_of(Request::kIdempotencyKeyFieldNumber, kText)) {
      good = text(transfer.idempotency_key, "idempotency_key");
    } else if (form_ == BatchForm::import && tag == tag_of(Imported::kTypeFieldNumber, kText)) {
      good = kind(transfer.kind);
      has_kind = good;
    } else if (form_ == BatchForm::import && tag == tag_of(Imported::kMetadataFieldNumber, kText)) {
      good = in_.nested([this] { return metadata(); });
    } else if (form_ == BatchForm::import &&
               tag == tag_of(Imported::kEffectiveAtFieldNumber, kNumber)) {
      good = effective_at();
    } else if (form_ == BatchForm::import &&
               tag == tag_of(Imported::kBalancedFieldNumber, kNumber)) {
      good = flag(details_.balanced);
    } else if (form_ == BatchForm::import &&
               tag == tag_of(Imported::kUniqueReferenceFieldNumber, kNumber)) {
      good = flag(details_.unique_reference);
    } else if (form_ == BatchForm::import && tag == tag_of(Imported::kReversesFieldNumber, kText)) {
      good = original("reverses");
    } else if (form_ == BatchForm::import && tag == tag_of(Imported::kPolicyFieldNumber, kText)) {
      in_action_ = "policy.";
      good = in_.nested([this] { return policy(); });
      if (good) in_action_ = {};
    } else {
      good = skip(tag);
    }
    if (!good) return false;
  }
  if (!has_kind && in_.is_at_end()) {
    refuse(unknown_type(path_of("type"), {}));
    return false;
  }
  add(transfer);
  return in_.is_at_end();
}

bool TransferReader::options() {
  using Fields = wire::Options;
  while (const auto tag = in_.next_tag()) {
    bool good = false;
    if (in_.fields() - transfer_began_ > kMaxFieldsOfTransfer) return false;
    if (tag == tag_of(Fields::kBalancedFieldNumber, kNumber)) {
      good = flag(details_.balanced);
    } else if (tag == tag_of(Fields::kUniqueReferenceFieldNumber, kNumber)) {
      good = flag(details_.unique_reference);
    } else if (tag == tag_of(Fields::kEffectiveAtFieldNumber, kNumber)) {
      good = effective_at();
    } else {
      good = skip(tag, "options.");
    }
    if (!good) return false;
  }
  return in_.is_at_end();
}

// One pair: an entry of the map.
bool TransferReader::metadata() {
  auto& [key, value] = details_.metadata.emplace_back();
  while (const auto tag = in_.next_tag()) {
    bool good = false;
    if (in_.fields() - transfer_began_ > kMaxFieldsOfTransfer) return false;
    if (tag == tag_of(kMapKey, kText)) {
      good = text(key, "metadata");
    } else if (tag == tag_of(kMapValue, kText)) {
      good = text(value, "metadata");
    } else {
      good = skip(tag, "metadata.");
    }
    if (!good) return false;
  }
  return in_.is_at_end();
}

bool TransferReader::effective_at() {
  std::uint64_t value = 0;
  if (!in_.read_number(value)) return false;
  details_.effective_at = static_cast<ledger::TimeMs>(value);
  return true;
}

bool TransferReader::flag(bool& into) {
  std::uint64_t value = 0;
  if (!in_.read_number(value)) return false;
  into = value != 0;
  return true;
}

bool TransferReader::kind(ledger::TransferKind& into) {
  std::string_view name;
  if (!text(name, "type")) return false;
  const auto kind = ledger::parse_transfer_kind(name);
  if (!kind) {
    refuse(unknown_type(path_of("type"), name));
    return false;
  }
  into = *kind;
  return true;
}

// Ends a transfer with too many entries. The rest of its bytes is skipped without a look.
bool TransferReader::skip_rest(ledger::Transfer& transfer) {
  // In a batch the transfer ends with the nested message, else with the request.
  add(transfer);
  return in_.skip_rest() && in_.is_at_end();
}

// The span may count an entry that is not stored. check() refuses such a transfer by the count
// alone.
void TransferReader::add(ledger::Transfer& transfer) {
  if (details_.policy) add_policy_entries();
  transfer.entries = {into_.entries.data() + first_entry_, entries_of_transfer_};
  if (details_.reverses.sequence == 0) details_.reverses_all = false;
  if (!details_.empty()) {
    ledger::sort_metadata(details_);
    into_.metadata_pairs += details_.metadata.size();
    transfer.details = &into_.details.emplace_back(std::exchange(details_, {}));
  }
  into_.transfers.push_back(transfer);
}

bool TransferReader::entry() {
  using Entry = wire::TransferEntry;
  auto& entry = into_.entries.emplace_back();
  while (const auto tag = in_.next_tag()) {
    bool good = false;
    if (in_.fields() - transfer_began_ > kMaxFieldsOfTransfer) return false;
    if (tag == tag_of(Entry::kAccountIdFieldNumber, kText)) {
      good = text(entry.account_id, "account_id");
    } else if (tag == tag_of(Entry::kAmountFieldNumber, kNumber)) {
      std::uint64_t value = 0;
      good = in_.read_number(value);
      // A negative int64 travels as its two's complement, in ten bytes.
      entry.amount = static_cast<ledger::Amount>(value);
    } else {
      good = skip(tag);
    }
    if (!good) return false;
  }
  return in_.is_at_end();
}

// Makes `into` a view of the request. If a field stands twice, the last one counts, as in protobuf.
bool TransferReader::text(std::string_view& into, std::string_view name) {
  if (!in_.read_bytes(into)) return false;
  if (!ledger::is_utf8(into)) {
    refuse(not_utf8(path_of(name)));
    return false;
  }
  return true;
}

// "transfers[3].entries[0].account_id": where a wrong text stands in the request.
std::string TransferReader::path_of(std::string_view name) const {
  std::string path;
  if (is_batch_) {
    const auto& list = type_of(form_).FindFieldByNumber(1)->name();
    path = list + "[" + std::to_string(into_.transfers.size()) + "].";
  }
  path += in_action_;
  if (in_entry_) path += "entries[" + std::to_string(entries_of_transfer_ - 1) + "].";
  return path.append(name);
}

// The last transfer was refused: its entries make room for those of the next one.
void TransferReader::drop_entries() {
  auto& transfer = into_.transfers.back();
  into_.entries.resize(first_entry_);
  transfer.entries = {};
  if (transfer.details == nullptr) return;
  into_.metadata_pairs -= transfer.details->metadata.size();
  transfer.details = nullptr;
  into_.details.pop_back();
}

// Sets the spans of all transfers. Entries lie in the order of their transfers, without gaps.
void TransferReader::finish() {
  const auto* next = into_.entries.data();
  for (auto& transfer : into_.transfers) {
    // A transfer with too many entries counts one that is not stored.
    const auto stored = std::min(transfer.entries.size(), ledger::kMaxEntries);
    transfer.entries = {next, transfer.entries.size()};
    next += stored;
  }
  state_ = State::whole;
}

void TransferReader::refuse(ledger::Error error) {
  // The first error is the most exact: callers up the stack only know that reading failed.
  if (!error_) error_ = std::move(error);
  state_ = State::refused;
}

void TransferReader::refuse_malformed() {
  refuse(malformed_request(is_batch_ ? type_of(form_) : item_type_of(form_)));
}

bool read_transfer(std::string_view bytes, TransferList& into) {
  return TransferReader(bytes, into).read_transfer() == TransferReader::State::whole;
}

bool read_batch(std::string_view bytes, TransferList& into, BatchForm form) {
  TransferReader reader(bytes, into, form);
  const auto keep = [](const ledger::Transfer&) { return true; };
  auto state = TransferReader::State::more;
  while (state == TransferReader::State::more)
    state = reader.read_batch(kMaxFieldsOfTransfer, keep);
  return state == TransferReader::State::whole;
}

}  // namespace sg::proto
