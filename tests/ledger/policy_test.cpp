// What limits an account, as values: checks, changes and sweeps.
#include "ledger/policy.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <string>

using namespace sg::ledger;

namespace {

constexpr Amount kMax = std::numeric_limits<Amount>::max();
constexpr Amount kMin = std::numeric_limits<Amount>::min();

std::string told(const std::optional<Error>& error) {
  return error ? std::string(to_string(error->reason)) : "OK";
}
std::string told(const Result<Amount>& swept) {
  return swept ? std::to_string(*swept) : std::string(to_string(swept.error().reason));
}

PolicyChange of_a() {
  PolicyChange change;
  change.account_id = "a";
  return change;
}
template <class Set>
PolicyChange change(Set set) {
  auto made = of_a();
  set(made);
  return made;
}

}  // namespace

TEST_CASE("A policy that asks for nothing, or for what cannot be, is refused", "[ledger][policy]") {
  const auto check_of = [](auto set) { return told(check(change(set))); };
  CHECK(check_of([](auto&) {}) == "POLICY_EMPTY");
  CHECK(check_of([](auto& c) { c.allow_beyond = true; }) == "POLICY_EMPTY");
  CHECK(check_of([](auto& c) { c.floor = 0; }) == "OK");
  CHECK(check_of([](auto& c) { c.debits_frozen = false; }) == "OK");
  CHECK(check_of([](auto& c) { c.status = AccountStatus::open; }) == "OK");
  CHECK(check_of([](auto& c) { c.floor = c.ceiling = 5; }) == "OK");
  CHECK(check_of([](auto& c) {
          c.floor = 6;
          c.ceiling = 5;
        }) == "POLICY_INVALID");
  CHECK(check_of([](auto& c) {
          c.clear_ceiling = true;
          c.ceiling = 5;
        }) == "POLICY_INVALID");
  CHECK(check_of([](auto& c) { c.require_balanced = true; }) == "POLICY_INVALID");
  CHECK(check_of([](auto& c) {
          c.floor = 1;
          c.sweep_to = "b";
        }) == "POLICY_INVALID");
  CHECK(check_of([](auto& c) {
          c.status = AccountStatus::closed;
          c.sweep_to = "a";
        }) == "POLICY_INVALID");
  CHECK(check_of([](auto& c) {
          c.status = AccountStatus::closed;
          c.sweep_to = "b";
        }) == "OK");
  CHECK(check_of([](auto& c) {
          c.floor = 1;
          c.note = "\xff";
        }) == "NOT_UTF8");
  PolicyChange of_ledger;
  of_ledger.require_balanced = false;
  CHECK(told(check(of_ledger)) == "OK");
  of_ledger.floor = 1;
  CHECK(told(check(of_ledger)) == "ID_EMPTY");
}

TEST_CASE("A change is judged by what the account holds", "[ledger][policy]") {
  Standing standing{10, Policy{0}};
  const auto apply_to = [&](auto set) { return told(apply(change(set), standing)); };
  CHECK(apply_to([](auto& c) { c.floor = 11; }) == "POLICY_CONFLICT");
  CHECK(apply_to([](auto& c) { c.ceiling = 9; }) == "POLICY_CONFLICT");
  CHECK(standing.policy == Policy{0});
  CHECK(apply_to([](auto& c) {
          c.floor = 10;
          c.ceiling = 10;
        }) == "OK");
  CHECK(standing.policy == Policy{10, 10});
  // Against the bound that stays.
  CHECK(apply_to([](auto& c) {
          c.floor = 11;
          c.allow_beyond = true;
        }) == "POLICY_CONFLICT");
  CHECK(apply_to([](auto& c) { c.clear_ceiling = true; }) == "OK");
  CHECK(apply_to([](auto& c) {
          c.floor = 11;
          c.allow_beyond = true;
        }) == "OK");
  CHECK(apply_to([](auto& c) { c.debits_frozen = true; }) == "OK");
  CHECK(apply_to([](auto& c) { c.credits_frozen = true; }) == "OK");
  CHECK(standing.policy == Policy{11, kMax, kDebits | kCredits});
  CHECK(apply_to([](auto& c) { c.debits_frozen = false; }) == "OK");
  CHECK(standing.policy.frozen == kCredits);

  CHECK(apply_to([](auto& c) { c.status = AccountStatus::closed; }) == "ACCOUNT_NOT_EMPTY");
  standing.balance = 0;
  CHECK(apply_to([](auto& c) { c.status = AccountStatus::closed; }) == "OK");
  CHECK(apply_to([](auto& c) { c.floor = 0; }) == "ACCOUNT_CLOSED");
  CHECK(apply_to([](auto& c) { c.status = AccountStatus::closed; }) == "ACCOUNT_CLOSED");
  // With the limits that it had.
  CHECK(apply_to([](auto& c) { c.status = AccountStatus::open; }) == "OK");
  CHECK(standing.policy == Policy{11, kMax, kCredits});
}

TEST_CASE("A sweep moves a balance of either sign, as far as its target takes it",
          "[ledger][policy]") {
  auto close = of_a();
  close.status = AccountStatus::closed;
  close.sweep_to = "b";
  const auto swept = [&](WideAmount balance, Policy policy, Standing to) {
    Standing from{balance, policy};
    if (auto error = apply(close, from)) return told(error);
    auto before = to;
    const auto result = sweep(close, from, to);
    CHECK(to.balance == before.balance + (result ? *result : 0));
    CHECK(from.balance == (result ? 0 : balance));
    return told(result);
  };
  CHECK(swept(0, {}, {}) == "0");
  CHECK(swept(7, {}, {}) == "7");
  CHECK(swept(-7, {-9}, {7, {}}) == "-7");
  CHECK(swept(-7, {-9}, {6, {}}) == "INSUFFICIENT_FUNDS");
  CHECK(swept(7, {}, {0, {0, 7}}) == "7");
  CHECK(swept(7, {}, {1, {0, 7}}) == "CEILING_EXCEEDED");
  CHECK(swept(7, {}, {kMax, {}}) == "BALANCE_OVERFLOW");
  CHECK(swept(kMin, {kMin}, {0, {kMin}}) == "BALANCE_OVERFLOW");
  CHECK(swept(7, {}, {0, {0, kMax, kCredits}}) == "ACCOUNT_FROZEN");
  CHECK(swept(7, {}, {0, {0, kMax, kDebits}}) == "7");
  CHECK(swept(7, {0, kMax, kDebits}, {}) == "ACCOUNT_FROZEN");
  CHECK(swept(7, {0, kMax, kCredits}, {}) == "7");
  CHECK(swept(0, {}, {0, {0, kMax, kNoSide, true}}) == "ACCOUNT_CLOSED");
}

TEST_CASE("What is available has a floor under it and no bound beyond int64", "[ledger][policy]") {
  CHECK(available(10, Policy{3}) == 7);
  CHECK(available(3, Policy{10}) == 0);
  CHECK(available(kMax, Policy{kMin}) == kMax);
  CHECK(available(10, Policy{0, kMax, kDebits}) == 0);
  CHECK(available(10, Policy{0, kMax, kCredits}) == 10);
  CHECK(available(0, Policy{-5, kMax, kNoSide, true}) == 0);
}
