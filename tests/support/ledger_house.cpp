#include "tests/support/ledger_house.hpp"

#include <algorithm>
#include <utility>

namespace sg::test {

using ledger::LateVote;
using ledger::LockBatchPtr;
using ledger::ShardLedger;
using ledger::UnitsOf;

LedgerHouse::LedgerHouse(std::uint32_t shards, std::chrono::milliseconds lock_timeout)
    : lock_timeout_(lock_timeout), journal_(shards), shards_(shards) {
  for (std::uint32_t i = 0; i < shards; ++i) load(i);
  new_coordinator();
  for (auto& shard : shards_) {
    shard.coordinator = journal_.coordinator;
    shard.applied.clear();
  }
}

void LedgerHouse::open_account(std::string_view id, ledger::Amount balance, ledger::Amount floor) {
  journal_.open_account(id, balance, floor);
  const auto& account = journal_.image().accounts.find(id)->second;
  auto& shard = shards_[ledger::shard_of(id, shards_.size())];
  shard.ledger->load_account(id, account.number, balance, ledger::Policy{floor});
}

void LedgerHouse::open_participant(std::string_view id) {
  journal_.open_participant(id);
  shards_[ledger::shard_of(id, shards_.size())].ledger->load_participant(id);
}

void LedgerHouse::submit(const TestSubmissionPtr& submission) {
  submission->durable = journal_.durable();
  submission->sequenced = journal_.image().last;
  submission->stamp_keys([this](auto& transfer) { journal_.stamp(transfer); });
  submissions_.push_back(submission);
  flow_->submit(submission);
}

void LedgerHouse::cancel(TestSubmission& submission) {
  submission.cancelled = true;
  if (submission.lost) return;
  to_flow([&](Effects& effects) { flow_->cancel(submission, effects); });
}

template <class Call>
void LedgerHouse::to_flow(Call call) {
  Effects effects;
  call(effects);
  carry_out(effects);
  while (flow_->can_advance()) advance();
}

void LedgerHouse::advance() {
  Effects effects;
  flow_->advance(now_, effects);
  carry_out(effects);
}

void LedgerHouse::pass(std::chrono::milliseconds time) {
  now_ += time;
  to_flow([&](Effects& effects) { flow_->expire(now_, effects); });
}

void LedgerHouse::send_request(std::uint32_t index, std::uint64_t coordinator,
                               std::function<void(ShardLedger&, std::vector<LateVote>&)> what,
                               LockBatchPtr prompt) {
  auto handle = [this, index, what = std::move(what), prompt = std::move(prompt)] {
    auto& shard = shards_[index];
    std::vector<LateVote> late;
    what(*shard.ledger, late);
    if (prompt) {
      shard.votes.push_back([this, prompt, index] {
        to_flow([&](Effects& effects) { flow_->voted(*prompt, index, now_, effects); });
      });
    }
    tell_late(index, std::move(late));
  };
  const auto to = shards_[index].known_as;
  shards_[index].requests.push_back([this, index, to, coordinator, handle = std::move(handle)] {
    auto& shard = shards_[index];
    if (!shard.ledger || shard.incarnation != to) return;
    if (coordinator > shard.coordinator) {
      shard.early.emplace(coordinator, handle);
    } else if (coordinator == shard.coordinator) {
      handle();
    }
  });
}

// All in one message, as their actor does: what they decide reaches the journal as one commit.
void LedgerHouse::tell_late(std::uint32_t index, std::vector<LateVote> late) {
  if (late.empty()) return;
  shards_[index].votes.push_back([this, late = std::move(late)] {
    to_flow([&](Effects& effects) {
      for (const auto& vote : late) flow_->voted_late(vote, now_, effects);
    });
  });
}

void LedgerHouse::carry_out(const Effects& effects) {
  if (const auto& batch = effects.lock) {
    for (std::uint32_t i = 0; i < shards(); ++i) {
      if (batch->part_heard[i]) continue;
      send_request(
          i, batch->coordinator,
          [batch](ShardLedger& shard, std::vector<LateVote>& late) { shard.lock(batch, late); },
          batch);
    }
  }
  for (std::uint32_t i = 0; i < effects.abort.size(); ++i) {
    for (const auto& units : effects.abort[i]) {
      send_request(
          i, units.batch->coordinator,
          [units](ShardLedger& shard, std::vector<LateVote>& late) {
            shard.abort(*units.batch, units.units, late);
          },
          nullptr);
    }
  }
  for (const auto& units : effects.commit) {
    commits_.push_back([this, units] { commit(units); });
  }
}

void LedgerHouse::commit(const UnitsOf& units) {
  auto reply = journal_.commit(units);
  for (auto& applied : reply.applied) {
    shards_[applied.shard].applied.push_back([this, applied] {
      auto& shard = shards_[applied.shard];
      if (!shard.ledger) return;
      std::vector<LateVote> late;
      shard.ledger->apply(*applied.units.batch, applied.units.units, applied.last, late);
      tell_late(applied.shard, std::move(late));
    });
  }
  if (!reply.rejected.empty()) report({journal_.durable(), {}, std::move(reply.rejected)});
}

void LedgerHouse::report(const ModelJournal::Synced& synced) {
  reports_.push_back([this, synced] {
    to_flow([&](Effects& effects) {
      flow_->durable(synced.durable, synced.committed);
      for (const auto& rejected : synced.rejected) flow_->rejected(rejected, effects);
    });
  });
}

void LedgerHouse::sync() { report(journal_.sync()); }

void LedgerHouse::crash_shard(std::uint32_t index) {
  auto& shard = shards_[index];
  if (!shard.ledger) return;
  shard.ledger.reset();
  notices_.push_back([this, index, coordinator = journal_.coordinator] {
    if (coordinator != journal_.coordinator) return;
    shards_[index].known_as = 0;
    to_flow([&](Effects& effects) { flow_->shard_away(index, effects); });
  });
}

void LedgerHouse::load(std::uint32_t index) {
  auto& shard = shards_[index];
  shard.incarnation = next_incarnation_++;
  shard.coordinator = journal_.coordinator;
  shard.early.clear();
  journal_.shard_incarnations[index] = shard.incarnation;
  const auto& image = journal_.image();
  shard.ledger.emplace(index, shard.incarnation, image.last);
  for (const auto& [id, account] : image.accounts) {
    if (ledger::shard_of(id, shards_.size()) != index) continue;
    shard.ledger->load_account(id, account.number, account.balance, account.policy);
  }
  for (const auto& id : image.participants) {
    if (ledger::shard_of(id, shards_.size()) == index) shard.ledger->load_participant(id);
  }
}

void LedgerHouse::attach_shard(std::uint32_t index) {
  if (shards_[index].ledger) return;
  sync();
  load(index);
  notices_.push_back(
      [this, index, incarnation = shards_[index].incarnation, coordinator = journal_.coordinator] {
        if (coordinator != journal_.coordinator) return;
        shards_[index].known_as = incarnation;
        flow_->shard_serves(index);
      });
}

void LedgerHouse::new_coordinator() {
  journal_.coordinator = next_incarnation_++;
  flow_.emplace(ledger::TransferFlow::Options{shards(), journal_.coordinator, lock_timeout_,
                                              confirms, journal_.requires_balance()},
                journal_, journal_.durable());
  for (std::uint32_t i = 0; i < shards(); ++i) {
    auto& shard = shards_[i];
    shard.known_as = shard.ledger ? shard.incarnation : 0;
    if (!shard.ledger) {
      Effects none;
      flow_->shard_away(i, none);
    }
    shard.applied.push_back([this, i, fence = journal_.coordinator] {
      auto& heard = shards_[i];
      if (!heard.ledger || heard.coordinator >= fence) return;
      heard.coordinator = fence;
      heard.ledger->drop_undecided();
      auto early = heard.early.extract(fence);
      for (; early; early = heard.early.extract(fence)) early.mapped()();
    });
  }
}

void LedgerHouse::crash_coordinator(Fence fence) {
  for (const auto& submission : submissions_) {
    if (!submission->answered()) submission->lost = true;
  }
  if (fence == Fence::synced) sync();
  new_coordinator();
}

void LedgerHouse::crash_journal() {
  journal_.crash();
  flow_->stop(ledger::Reason::journal_unavailable);
  journal_stalled = false;
  for (auto* channel : all_channels()) channel->clear();
  for (std::uint32_t i = 0; i < shards(); ++i) load(i);
  new_coordinator();
}

std::vector<LedgerHouse::Channel*> LedgerHouse::all_channels() {
  std::vector<Channel*> channels{&reports_, &notices_};
  if (!journal_stalled) channels.push_back(&commits_);
  for (auto& shard : shards_) {
    channels.insert(channels.end(), {&shard.requests, &shard.votes, &shard.applied});
  }
  return channels;
}

std::size_t LedgerHouse::channels_ready() {
  const auto channels = all_channels();
  return static_cast<std::size_t>(std::count_if(channels.begin(), channels.end(),
                                                [](const Channel* c) { return !c->empty(); }));
}

void LedgerHouse::deliver(std::size_t nth) {
  for (auto* channel : all_channels()) {
    if (channel->empty() || nth-- > 0) continue;
    const auto message = std::move(channel->front());
    channel->pop_front();
    return message();
  }
}

void LedgerHouse::run_unsynced() {
  advance();
  while (channels_ready() > 0 || flow_->can_advance()) {
    if (channels_ready() > 0) {
      deliver(0);
    } else {
      advance();
    }
  }
}

void LedgerHouse::run() {
  run_unsynced();
  while (journal_.unsynced()) {
    sync();
    run_unsynced();
  }
}

void LedgerHouse::drain() {
  run();
  while (flow_->anyone_waits()) {
    pass(lock_timeout_);
    run();
  }
}

ledger::Amount LedgerHouse::balance(std::string_view account) const {
  return journal_.image().accounts.find(account)->second.balance;
}

std::optional<ledger::AccountReading> LedgerHouse::read(std::string_view account) const {
  const auto* at = shard(static_cast<std::uint32_t>(ledger::shard_of(account, shards_.size())));
  return at == nullptr ? std::nullopt : at->read(account);
}

std::size_t LedgerHouse::waiting() const {
  std::size_t sum = 0;
  for (const auto& shard : shards_) sum += shard.ledger ? shard.ledger->waiting() : 0;
  return sum;
}

}  // namespace sg::test
