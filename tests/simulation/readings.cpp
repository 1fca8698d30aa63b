// What the clients read, and note of it for the judge.
#include <algorithm>
#include <set>
#include <utility>

#include "tests/simulation/clients.hpp"

namespace sg::test {
namespace {

constexpr std::size_t kListed = 5;
constexpr std::int64_t kAllAccounts = 1000;

class ReadQuery final : public actors::Query {
 public:
  std::function<void(ReadQuery&)> then;

 private:
  void on_answered() override { then(*this); }
};

}  // namespace

// The server finds no difference between the chain and what journal and shards hold.
void Clients::verify() {
  auto query = std::make_shared<ReadQuery>();
  query->ask = actors::VerifyChain{};
  query->then = [this](ReadQuery& answer) {
    if (!answer.result) return;
    for (const auto& problem : std::get<persistence::VerifyReport>(*answer.result).problems) {
      log_.complaints.push_back("a verification says: " + problem);
    }
  };
  if (service_) service_->ask(std::move(query));
}

void Clients::list_accounts() {
  auto query = std::make_shared<ReadQuery>();
  actors::AccountPage page;
  page.limit = kAllAccounts;
  query->ask = std::move(page);
  const auto must_show = std::make_shared<ledger::Sequence>(durable());
  query->then = [this, must_show, process = process_](ReadQuery& answer) {
    if (process != process_ || is_mute_ || !answer.result) return;
    const auto told = durable();
    world_.trace.say([&] {
      return "  listed all accounts between " + std::to_string(*must_show) + " and " +
             std::to_string(told);
    });
    std::set<std::string> missing(accounts_.begin(), accounts_.end());
    for (const auto& item : std::get<actors::Page<actors::AccountView>>(*answer.result).items) {
      missing.erase(item.account.id);
      log_.readings.push_back({item.account.id, item.balance, *must_show, told});
    }
    for (const auto& account : missing) log_.readings.push_back({account, {}, *must_show, told});
  };
  if (service_) *must_show = std::min(*must_show, service_->ask(std::move(query)));
}

void Clients::read(const std::string& account, bool list) {
  auto query = std::make_shared<ReadQuery>();
  if (list) {
    actors::TransactionPage page;
    page.account_id = account;
    page.limit = kListed;
    query->ask = std::move(page);
  } else {
    query->ask = actors::BalanceOf{account};
  }
  const auto must_show = std::make_shared<ledger::Sequence>(durable());
  query->then = [this, account, list, must_show, process = process_](ReadQuery& answer) {
    if (process != process_ || is_mute_) return;
    const auto asked = *must_show;
    const auto told = durable();
    if (!answer.result) {
      const bool missing = answer.result.error().reason == ledger::Reason::account_not_found;
      if (missing) log_.readings.push_back({account, {}, asked, told});
      return;
    }
    if (list) {
      Listing listing{account, {}, kListed, asked, told};
      using Transactions = actors::Page<persistence::StoredTransaction>;
      for (const auto& item : std::get<Transactions>(*answer.result).items) {
        listing.names.push_back(item.reference);
      }
      log_.listings.push_back(std::move(listing));
      return;
    }
    const auto balance = std::get<actors::Balance>(*answer.result).balance;
    world_.trace.mix(static_cast<std::uint64_t>(balance));
    world_.trace.say([&] { return "  read " + account + ": " + std::to_string(balance); });
    log_.readings.push_back({account, balance, asked, told});
  };
  if (service_) *must_show = std::min(*must_show, service_->ask(std::move(query)));
}

void Clients::read_all() {
  for (const auto& account : accounts_) {
    read(account, false);
    read(account, true);
  }
}

}  // namespace sg::test
