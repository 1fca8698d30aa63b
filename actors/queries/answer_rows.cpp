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

constexpr std::uint8_t kLongestFreeze = ledger::kDebits | ledger::kCredits;

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
  proto::fill(to, from.account, from.balance, from.account.created_at, from.policy);
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

void fill_policy(wire::Transaction& to, const persistence::StoredTransaction& from) {
  const auto& result = *from.policy;
  if (from.details.policy) to.set_note(from.details.policy->note);
  if (!from.account) return to.set_require_balanced(result.require_balanced);
  auto& account = *to.mutable_account();
  proto::fill(account, *from.account, result.balance, from.account->created_at, result.policy);
  // A batch may change one account many times.
  account.clear_metadata();
  account.set_sequence(from.sequence);
}

void fill(wire::PolicyAction& to, const ledger::PolicyChange& from) {
  to.set_account_id(std::string(from.account_id));
  if (from.floor) to.set_floor(*from.floor);
  if (from.ceiling) to.set_ceiling(*from.ceiling);
  to.set_clear_ceiling(from.clear_ceiling);
  if (from.debits_frozen) to.set_debits_frozen(*from.debits_frozen);
  if (from.credits_frozen) to.set_credits_frozen(*from.credits_frozen);
  to.set_status(static_cast<wire::AccountStatus>(from.status));
  to.set_sweep_to(std::string(from.sweep_to));
  to.set_allow_beyond(from.allow_beyond);
  to.set_note(std::string(from.note));
  if (from.require_balanced) to.set_require_balanced(*from.require_balanced);
}

void fill_whole(wire::Transaction& to, const persistence::StoredTransaction& from) {
  fill(to, from);
  for (const auto& place : from.reversed_by) {
    to.add_reversed_by(ledger::transaction_id(place.time, place.sequence));
  }
  if (from.policy) fill_policy(to, from);
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
  // A negative number takes ten bytes, the most of all. Nor is the policy known yet.
  constexpr ledger::Amount kLong = -1;
  proto::fill(account_, row, kLong, row.created_at, {kLong, kLong, kLongestFreeze, true});
  account_.set_available(kLong);
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
