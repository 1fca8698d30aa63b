#include "persistence/chain/group.hpp"

#include <algorithm>

#include "persistence/chain/group_contents.hpp"

namespace sg::persistence {

void GroupContents::start(const ChainHead& on, TimeMs now, std::int64_t run) {
  begun_on = on;
  head = on;
  time = std::max(now, on.time);
  run_ms = std::max(run, on.run_ms);
  last = on.sequence;
  next_account = on.accounts;
  totals = on.totals;
  unit_is_open = false;
  writer.clear();
  mentions.clear();
  accounts.clear();
  participants.clear();
  policies.clear();
}

Sequence GroupContents::next_record() {
  ++last;
  if (!writer.is_open()) {
    writer.begin(last);
    accounts_before_block = next_account;
  }
  unit_is_open = true;
  return last;
}

void GroupContents::seal() {
  head.hash = writer.seal({time, run_ms, accounts_before_block, totals, head.hash});
  head.sequence = last;
  head.time = time;
  head.run_ms = run_ms;
  head.totals = totals;
  head.accounts = next_account;
}

Group::Group(ChainHead head, TimeMs now, std::int64_t run_ms)
    : Group(head, now, run_ms, std::make_unique<GroupContents>()) {}

Group::Group(ChainHead head, TimeMs now, std::int64_t run_ms,
             std::unique_ptr<GroupContents> buffers)
    : contents_(std::move(buffers)) {
  contents_->start(head, now, run_ms);
}

Group::Group(std::unique_ptr<GroupContents> finished) : contents_(std::move(finished)) {}

Group::Group(Group&&) noexcept = default;
Group& Group::operator=(Group&&) noexcept = default;
Group::~Group() = default;

Sequence Group::add(const TransferRecord& record) {
  GroupContents& in = *contents_;
  const Sequence sequence = in.next_record();
  in.writer.add(record);
  in.mentions.add(sequence, record.postings, record.reference,
                  record.idempotency_key.empty() ? std::nullopt : std::optional(record.key_hash),
                  record.details != nullptr ? record.details->reverses.sequence : 0);
  for (const Posting& posting : record.postings) in.totals.postings += posting.amount;
  ++in.totals.transactions;
  if (record.policy != nullptr) in.policies.push_back({sequence, *record.policy});
  return sequence;
}

ledger::Account Group::add(const ledger::NewAccount& account, const ledger::Origin* origin) {
  GroupContents& in = *contents_;
  ledger::Account created;
  static_cast<ledger::NewAccount&>(created) = account;
  created.sequence = in.next_record();
  created.created_at = in.time;
  created.number = in.next_account++;
  in.totals.postings += account.initial_balance;
  in.writer.add(created, origin);
  in.accounts.push_back(created);
  if (const auto row = first_policy(created)) in.policies.push_back(*row);
  return created;
}

ledger::Participant Group::add(const ledger::NewParticipant& participant,
                               const ledger::Origin* origin) {
  GroupContents& in = *contents_;
  ledger::Participant created;
  static_cast<ledger::NewParticipant&>(created) = participant;
  created.sequence = in.next_record();
  created.created_at = in.time;
  in.writer.add(created, origin);
  in.participants.push_back(created);
  return created;
}

Sequence Group::add(const SealRecord& record) {
  GroupContents& in = *contents_;
  const Sequence sequence = in.next_record();
  in.writer.add(record);
  in.mentions.add_seal(sequence, record.key);
  return sequence;
}

void Group::end_unit() {
  GroupContents& in = *contents_;
  if (!in.unit_is_open) return;
  in.writer.mark_unit_end();
  in.unit_is_open = false;
  if (in.writer.is_full()) in.seal();
}

TimeMs Group::time() const { return contents_->time; }
Sequence Group::last_sequence() const { return contents_->last; }
std::size_t Group::records() const { return contents_->last - contents_->begun_on.sequence; }
std::size_t Group::bytes() const { return contents_->writer.bytes(); }
bool Group::empty() const { return contents_->last == contents_->begun_on.sequence; }

std::unique_ptr<GroupContents> Group::finish() && {
  end_unit();
  if (contents_->writer.is_open()) contents_->seal();
  return std::move(contents_);
}

}  // namespace sg::persistence
