#include "tests/ledger/interleaving.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <string>

namespace sg::test {
namespace {

using ledger::Amount;
using std::chrono::milliseconds;

constexpr std::uint32_t kShards = 3;
constexpr Amount kMax = std::numeric_limits<Amount>::max();
constexpr Amount kMin = std::numeric_limits<Amount>::min();

struct Opened {
  const char* id;
  Amount balance;
  Amount floor;
};
// Hot, short, overdrawn and at the ends of the range.
constexpr std::array kOpened{
    Opened{"a", 20, 0},        Opened{"b", 0, -10},          Opened{"c", 5, 0},
    Opened{"d", kMax - 10, 0}, Opened{"e", kMin + 15, kMin}, Opened{"seb:fees", 0, 0}};

// SplitMix64.
class Draws {
 public:
  explicit Draws(std::uint64_t seed) : state_(seed) {}
  std::uint64_t below(std::uint64_t bound) {
    state_ += 0x9e3779b97f4a7c15u;
    auto z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (z ^ (z >> 31)) % bound;
  }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

 private:
  std::uint64_t state_;
};

std::string draw_account(Draws& draws) {
  if (draws.one_in(3)) return kOpened[draws.below(2)].id;
  if (draws.one_in(4)) return "n" + std::to_string(draws.below(4));
  if (draws.one_in(40)) return "nobody";
  return kOpened[draws.below(kOpened.size())].id;
}

Amount draw_amount(Draws& draws) {
  if (draws.one_in(60)) return draws.one_in(2) ? kMax : kMin;
  const auto amount = static_cast<Amount>(1 + draws.below(12));
  return draws.one_in(2) ? amount : -amount;
}

std::vector<Posting> draw_postings(Draws& draws) {
  std::vector<Posting> postings;
  for (auto n = 1 + draws.below(5); n > 0; --n) {
    postings.push_back({draw_account(draws), draw_amount(draws)});
  }
  return postings;
}

// A few references, which some want for themselves.
Order draw_content(Draws& draws) {
  Order order;
  order.postings = draw_postings(draws);
  if (!draws.one_in(4)) return order;
  order.reference = "reference-" + std::to_string(draws.below(6));
  order.unique_reference = !draws.one_in(3);
  return order;
}

Order draw_order(Draws& draws, bool keyed) {
  if (!keyed) return draw_content(draws);
  // A key nearly always stands for the same content.
  const auto key = draws.below(14);
  Draws content(draws.one_in(6) ? draws.below(1000) : key * 7919);
  auto order = draw_content(content);
  order.key = "key-" + std::to_string(key);
  return order;
}

// Takes back what an earlier unit has made, or seems to have: all of it, or some of an entry.
Order draw_reversal(Draws& draws, const ModelJournal& journal) {
  Order order;
  const auto& chain = journal.chain();
  const auto& unit = chain[draws.one_in(2) ? draws.below(std::min<std::size_t>(chain.size(), 4))
                                           : draws.below(chain.size())];
  const auto& record = unit.records[draws.below(unit.records.size())];
  order.reverses = {unit.time, record.sequence};
  if (draws.one_in(20)) ++order.reverses.time;
  if (draws.one_in(20)) order.reverses.sequence += 100;
  if (record.postings.empty() || draws.one_in(2)) return order;
  for (auto n = 1 + draws.below(2); n > 0; --n) {
    const auto& posting = record.postings[draws.below(record.postings.size())];
    const auto amount = posting.amount == kMin ? kMax : -posting.amount;
    const auto part = amount / static_cast<Amount>(1 + draws.below(3));
    order.postings.push_back({posting.account, part == 0 ? amount : part});
  }
  if (draws.one_in(12)) order.postings.push_back({draw_account(draws), draw_amount(draws)});
  return order;
}

TestSubmissionPtr draw_reversals(Draws& draws, const ModelJournal& journal) {
  std::vector<Order> orders;
  const auto atomic = draws.one_in(2) ? Atomic::yes : Atomic::no;
  const bool keyed = draws.one_in(3);
  for (auto n = draws.one_in(2) ? 1 : 1 + draws.below(3); n > 0; --n) {
    orders.push_back(draws.one_in(5) ? draw_order(draws, keyed) : draw_reversal(draws, journal));
    if (keyed) orders.back().key = "key-" + std::to_string(draws.below(18));
  }
  return transfers(std::move(orders), atomic);
}

// Bounds near the balances, freezes that are lifted more often than set, and closings.
Order draw_policy(Draws& draws) {
  Order order;
  auto& policy = order.policy.emplace();
  auto& change = policy.change;
  if (draws.one_in(30)) {
    change.require_balanced = draws.one_in(4);
    return order;
  }
  policy.account = draw_account(draws);
  const auto near = [&draws] { return static_cast<Amount>(draws.below(60)) - 20; };
  switch (draws.below(6)) {
    case 0:
      change.floor = near();
      break;
    case 1:
      change.ceiling = near();
      break;
    case 2:
      change.clear_ceiling = true;
      change.floor = -20;
      break;
    case 3:
      change.debits_frozen = draws.one_in(3);
      break;
    case 4:
      change.credits_frozen = draws.one_in(3);
      break;
    default:
      change.status = draws.one_in(3) ? ledger::AccountStatus::closed : ledger::AccountStatus::open;
  }
  change.allow_beyond = draws.one_in(3);
  if (change.status != ledger::AccountStatus::closed || draws.one_in(3)) return order;
  const auto target = draw_account(draws);
  if (target != policy.account) policy.sweep_to = target;
  return order;
}

// Alone, or with transfers of the same accounts around it.
TestSubmissionPtr draw_policies(Draws& draws) {
  std::vector<Order> orders;
  const auto atomic = draws.one_in(2) ? Atomic::yes : Atomic::no;
  const bool keyed = draws.one_in(3);
  for (auto n = draws.one_in(2) ? 1 : 1 + draws.below(4); n > 0; --n) {
    orders.push_back(draws.one_in(2) ? draw_policy(draws) : draw_order(draws, keyed));
    if (keyed) orders.back().key = "key-" + std::to_string(draws.below(18));
  }
  return transfers(std::move(orders), atomic);
}

TestSubmissionPtr draw_submission(Draws& draws) {
  if (draws.one_in(14)) {
    auto key = "key-" + std::to_string(draws.below(18));
    return draws.one_in(2) ? seal_key(std::move(key)) : key_outcome(std::move(key));
  }
  if (draws.one_in(12)) return new_participant("p" + std::to_string(draws.below(2)));
  if (draws.one_in(8)) {
    const auto balance = static_cast<Amount>(draws.below(15));
    const auto floor = static_cast<Amount>(draws.below(10)) - 9;
    if (draws.one_in(3)) {
      const auto participant = "p" + std::to_string(draws.below(2));
      return new_account(participant + ":fees", balance, std::min(floor, balance), participant);
    }
    // Some of a participant's ids too, while it is made or not.
    const auto id = draws.one_in(3) ? "p" + std::to_string(draws.below(2)) + ":fees"
                                    : "n" + std::to_string(draws.below(4));
    return new_account(id, balance, std::min(floor, balance));
  }
  const auto atomic = draws.one_in(2) ? Atomic::yes : Atomic::no;
  const auto count = draws.one_in(2) ? 1 : 1 + draws.below(4);
  std::vector<Order> orders;
  // In an atomic batch either every item has a key or none has.
  bool keyed = draws.one_in(2);
  for (auto n = count; n > 0; --n) {
    if (atomic == Atomic::no) keyed = draws.one_in(2);
    orders.push_back(draw_order(draws, keyed));
  }
  return transfers(std::move(orders), atomic);
}

// An earlier batch once more: whole, or with an item left out, added or moved.
TestSubmissionPtr draw_again(Draws& draws, const TestSubmission& earlier) {
  auto orders = earlier.orders();
  const auto atomic = draws.one_in(8) != earlier.is_atomic() ? Atomic::yes : Atomic::no;
  if (draws.one_in(3)) {
    const auto keyed = !orders.front().key.empty();
    const auto at = static_cast<std::ptrdiff_t>(draws.below(orders.size()));
    switch (draws.below(3)) {
      case 0:
        if (orders.size() > 1) orders.erase(orders.begin() + at);
        break;
      case 1:
        orders.insert(orders.begin() + at, draw_order(draws, keyed));
        break;
      default:
        std::rotate(orders.begin(), orders.begin() + at, orders.end());
    }
  }
  return transfers(std::move(orders), atomic);
}

class Player {
 public:
  explicit Player(Crashes crashes) : crashes_(crashes), house_(kShards) {
    for (const auto& [id, balance, floor] : kOpened) house_.open_account(id, balance, floor);
  }

  void step(std::uint32_t word) {
    Draws draws(word);
    const auto kind = draws.below(100);
    if (kind < 52) {
      for (auto n = 1 + draws.below(8); n > 0; --n) {
        if (const auto ready = house_.channels_ready()) house_.deliver(draws.below(ready));
      }
    } else if (kind < 74) {
      for (auto n = 1 + draws.below(4); n > 0; --n) submit(draws);
    } else if (kind < 78) {
      house_.advance();
    } else if (kind < 83) {
      house_.sync();
    } else if (kind < 86) {
      cancel(draws);
    } else if (kind < 89) {
      house_.pass(milliseconds(draws.below(3000)));
    } else if (kind < 90) {
      house_.journal().full = !house_.journal().full;
    } else if (crashes_ == Crashes::any) {
      crash(kind, draws);
    }
  }

  Faults finish() {
    rest();
    check_rest(house_, faults_);
    if (faults_.empty()) probe();
    return std::move(faults_);
  }

 private:
  void submit(Draws& draws) {
    const auto& all = house_.submissions();
    const auto* earlier = all.empty() ? nullptr : all[draws.below(all.size())].get();
    const bool again = earlier != nullptr && !earlier->orders().empty() &&
                       earlier->key_request() == nullptr && draws.one_in(6);
    const bool reverses = !again && !house_.journal().chain().empty() && draws.one_in(5);
    auto submission = again             ? draw_again(draws, *earlier)
                      : reverses        ? draw_reversals(draws, house_.journal())
                      : draws.one_in(8) ? draw_policies(draws)
                                        : draw_submission(draws);
    if (draws.one_in(4)) submission->deadline = house_.now() + milliseconds(draws.below(4000));
    submit(std::move(submission), draws.one_in(2));
  }

  void submit(TestSubmissionPtr submission, bool at_once) {
    submission->when_answered = [this](TestSubmission& s) { check_answer(house_, s, faults_); };
    house_.submit(submission);
    if (at_once) house_.advance();
  }

  void cancel(Draws& draws) {
    const auto& all = house_.submissions();
    if (all.empty()) return;
    const auto recent = std::min<std::size_t>(all.size(), 8);
    house_.cancel(*all[all.size() - 1 - draws.below(recent)]);
  }

  void crash(std::uint64_t kind, Draws& draws) {
    const auto shard = static_cast<std::uint32_t>(draws.below(kShards));
    if (kind < 94) {
      house_.crash_shard(shard);
      if (draws.one_in(2)) house_.attach_shard(shard);
    } else if (kind < 97) {
      house_.attach_shard(shard);
    } else if (kind < 99) {
      house_.crash_coordinator();
    } else if (draws.one_in(2)) {
      house_.crash_journal();
    }
  }

  void rest() {
    house_.journal().full = false;
    for (std::uint32_t i = 0; i < kShards; ++i) house_.attach_shard(i);
    house_.drain();
  }

  // A lock that is left behind stands in the way of moving all that an account has.
  void probe() {
    relax({});
    const auto accounts = house_.journal().image().accounts;
    for (const auto& [id, account] : accounts) {
      relax(id);
      const auto room = static_cast<ledger::WideAmount>(account.balance) - account.policy.floor;
      if (room > 0) move_all(id, -room);
      move_all(id, ledger::kMaxAmount - house_.balance(id));
    }
    check_rest(house_, faults_);
  }

  // Takes all limits but the floor off the account, or off the ledger.
  void relax(const std::string& id) {
    Order order;
    auto& policy = order.policy.emplace(PolicyOrder{id});
    if (id.empty()) {
      policy.change.require_balanced = false;
    } else {
      policy.change.clear_ceiling = true;
      policy.change.debits_frozen = policy.change.credits_frozen = false;
      policy.change.status = ledger::AccountStatus::open;
    }
    auto relaxed = transfers({std::move(order)});
    submit(relaxed, true);
    house_.run();
    if (relaxed->results[0].state == ledger::ItemResult::State::committed) return;
    faults_.push_back("an exclusive lock is not granted on " + id);
    house_.drain();
  }

  void move_all(const std::string& id, ledger::WideAmount amount) {
    if (amount == 0) return;
    // Up to 2^64 - 1: two entries cannot carry it.
    const auto third = amount / 3;
    std::vector<Posting> postings{{id, static_cast<Amount>(amount - 2 * third)}};
    if (third != 0) postings.insert(postings.end(), 2, {id, static_cast<Amount>(third)});
    auto probe = transfer(std::move(postings));
    submit(probe, true);
    house_.run();
    if (probe->results[0].state != ledger::ItemResult::State::committed) {
      faults_.push_back("a lock is left on " + id);
      house_.drain();
    }
  }

  Crashes crashes_;
  Faults faults_;
  LedgerHouse house_;
};

}  // namespace

Faults play(const Script& script, Crashes crashes) {
  Player player(crashes);
  for (const auto word : script) player.step(word);
  return player.finish();
}

}  // namespace sg::test
