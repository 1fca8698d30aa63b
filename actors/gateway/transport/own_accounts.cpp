#include "actors/gateway/transport/own_accounts.hpp"

#include <utility>

#include "actors/gateway/transport/rpc_server.hpp"

namespace sg::actors {
namespace {

ledger::Result<std::vector<std::string>> ids_in(const ledger::Result<QueryAnswer>& result) {
  std::vector<std::string> ids;
  if (!result) {
    // Nobody of that id: the caller owns nothing yet.
    if (result.error().reason == ledger::Reason::participant_not_found) return ids;
    return tl::unexpected(result.error());
  }
  for (const auto& view : std::get<Page<AccountView>>(*result).items) {
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
  query->ask = AccountsOfParticipant{participant, 0, {}};
  return query;
}

}  // namespace sg::actors
