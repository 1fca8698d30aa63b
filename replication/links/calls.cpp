#include "replication/links/calls.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "persistence/chain/extension.hpp"
#include "persistence/chain/record.hpp"
#include "persistence/encoding/bytes.hpp"

namespace sg::replication {
namespace {

using ledger::ItemResult;
using persistence::ByteReader;
using persistence::kMaxVarintBytes;

enum class Kind : std::uint8_t { call = 1, cancel = 2, answer = 3, rejected = 4 };
enum class What : std::uint8_t { batch = 1, account = 2, participant = 3, key = 4 };
enum class Result : std::uint8_t {
  none = 0,
  committed = 1,
  refused = 2,
  unbound = 3,
  sealed = 4,
  replayed = 5
};

class Writer {
 public:
  explicit Writer(Kind kind, std::size_t expected_bytes = 32) {
    bytes_.reserve(expected_bytes);
    byte(static_cast<std::uint8_t>(kind));
  }
  void byte(std::uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
  void number(std::uint64_t value) {
    char buffer[kMaxVarintBytes];
    bytes_.append(buffer, persistence::put_varint(buffer, value));
  }
  void signed_number(std::int64_t value) { number(persistence::zigzag(value)); }
  void text(std::string_view value) {
    number(value.size());
    bytes_.append(value);
  }
  void facts(const ledger::Metadata& metadata) {
    number(metadata.size());
    for (const auto& [name, value] : metadata) {
      text(name);
      text(value);
    }
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Of an item's kind: its details follow.
constexpr std::uint8_t kHasDetails = 0x80;
// Of an account, beside its type.
constexpr std::uint8_t kHasCeiling = 0x80;
// Of a call.
constexpr std::uint8_t kHasOrigin = 1;
constexpr std::uint8_t kHasTrace = 2;
constexpr std::uint8_t kTellsReplays = 4;

void write(Writer& out, const ledger::Details& details) {
  std::string fields;
  persistence::put_details(details, fields);
  out.text(fields);
}
void write(Writer& out, const ledger::TransferBatch& batch,
           const std::vector<ItemResult>& results) {
  out.byte(static_cast<std::uint8_t>(What::batch));
  out.byte(batch.atomic ? 1 : 0);
  out.number(batch.transfers.size());
  for (std::size_t i = 0; i < batch.transfers.size(); ++i) {
    if (results[i].state == ItemResult::State::refused) {
      out.byte(0);
      continue;
    }
    const auto& transfer = batch.transfers[i];
    const auto with_details = transfer.details != nullptr ? kHasDetails : std::uint8_t{0};
    out.byte(static_cast<std::uint8_t>(transfer.kind) | with_details);
    out.number(transfer.entries.size());
    for (const auto& entry : transfer.entries) {
      out.text(entry.account_id);
      out.signed_number(entry.amount);
    }
    out.text(transfer.reference);
    out.text(transfer.idempotency_key);
    if (transfer.details != nullptr) write(out, *transfer.details);
  }
}
void write(Writer& out, const ledger::NewAccount& account, const std::vector<ItemResult>&) {
  out.byte(static_cast<std::uint8_t>(What::account));
  out.text(account.id);
  out.text(account.participant_id);
  // Nodes that do not know ceilings are given none (actors/gateway/methods/writes.cpp).
  const bool has_ceiling = ledger::policy_of(account).has_ceiling();
  out.byte(static_cast<std::uint8_t>(static_cast<std::uint8_t>(account.type) |
                                     (has_ceiling ? kHasCeiling : 0)));
  out.signed_number(account.initial_balance);
  out.signed_number(account.floor);
  out.facts(account.metadata);
  if (has_ceiling) out.signed_number(account.ceiling);
}
void write(Writer& out, const ledger::NewParticipant& participant, const std::vector<ItemResult>&) {
  out.byte(static_cast<std::uint8_t>(What::participant));
  out.text(participant.id);
  out.text(participant.name);
  out.byte(static_cast<std::uint8_t>(participant.role));
  out.facts(participant.metadata);
}

void write(Writer& out, const ledger::KeyRequest& asked, const std::vector<ItemResult>&) {
  out.byte(static_cast<std::uint8_t>(What::key));
  out.byte(asked.seals ? 1 : 0);
  out.text(asked.key_alone.idempotency_key);
}

ledger::Metadata read_facts(ByteReader& in) {
  ledger::Metadata metadata;
  const auto count = in.varint();
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    const auto name = in.text();
    metadata.emplace(name, in.text());
  }
  return metadata;
}

// The bytes of an item at least: its kind, three lengths.
constexpr std::size_t kLeastItemBytes = 1;

bool is_kind(std::uint8_t number) {
  return (number >= static_cast<std::uint8_t>(ledger::TransferKind::credit) &&
          number <= static_cast<std::uint8_t>(ledger::TransferKind::transfer)) ||
         number == static_cast<std::uint8_t>(ledger::TransferKind::reversal) ||
         number == static_cast<std::uint8_t>(ledger::TransferKind::policy);
}

bool read_batch(ByteReader& in, ForwardedCall& call) {
  auto& batch = call.operation.emplace<ledger::TransferBatch>();
  batch.atomic = in.fixed<std::uint8_t>() == 1;
  const auto count = in.varint();
  if (count == 0 || count > ledger::kMaxBatchTransfers || count > in.left() / kLeastItemBytes) {
    return false;
  }
  batch.transfers.resize(count);
  call.results.resize(count);
  std::vector<std::size_t> begins(count);
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    auto& transfer = batch.transfers[i];
    const auto kind = in.fixed<std::uint8_t>();
    begins[i] = call.entries.size();
    if (kind == 0) {
      static const auto elsewhere =
          std::make_shared<const ledger::Error>(ledger::Error{ledger::Reason::batch_aborted,
                                                              std::string(kRefusedElsewhere),
                                                              {},
                                                              ledger::Outcome::none});
      call.results[i].state = ItemResult::State::refused;
      call.results[i].error = elsewhere;
      continue;
    }
    const auto known = static_cast<std::uint8_t>(kind & ~kHasDetails);
    if (!is_kind(known)) return false;
    transfer.kind = static_cast<ledger::TransferKind>(known);
    // Those of the others are made, or may be.
    const bool needs_entries = transfer.kind <= ledger::TransferKind::transfer;
    const auto entries = in.varint();
    if ((entries == 0 && needs_entries) || entries > ledger::kMaxEntries) return false;
    for (std::uint64_t e = 0; e < entries && in.ok(); ++e) {
      const auto account = in.text();
      call.entries.push_back({account, in.signed_varint()});
    }
    transfer.reference = in.text();
    transfer.idempotency_key = in.text();
    if ((kind & kHasDetails) == 0) continue;
    auto details = persistence::read_details(in.text());
    if (!details || details->empty()) return false;
    transfer.details = &call.details.emplace_back(std::move(*details));
  }
  if (!in.at_end()) return false;
  for (std::size_t i = 0; i < count; ++i) {
    const auto end = i + 1 < count ? begins[i + 1] : call.entries.size();
    auto& transfer = batch.transfers[i];
    transfer.entries = std::span(call.entries).subspan(begins[i], end - begins[i]);
    // The sender has checked it, but this node answers for what it books.
    if (call.results[i].state == ItemResult::State::refused) continue;
    if (check(transfer)) return false;
    // Or the locks would be wrong.
    if (ledger::is_policy(transfer) && !ledger::has_entries_of_policy(transfer)) return false;
    persistence::stamp(transfer);
  }
  return !batch.atomic || !ledger::check_atomic_keys(batch.transfers);
}

bool read_account(ByteReader& in, ForwardedCall& call) {
  auto& account = call.operation.emplace<ledger::NewAccount>();
  account.id = in.text();
  account.participant_id = in.text();
  const auto type = in.fixed<std::uint8_t>();
  account.type = static_cast<ledger::AccountType>(type & ~kHasCeiling);
  account.initial_balance = in.signed_varint();
  account.floor = in.signed_varint();
  account.metadata = read_facts(in);
  if ((type & kHasCeiling) != 0) account.ceiling = in.signed_varint();
  call.results.resize(1);
  return in.at_end() && static_cast<int>(account.type) <= ledger::kLastAccountType &&
         !check(account);
}

bool read_participant(ByteReader& in, ForwardedCall& call) {
  auto& participant = call.operation.emplace<ledger::NewParticipant>();
  participant.id = in.text();
  participant.name = in.text();
  participant.role = static_cast<ledger::ParticipantRole>(in.fixed<std::uint8_t>());
  participant.metadata = read_facts(in);
  call.results.resize(1);
  return in.at_end() && static_cast<int>(participant.role) <= ledger::kLastRole &&
         !check(participant);
}

bool read_key(ByteReader& in, ForwardedCall& call) {
  auto& asked = call.operation.emplace<ledger::KeyRequest>();
  const auto seals = in.fixed<std::uint8_t>();
  asked.seals = seals == 1;
  asked.key_alone.idempotency_key = in.text();
  call.results.resize(1);
  if (!in.at_end() || seals > 1 || ledger::check_id(asked.key_alone.idempotency_key, "key")) {
    return false;
  }
  persistence::stamp(asked.key_alone);
  return true;
}

std::optional<CallMessage> read_call(std::string bytes) {
  auto call = std::make_unique<ForwardedCall>();
  call->bytes = std::move(bytes);
  ByteReader in(call->bytes);
  (void)in.fixed<std::uint8_t>();
  call->id = in.varint();
  call->term = in.varint();
  call->left = std::chrono::milliseconds(in.varint() & 0x7fff'ffff'ffffU);
  const auto has = in.fixed<std::uint8_t>();
  if (has > (kHasOrigin | kHasTrace | kTellsReplays)) return std::nullopt;
  call->tells_replays = (has & kTellsReplays) != 0;
  if ((has & kHasOrigin) != 0) {
    ledger::Origin origin;
    origin.caller = in.text();
    origin.peer = in.text();
    call->origin = std::make_shared<const ledger::Origin>(std::move(origin));
  }
  if ((has & kHasTrace) != 0) {
    ledger::Trace trace;
    trace.request_id = in.text();
    trace.traceparent = in.text();
    call->trace = std::make_shared<const ledger::Trace>(std::move(trace));
  }
  const auto what = static_cast<What>(in.fixed<std::uint8_t>());
  const bool is_right = what == What::batch         ? read_batch(in, *call)
                        : what == What::account     ? read_account(in, *call)
                        : what == What::participant ? read_participant(in, *call)
                        : what == What::key         ? read_key(in, *call)
                                                    : false;
  if (!is_right) return std::nullopt;
  return CallMessage(std::move(call));
}

std::optional<ledger::Reason> reason_of(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(ledger::Reason::internal); ++i) {
    const auto reason = static_cast<ledger::Reason>(i);
    if (to_string(reason) == name) return reason;
  }
  return std::nullopt;
}

std::shared_ptr<const ledger::Error> read_error(ByteReader& in) {
  auto error = std::make_shared<ledger::Error>();
  const auto reason = reason_of(in.text());
  const auto outcome = in.fixed<std::uint8_t>();
  error->message = in.text();
  const auto count = in.varint();
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    const auto name = in.text();
    error->metadata.emplace_back(name, in.text());
  }
  if (outcome > 1) in.fail();
  // A reason of a later program: what became of the call is in `outcome`.
  error->reason = reason.value_or(ledger::Reason::node_unavailable);
  error->outcome = static_cast<ledger::Outcome>(outcome);
  return error;
}

std::optional<CallMessage> read_answer(ByteReader in) {
  CallAnswer answer;
  answer.id = in.varint();
  answer.observed = in.varint();
  const auto errors = in.varint();
  std::vector<std::shared_ptr<const ledger::Error>> table;
  for (std::uint64_t i = 0; i < errors && in.ok(); ++i) table.push_back(read_error(in));
  const auto count = in.varint();
  if (!in.ok() || count > in.left() || count > ledger::kMaxBatchTransfers) return std::nullopt;
  answer.results.resize(count);
  for (auto& result : answer.results) {
    switch (static_cast<Result>(in.fixed<std::uint8_t>())) {
      case Result::none:
        break;
      case Result::replayed:
        result.replayed = true;
        [[fallthrough]];
      case Result::committed:
        result.state = ItemResult::State::committed;
        result.sequence = in.varint();
        result.time = in.signed_varint();
        break;
      case Result::refused: {
        const auto index = in.varint();
        if (index >= table.size()) return std::nullopt;
        result.state = ItemResult::State::refused;
        result.error = table[index];
        break;
      }
      case Result::unbound:
        result.state = ItemResult::State::unbound;
        result.sequence = in.varint();
        break;
      case Result::sealed:
        result.state = ItemResult::State::sealed;
        result.sequence = in.varint();
        result.time = in.signed_varint();
        break;
      default:
        return std::nullopt;
    }
  }
  if (!in.at_end()) return std::nullopt;
  return CallMessage(std::move(answer));
}

}  // namespace

std::string encode_call(std::uint64_t id, Term term, std::chrono::milliseconds left,
                        const ledger::Submission& submission) {
  constexpr std::size_t kItemBytes = 64;
  Writer out(Kind::call, 64 + submission.items() * kItemBytes);
  out.number(id);
  out.number(term);
  out.number(static_cast<std::uint64_t>(std::max<std::int64_t>(0, left.count())));
  out.byte((submission.origin ? kHasOrigin : 0) | (submission.trace ? kHasTrace : 0) |
           (submission.tells_replays ? kTellsReplays : 0));
  if (submission.origin) {
    out.text(submission.origin->caller);
    out.text(submission.origin->peer);
  }
  if (submission.trace) {
    out.text(submission.trace->request_id);
    out.text(submission.trace->traceparent);
  }
  std::visit([&](const auto& operation) { write(out, operation, submission.results); },
             submission.operation);
  return out.take();
}

std::string encode_cancel(std::uint64_t id) {
  Writer out(Kind::cancel);
  out.number(id);
  return out.take();
}

std::string encode_rejection(std::uint64_t id) {
  Writer out(Kind::rejected);
  out.number(id);
  return out.take();
}

std::string encode_answer(std::uint64_t id, const ledger::Submission& submission) {
  constexpr std::size_t kItemBytes = 20;
  Writer out(Kind::answer, 64 + submission.items() * kItemBytes);
  out.number(id);
  out.number(submission.observed);
  // Items that share an error share its place.
  std::map<const ledger::Error*, std::uint64_t> places;
  std::vector<const ledger::Error*> table;
  for (const auto& result : submission.results) {
    if (!result.error || !places.emplace(result.error.get(), table.size()).second) continue;
    table.push_back(result.error.get());
  }
  out.number(table.size());
  for (const auto* error : table) {
    out.text(to_string(error->reason));
    out.byte(static_cast<std::uint8_t>(error->outcome));
    out.text(error->message);
    out.number(error->metadata.size());
    for (const auto& [name, value] : error->metadata) {
      out.text(name);
      out.text(value);
    }
  }
  out.number(submission.results.size());
  for (const auto& result : submission.results) {
    const bool is_sealed = result.state == ItemResult::State::sealed;
    if (is_sealed || result.state == ItemResult::State::committed) {
      const bool is_replayed = submission.tells_replays && result.replayed;
      out.byte(static_cast<std::uint8_t>(is_sealed     ? Result::sealed
                                         : is_replayed ? Result::replayed
                                                       : Result::committed));
      out.number(result.sequence);
      out.signed_number(result.time);
    } else if (result.state == ItemResult::State::unbound) {
      out.byte(static_cast<std::uint8_t>(Result::unbound));
      out.number(result.sequence);
    } else if (result.error) {
      out.byte(static_cast<std::uint8_t>(Result::refused));
      out.number(places.at(result.error.get()));
    } else {
      out.byte(static_cast<std::uint8_t>(Result::none));
    }
  }
  return out.take();
}

std::optional<CallMessage> decode_call_message(std::string bytes) {
  ByteReader in(bytes);
  const auto kind = static_cast<Kind>(in.fixed<std::uint8_t>());
  switch (kind) {
    case Kind::call:
      return read_call(std::move(bytes));
    case Kind::answer:
      return read_answer(in);
    case Kind::cancel:
    case Kind::rejected: {
      const auto id = in.varint();
      if (!in.at_end()) return std::nullopt;
      if (kind == Kind::cancel) return CallMessage(CancelledCall{id});
      return CallMessage(RejectedCall{id});
    }
  }
  return std::nullopt;
}

}  // namespace sg::replication
