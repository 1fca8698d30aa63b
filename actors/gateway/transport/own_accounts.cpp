#include "actors/gateway/transport/own_accounts.hpp"

#include <utility>

#include "actors/gateway/transport/rpc_server.hpp"

namespace sg::actors {
namespace {

// Each call of a participant asks for all of its accounts, so their number is bounded.
constexpr std::int64_t kMostBytes = 1 << 20;

ledger::Error too_many_error() {
  return {
      ledger::Reason::result_too_large,
      "the participant has more accounts than its own calls can look through: let a teller move "
      "its money",
      {},
      ledger::Outcome::none};
}

ledger::Result<std::vector<std::string>> ids_in(const ledger::Result<QueryAnswer>& result) {
  std::vector<std::string> ids;
  if (!result) {
    // Nobody of that id: the caller owns nothing yet.
    if (result.error().reason == ledger::Reason::participant_not_found) return ids;
    return tl::unexpected(result.error());
  }
  const auto& page = std::get<Page<AccountView>>(*result);
  if (!page.next.empty()) return tl::unexpected(too_many_error());
  for (const auto& view : page.items) {
    ids.push_back(view.account.id);
  }
  return ids;
}

class OwnAccountsQuery final : public Query {
 public:
  OwnAccountsQuery(Call& call, std::uint64_t part)
      : inbox_(call.server().inbox()), call_(call.id()), part_(part | kOwnAccountsPart) {}
  ~OwnAccountsQuery() override {
    if (!answered()) inbox_->post({call_, part_, nullptr});
  }

 private:
  void on_answered() override {
    inbox_->post({call_, part_, std::make_shared<OwnAccounts>(ids_in(result))});
  }

  InboxPtr inbox_;
  std::uint64_t call_;
  std::uint64_t part_;
};

}  // namespace

QueryPtr ask_for_own_accounts(Call& call, std::uint64_t part, const std::string& participant) {
  auto query = std::make_shared<OwnAccountsQuery>(call, part);
  query->ask = AccountsOfParticipant{participant, kMostBytes, {}};
  return query;
}

}  // namespace sg::actors
