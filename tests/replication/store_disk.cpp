// The ledger's own store on a disk in memory. The chain has one account, and each transfer credits
// it by one: so its balance is the number of transfers.
//
// A leader seals on top of what is committed: not before an entry of its own term has taken effect.
#include "persistence/memory/memory_disk.hpp"
#include "replication/member_log.hpp"
#include "tests/replication/member_disk.hpp"

namespace sg::test {
namespace {

using namespace replication;
using persistence::MemberStore;

class StoreDisk final : public MemberDisk {
 public:
  StoreDisk(NodeId id, const Membership& founders) : disk_(persistence::make_memory_disk()) {
    auto made =
        persistence::found_group(*persistence::make_memory_medium(disk_), {}, id, encode(founders));
    if (!made) throw std::runtime_error(made.error().message);
    reopen();
  }

  void open() override {
    if (!store_) reopen();
  }
  void crash(Random& random) override {
    log_.reset();
    store_.reset();
    disk_->forget_faults();
    if (random.chance(700'000)) {
      disk_->crash(random.below(disk_->unsynced() + 1), random.chance(500'000));
    }
    fails_next_ = false;
  }
  std::string put(const LogWrite& write) override {
    if (std::exchange(fails_next_, false)) {
      if (write.number % 2 == 0) {
        disk_->fail_next_write();
      } else {
        disk_->fail_next_sync();
      }
    }
    const auto written = store_->write(to_append(write));
    return written ? std::string() : written.error().message;
  }
  void fail_next_put() override { fails_next_ = true; }
  std::string commit(const CommittedEntries& committed) override {
    std::optional<std::string> membership;
    if (committed.membership) membership = encode(*committed.membership);
    const auto done =
        store_->commit(committed.entries.back().index, committed.entries.back().term, membership);
    return done ? std::string() : done.error().message;
  }
  void maintain() override { (void)store_->index_some(true); }

  HardState hard_state() const override { return hard_state_of(*store_); }
  Index applied() const override { return store_->log().applied().index; }
  Membership membership() const override { return membership_of(*store_); }
  Body read_body(const Entry& entry) const override {
    try {
      return log_->read_body(entry);
    } catch (const LogUnreadable&) {
      return nullptr;
    }
  }

  std::optional<std::string> seal(const std::string& what, bool is_fenced,
                                  const Propose& propose) override {
    if (!is_fenced) return std::nullopt;
    std::string data;
    bool is_proposed = false;
    store_->set_proposer([&](const std::vector<persistence::SealedBlock>& blocks) {
      data = blocks.front().place;
      is_proposed = propose({data, blocks.front().block});
      return is_proposed;
    });
    auto group = store_->begin_group(1'700'000'000'000, 1'000);
    if (group.last_sequence() == 0) {
      ledger::NewAccount account;
      account.id = "a";
      group.add(account);
    } else {
      persistence::TransferRecord record;
      const std::vector<persistence::Posting> postings{{0, 1}};
      record.kind = ledger::TransferKind::credit;
      record.postings = postings;
      record.reference = what;
      group.add(record);
    }
    group.end_unit();
    (void)store_->append(std::move(group), [](const auto&) {});
    if (!is_proposed) return std::nullopt;
    return data;
  }
  void end_term() override { store_->end_under_way(); }

  std::string check() const override {
    const auto report = store_->verify({});
    if (!report) return report.error().message;
    if (!report->problems.empty()) return report->problems.front();
    const auto balances = store_->load_balances();
    if (!balances) return balances.error().message;
    const auto expected = static_cast<ledger::Amount>(store_->durable()) - 1;
    if (!balances->empty() && balances->front() != expected) {
      return "the balance is " + std::to_string(balances->front()) + " after " +
             std::to_string(expected) + " transfers";
    }
    return {};
  }
  std::string fingerprint() const override {
    const auto head = store_->head();
    return std::to_string(head.sequence) + "/" + std::string(head.hash.begin(), head.hash.end());
  }

  // --- StoredLog ---
  Index base() const override { return log_->base(); }
  Term base_term() const override { return log_->base_term(); }
  Index last_index() const override { return log_->last_index(); }
  std::vector<Entry> read(Index low, Index high, std::uint64_t max_bytes) const override {
    return log_->read(low, high, max_bytes);
  }
  std::uint64_t bytes_to_send(const Entry& entry) const override {
    return log_->bytes_to_send(entry);
  }

 private:
  void reopen() {
    disk_->disown();
    store_ = std::make_unique<MemberStore>(persistence::make_memory_medium(disk_),
                                           persistence::StoreOptions{});
    const auto opened = store_->reopen();
    if (!opened) throw std::runtime_error(opened.error().message);
    log_ = std::make_unique<MemberLog>(*store_);
  }

  std::shared_ptr<persistence::MemoryDisk> disk_;
  std::unique_ptr<MemberStore> store_;
  std::unique_ptr<MemberLog> log_;
  bool fails_next_ = false;
};

}  // namespace

std::unique_ptr<MemberDisk> make_store_disk(NodeId id, const Membership& founders) {
  return std::make_unique<StoreDisk>(id, founders);
}

}  // namespace sg::test
