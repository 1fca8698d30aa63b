#include "actors/gateway/door/gatekeeper.hpp"

#include <utility>

#include "actors/gateway/door/credentials.hpp"
#include "ledger/ids.hpp"

namespace sg::actors {
namespace {

using ledger::Error;
using ledger::Outcome;
using ledger::Reason;

// Tokens and callers that are remembered; with more, those are forgotten that nothing uses.
constexpr std::size_t kMostKnown = 10'000;

const grpc::string_ref kAuthorization("authorization", 13);

tl::unexpected<Error> refuse(Reason reason, std::string message) {
  return tl::unexpected(Error{reason, std::move(message), {}, Outcome::none});
}

ledger::Error too_many_calls_error(std::size_t per_second) {
  const auto most = std::to_string(per_second);
  return {Reason::overloaded,
          "the caller sends more than " + most + " calls a second: try again later",
          {{"max_calls_per_second", most}},
          Outcome::none};
}

}  // namespace

void Gatekeeper::use(std::shared_ptr<const security::Authenticator> authenticator) {
  const std::lock_guard lock(mutex_);
  next_ = std::move(authenticator);
  version_.fetch_add(1, std::memory_order_release);
}

void Gatekeeper::renew() {
  if (version_.load(std::memory_order_acquire) == seen_) return;
  const std::lock_guard lock(mutex_);
  seen_ = version_.load(std::memory_order_relaxed);
  authenticator_ = next_;
  by_token_.clear();
}

ledger::Result<ClientPtr> Gatekeeper::let_in(const grpc::ServerContext& context,
                                             security::Permission permission,
                                             std::string_view method) {
  // A health check needs no name, and bears no secret.
  if (!settings_.is_on() || permission == security::Permission::probe) return ClientPtr{};
  auto client = client_of(context);
  if (!client) return client;
  const auto& caller = *(*client)->caller;
  if (security::permitted(caller.role, permission) == security::Verdict::denied) {
    return tl::unexpected(Error{Reason::permission_denied,
                                "the role " + std::string(to_string(caller.role)) + " of " +
                                    caller.name + " may not call " + std::string(method),
                                {{"caller", caller.name}},
                                Outcome::none});
  }
  if (!(*client)->rate.take(std::chrono::steady_clock::now())) {
    return tl::unexpected(too_many_calls_error(settings_.max_calls_per_second));
  }
  return client;
}

ledger::Result<ClientPtr> Gatekeeper::client_of(const grpc::ServerContext& context) {
  renew();
  if (!authenticator_) return refuse(Reason::unauthenticated, "nobody is let in at the moment");
  security::Credentials credentials;
  const auto [first, last] = context.client_metadata().equal_range(kAuthorization);
  for (auto at = first; at != last; ++at) {
    credentials.authorization.emplace_back(at->second.data(), at->second.size());
  }
  const auto now = std::chrono::system_clock::now();
  if (credentials.authorization.size() == 1) {
    const auto header = credentials.authorization.front();
    const auto known = by_token_.find(absl::string_view(header.data(), header.size()));
    if (known != by_token_.end() && now < known->second.until) return known->second.client;
  }
  // The names are views of the context's.
  const auto peer = context.auth_context();
  if (credentials.authorization.empty()) credentials.certificate_names = certificate_names(*peer);
  const auto found = authenticator_->authenticate(credentials, now);
  if (!found) {
    auto error = Error{Reason::unauthenticated, found.error().message, {}, Outcome::none};
    if (!found.error().caller.empty()) {
      error.reason = Reason::permission_denied;
      error.metadata = {{"caller", found.error().caller}};
    }
    return tl::unexpected(std::move(error));
  }
  // The name goes into answers and into the chain.
  if (!ledger::is_utf8(found->caller->name)) {
    return refuse(Reason::unauthenticated, "the name of the caller is not UTF-8");
  }
  auto client = client_for(found->caller);
  if (credentials.authorization.size() == 1) {
    if (by_token_.size() >= kMostKnown) by_token_.clear();
    by_token_.insert_or_assign(std::string(credentials.authorization.front()),
                               Known{client, found->until});
  }
  return client;
}

ClientPtr Gatekeeper::client_for(const std::shared_ptr<const security::Caller>& caller) {
  auto key =
      caller->name + '\n' + std::string(to_string(caller->role)) + '\n' + caller->participant;
  if (const auto found = clients_.find(key); found != clients_.end()) return found->second;
  if (clients_.size() >= kMostKnown) {
    by_token_.clear();
    absl::erase_if(clients_, [](const auto& entry) { return entry.second.use_count() == 1; });
  }
  auto client = std::make_shared<Client>(caller, settings_, calls_, streams_);
  clients_.emplace(std::move(key), client);
  return client;
}

}  // namespace sg::actors
