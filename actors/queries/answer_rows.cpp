// The size of a row is that of its wire message, which is filled for this purpose. So the count
// cannot differ from what is sent.
#include "actors/queries/answer_rows.hpp"

#include <google/protobuf/io/coded_stream.h>

#include <algorithm>
#include <limits>

#include "proto/conversion.hpp"

namespace sg::actors {
namespace {

// Room for the token of the next page: base 64 of 8 bytes and an id of at most 256 bytes, with tag
// and length.
constexpr std::size_t kTokenBytes = 360;

// In a list's response the rows have field number 1, so their tag takes one byte.
std::size_t bytes_in_list(const google::protobuf::Message& row) {
  const auto bytes = row.ByteSizeLong();
  return 1 + google::protobuf::io::CodedOutputStream::VarintSize64(bytes) + bytes;
}

}  // namespace

ledger::Error too_large_error(const char* what_to_ask_instead) {
  return {ledger::Reason::result_too_large,
          "the answer would pass 16 MiB: " + std::string(what_to_ask_instead),
          {{"max_bytes", std::to_string(kMaxAnswerBytes)}},
          ledger::Outcome::none};
}

void fill(wire::Participant& to, const ledger::Participant& from) {
  proto::fill(to, from, from.created_at);
}

void fill(wire::Account& to, const AccountView& from) {
  proto::fill(to, from.account, from.balance, from.account.created_at);
}

void fill(wire::Transaction& to, const persistence::StoredTransaction& from) {
  to.set_id(ledger::transaction_id(from.time, from.sequence));
  to.set_type(std::string(to_string(from.kind)));
  to.mutable_entries()->Reserve(static_cast<int>(from.entries.size()));
  for (const auto& entry : from.entries) {
    auto& added = *to.add_entries();
    added.set_account_id(entry.account_id);
    added.set_amount(entry.amount);
  }
  to.set_timestamp(from.time);
  to.set_reference(from.reference);
  if (const auto& place = from.details.reverses; place.sequence != 0) {
    to.set_reverses(ledger::transaction_id(place.time, place.sequence));
  }
}

void fill_whole(wire::Transaction& to, const persistence::StoredTransaction& from) {
  fill(to, from);
  for (const auto& place : from.reversed_by) {
    to.add_reversed_by(ledger::transaction_id(place.time, place.sequence));
  }
  if (from.details == persistence::StoredDetails()) return;
  to.mutable_metadata()->insert(from.details.metadata.begin(), from.details.metadata.end());
  to.set_effective_at(from.details.effective_at);
  to.set_sequence(from.sequence);
}

std::size_t RowSizes::of(const ledger::Participant& row) {
  participant_.Clear();
  fill(participant_, row);
  return bytes_in_list(participant_);
}

std::size_t RowSizes::of(const ledger::Account& row) {
  account_.Clear();
  // A negative number takes ten bytes, the most of all.
  proto::fill(account_, row, -1, row.created_at);
  return bytes_in_list(account_);
}

std::size_t RowSizes::of(const persistence::StoredTransaction& row) {
  transaction_.Clear();
  fill_whole(transaction_, row);
  return bytes_in_list(transaction_);
}

PageEnd::PageEnd(std::size_t rows, std::int64_t page_bytes)
    // Minus 1, so that limit() does not overflow.
    : max_rows_(rows == 0 ? std::numeric_limits<std::size_t>::max() - 1 : rows),
      is_paged_(page_bytes > 0),
      max_bytes_(is_paged_ ? static_cast<std::size_t>(page_bytes) : kMaxAnswerBytes) {
  // The token counts as well: the whole response has to fit.
  if (is_paged_) max_bytes_ -= std::min(max_bytes_, kTokenBytes);
}

// One row more than the page may have: it tells whether there is a next page.
std::size_t PageEnd::limit() const { return max_rows_ + 1; }

bool PageEnd::reached_with(std::size_t row_bytes) {
  ++rows_;
  bytes_ += row_bytes;
  if (rows_ > max_rows_) {
    why_ = Why::full;
    // The first row always belongs to the page, or a page could be empty and lead nowhere.
  } else if (bytes_ > max_bytes_ && rows_ > 1) {
    why_ = is_paged_ ? Why::full : Why::too_large;
  }
  return why_ != Why::none;
}

}  // namespace sg::actors
