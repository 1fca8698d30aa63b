#include "tests/replication/chaos.hpp"

#include <algorithm>

namespace sg::test {
namespace {

using replication::Index;
using replication::MemberChange;
using replication::NodeId;

constexpr std::uint64_t kTicks = 2000;
constexpr std::uint64_t kTicksToServe = 3000;
constexpr std::size_t kMostMembers = 7;

// How often things happen in a run, of a million ticks.
struct Rates {
  std::uint32_t propose, read, crash, restart, hang, wake, fail, fill, empty, cut, heal, transfer,
      change;
};

Rates choose_rates(Random& random) {
  const auto up_to = [&](std::int64_t most) {
    return static_cast<std::uint32_t>(random.between(0, most));
  };
  return {.propose = 200'000 + up_to(600'000),
          .read = 50'000 + up_to(100'000),
          .crash = up_to(8'000),
          .restart = 10'000 + up_to(40'000),
          .hang = up_to(4'000),
          .wake = 20'000,
          .fail = up_to(4'000),
          .fill = up_to(2'000),
          .empty = 10'000,
          .cut = up_to(10'000),
          .heal = 5'000 + up_to(20'000),
          .transfer = up_to(4'000),
          .change = up_to(6'000)};
}

class Chaos {
 public:
  Chaos(std::uint64_t seed, GroupDefect defect, DiskKind disks)
      : choices_(seed ^ 0x5CA1E), group_(choices_.chance(700'000) ? 3 : 5, seed, defect, disks) {
    group_.network = {.loss_ppm = static_cast<std::uint32_t>(choices_.between(0, 100'000)),
                      .repeat_ppm = static_cast<std::uint32_t>(choices_.between(0, 50'000)),
                      .max_delay = choices_.between(1, 6)};
    group_.disk = {.max_delay = choices_.between(1, 8)};
    rates_ = choose_rates(choices_);
  }

  ChaosReport run() {
    for (std::uint64_t i = 0; i < kTicks && holds(); ++i) {
      disturb();
      use();
      group_.tick();
    }
    mend();
    if (holds()) expect_service();
    if (holds()) check_disks();
    report_.breaches = group_.truth().breaches();
    report_.committed = group_.truth().committed();
    report_.trace = group_.trace();
    for (const auto& member : group_.members()) {
      report_.reads += member->answered_reads();
      if (member->is_up()) {
        report_.elections = std::max(report_.elections, member->replica().status().term);
      }
    }
    return report_;
  }

 private:
  bool holds() const { return group_.truth().breaches().empty(); }
  Member& any() { return *group_.members()[choices_.below(group_.members().size())]; }

  void disturb() {
    Member& member = any();
    if (choices_.chance(rates_.crash) && member.is_up()) {
      member.crash();
      ++report_.crashes;
    }
    if (choices_.chance(rates_.restart) && !member.is_up()) member.start();
    if (choices_.chance(rates_.hang)) member.hang(true);
    if (choices_.chance(rates_.wake)) member.hang(false);
    if (choices_.chance(rates_.fail)) member.fail_next_write();
    if (choices_.chance(rates_.fill)) member.set_full(true);
    if (choices_.chance(rates_.empty)) member.set_full(false);
    if (choices_.chance(rates_.cut)) cut();
    if (choices_.chance(rates_.heal)) group_.heal();
    if (choices_.chance(rates_.transfer) && member.leads()) member.replica().hand_over();
    if (choices_.chance(rates_.change)) change_members();
  }

  // One direction of one link, or one member from all others.
  void cut() {
    const NodeId from = any().id();
    const NodeId to = any().id();
    if (choices_.chance(500'000)) return group_.cut(from, to);
    for (const auto& other : group_.members()) {
      group_.cut(from, other->id());
      group_.cut(other->id(), from);
    }
  }

  void use() {
    if (choices_.chance(rates_.propose)) {
      // Whoever thinks that it leads is asked, so an old leader is asked too.
      Member& member = any();
      if (member.leads()) member.propose("value " + std::to_string(++proposed_));
    }
    if (choices_.chance(rates_.read)) any().ask_to_read();
  }

  void change_members() {
    Member* leader = group_.leader();
    if (!leader) return;
    const auto& now = leader->membership();
    std::vector<MemberChange> changes;
    if (!now.is_joint()) {
      const auto may_add = group_.members().size() < kMostMembers;
      if (may_add && choices_.chance(600'000)) {
        changes.push_back({choices_.chance(500'000) ? MemberChange::Kind::add_learner
                                                    : MemberChange::Kind::add_voter,
                           group_.add_member().id()});
      }
      if (!now.learners.empty() && choices_.chance(500'000)) {
        changes.push_back({MemberChange::Kind::add_voter, now.learners.front()});
      }
      // Down to a single voter now and then, with learners beside it.
      if (now.voters.size() > 1 && choices_.chance(now.voters.size() > 3 ? 500'000 : 150'000)) {
        changes.push_back({MemberChange::Kind::remove, choices_.pick(now.voters)});
      }
      if (changes.empty()) return;
    }
    if (leader->propose_changes(changes)) ++report_.changes;
  }

  void mend() {
    group_.heal();
    group_.network = {};
    group_.disk = {};
    for (const auto& member : group_.members()) {
      member->hang(false);
      member->set_full(false);
      if (!member->is_up()) member->start();
    }
  }

  // A leader is found, commits, leaves a joint membership if there is one, and all voters apply it.
  void expect_service() {
    std::vector<std::string> sent;
    const bool serves = group_.run_until(
        [&] {
          Member* leader = group_.leader();
          if (!leader || !holds()) return !holds();
          if (leader->membership().is_joint()) (void)leader->propose_changes({});
          const bool is_committed = std::any_of(sent.begin(), sent.end(), [&](const auto& data) {
            return group_.truth().is_committed(data);
          });
          if (is_committed) return have_applied_all(leader->membership().voters);
          if (auto data = leader->propose("at last")) sent.push_back(std::move(*data));
          return false;
        },
        kTicksToServe);
    if (!serves) group_.truth().breach("the group does not serve again");
  }

  void check_disks() {
    for (const auto& member : group_.members()) {
      if (!member->is_up()) continue;
      const auto wrong = member->stored().check();
      if (wrong.empty()) continue;
      group_.truth().breach("node " + std::to_string(member->id()) + " at the end: " + wrong);
    }
  }

  bool have_applied_all(const std::vector<NodeId>& voters) {
    return std::all_of(voters.begin(), voters.end(), [&](NodeId id) {
      return group_.member(id).applied() == group_.truth().committed();
    });
  }

  Random choices_;
  Group group_;
  Rates rates_{};
  std::uint64_t proposed_ = 0;
  ChaosReport report_;
};

}  // namespace

ChaosReport run_chaos(std::uint64_t seed, GroupDefect defect, DiskKind disks) {
  return Chaos(seed, defect, disks).run();
}

}  // namespace sg::test
