// A list of entries. Each put() is synced, so a crash loses nothing of it; what took effect is
// noted now and then only.
#include <algorithm>
#include <array>
#include <utility>

#include "tests/replication/member_disk.hpp"

namespace sg::test {
namespace {

using replication::Body;
using replication::CommittedEntries;
using replication::Entry;
using replication::EntryKind;
using replication::HardState;
using replication::Index;
using replication::LogWrite;
using replication::Membership;
using replication::Term;

class PlainDisk final : public MemberDisk {
 public:
  PlainDisk(Membership founders, GroupDefect defect)
      : defect_(defect), membership_(founders), stored_membership_(std::move(founders)) {}

  void open() override {}
  void crash(Random&) override {
    applied_ = stored_applied_;
    membership_ = stored_membership_;
  }
  std::string put(const LogWrite& write) override {
    if (std::exchange(fails_next_, false)) return "a write failed";
    if (!write.entries.empty() && defect_ == GroupDefect::keep_tail) {
      for (const Entry& entry : write.entries) {
        if (entry.index > entries_.size()) entries_.push_back(entry);
      }
    } else if (!write.entries.empty()) {
      entries_.resize(write.entries.front().index - 1);
      entries_.insert(entries_.end(), write.entries.begin(), write.entries.end());
    }
    state_ = write.hard_state;
    return {};
  }
  void fail_next_put() override { fails_next_ = true; }
  std::string commit(const CommittedEntries& committed) override {
    for (const Entry& entry : committed.entries) {
      if (entry.index > entries_.size() || entries_[entry.index - 1] != entry) {
        return "it applies index " + std::to_string(entry.index) + ", which it does not have";
      }
      if (!entry.has_body()) continue;
      const auto body = read_body(entry);
      if (!body || *body != *body_of(entry.data)) {
        return "it applies index " + std::to_string(entry.index) + " without its body";
      }
    }
    applied_ = committed.entries.back().index;
    if (committed.membership) membership_ = *committed.membership;
    return {};
  }
  void maintain() override {
    stored_applied_ = applied_;
    stored_membership_ = membership_;
  }

  HardState hard_state() const override {
    auto state = state_;
    state.commit = std::max(state.commit, applied_);
    return state;
  }
  Index applied() const override { return applied_; }
  Membership membership() const override { return membership_; }
  Body read_body(const Entry& entry) const override {
    if (entry.index > entries_.size()) return nullptr;
    return entries_[entry.index - 1].body;
  }

  std::optional<std::string> seal(const std::string& what, bool, const Propose& propose) override {
    if (!propose({what, body_of(what)})) return std::nullopt;
    return what;
  }
  void end_term() override {}
  std::string check() const override { return {}; }
  std::string fingerprint() const override { return std::to_string(applied_); }

  // --- StoredLog ---
  Index base() const override { return 0; }
  Term base_term() const override { return 0; }
  Index last_index() const override { return entries_.size(); }
  std::vector<Entry> read(Index low, Index high, std::uint64_t max_bytes) const override {
    std::vector<Entry> result;
    std::uint64_t bytes = 0;
    for (Index index = low; index < high; ++index) {
      const Entry& entry = entries_.at(index - 1);
      bytes += entry.data.size();
      if (!result.empty() && bytes > max_bytes) break;
      result.push_back(entry);
      result.back().body = nullptr;
    }
    return result;
  }
  std::uint64_t bytes_to_send(const Entry& entry) const override {
    return entry.data.size() + body_of(entry.data)->size();
  }

 private:
  GroupDefect defect_;
  std::vector<Entry> entries_;  // by index, from 1
  HardState state_;
  Index applied_ = 0;
  Membership membership_;
  Index stored_applied_ = 0;
  Membership stored_membership_;
  bool fails_next_ = false;
};

}  // namespace

std::unique_ptr<MemberDisk> make_plain_disk(const Membership& founders, GroupDefect defect) {
  return std::make_unique<PlainDisk>(founders, defect);
}

Body body_of(const std::string& data) {
  return std::make_shared<const std::string>("the body of " + data);
}

std::string to_string(GroupDefect defect) {
  constexpr std::array<const char*, static_cast<std::size_t>(GroupDefect::count)> kNames{
      "none",       "unsynced_vote", "early_ack",   "lead_after_failure",
      "stale_read", "keep_tail",     "missing_body"};
  return kNames.at(static_cast<std::size_t>(defect));
}

}  // namespace sg::test
