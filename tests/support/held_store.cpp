#include "tests/support/held_store.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <stdexcept>

namespace sg::test {
namespace {

constexpr std::chrono::seconds kPatience{20};

}  // namespace

void HeldStore::set_hold(bool HeldStore::*what, bool hold) {
  const std::lock_guard lock(mutex_);
  this->*what = hold;
  changed_.notify_all();
}

template <class Condition>
void HeldStore::await(Condition condition) {
  std::unique_lock lock(mutex_);
  REQUIRE(changed_.wait_for(lock, kPatience, condition));
}

void HeldStore::await_held() {
  await([this] { return is_held_; });
}

void HeldStore::await_transaction_read() {
  await([this] { return is_transaction_held_; });
}

void HeldStore::await_lookup(const std::string& key) {
  await([&] { return lookups_.contains(key); });
}

void HeldStore::fail_second_lookup(const std::string& key) {
  const std::lock_guard lock(mutex_);
  fails_second_ = key;
}

void HeldStore::wait_while_held() {
  std::unique_lock lock(mutex_);
  is_held_ = hold_;
  changed_.notify_all();
  changed_.wait_for(lock, kPatience, [this] { return !hold_; });
  is_held_ = false;
}

persistence::StoreResult<std::optional<persistence::StoredTransaction>> HeldStore::transaction(
    ledger::Sequence sequence) const {
  {
    std::unique_lock lock(mutex_);
    is_transaction_held_ = hold_transactions_;
    changed_.notify_all();
    changed_.wait_for(lock, kPatience, [this] { return !hold_transactions_; });
    is_transaction_held_ = false;
  }
  return below().transaction(sequence);
}

std::optional<persistence::StoreResult<void>> HeldStore::append(persistence::Group group,
                                                                Appended later) {
  wait_while_held();
  return below().append(std::move(group), std::move(later));
}

persistence::StoreResult<void> HeldStore::reopen() {
  wait_while_held();
  return below().reopen();
}

persistence::StoreResult<persistence::LedgerState> HeldStore::load_state() const {
  auto state = below().load_state();
  if (state) {
    for (auto& floor : state->floors) floor += raised_by_;
  }
  return state;
}

persistence::StoreResult<std::vector<ledger::Account>> HeldStore::accounts(
    std::string_view after, std::size_t limit,
    const persistence::Enough<ledger::Account>& enough) const {
  if (throws_in_walks_) throw std::runtime_error("a list of accounts failed to order");
  return below().accounts(after, limit, enough);
}

persistence::StoreResult<persistence::VerifyReport> HeldStore::verify(
    const std::function<bool(const persistence::VerifyProgress&)>& progress,
    persistence::VerifyAt at) const {
  if (throws_in_walks_) throw std::runtime_error("a verification failed to order");
  return below().verify(progress, at);
}

persistence::StoreResult<std::vector<persistence::FoundKey>> HeldStore::find_keys(
    std::span<const ledger::Transfer* const> transfers, ledger::Sequence after) const {
  const std::lock_guard lock(mutex_);
  auto found = below().find_keys(transfers, after);
  for (std::size_t i = 0; i < transfers.size(); ++i) {
    const auto key = transfers[i]->idempotency_key;
    const int count = ++lookups_[std::string(key)];
    if (count != 2 || key != fails_second_) continue;
    found->push_back({i, tl::unexpected(persistence::StoreError{persistence::StoreFault::io,
                                                                "a read failed to order"})});
  }
  changed_.notify_all();
  return found;
}

}  // namespace sg::test
