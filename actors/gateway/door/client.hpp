// One caller, as the gateway knows it while any of its calls lives: what it may do, what it uses.
// With authentication off nobody is known, and calls have no client.
//
// Concurrency: the gateway's thread owns it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <set>
#include <string>

#include "actors/gateway/door/admissions.hpp"
#include "config/settings.hpp"
#include "ledger/origin.hpp"
#include "security/roles.hpp"

namespace sg::actors {

// A bound on events a second: a bucket that holds a second's worth and fills steadily.
class Rate {
 public:
  using Clock = std::chrono::steady_clock;
  explicit Rate(std::size_t per_second) : per_second_(static_cast<double>(per_second)) {}

  // True if one more event may be. 0 a second: always.
  bool take(Clock::time_point now) {
    if (per_second_ == 0) return true;
    const std::chrono::duration<double> passed = now - last_;
    held_ = std::min(per_second_, held_ + passed.count() * per_second_);
    last_ = now;
    if (held_ < 1) return false;
    held_ -= 1;
    return true;
  }

 private:
  double per_second_;
  double held_ = per_second_;
  Clock::time_point last_ = Clock::now();
};

struct Client {
  Client(std::shared_ptr<const security::Caller> from, const config::Auth& limits,
         Admissions& all_calls, Admissions& all_streams)
      : caller(std::move(from)),
        calls(limits.max_in_flight, limits.max_in_flight_bytes, &all_calls),
        streams(limits.max_streams, 0, &all_streams),
        rate(limits.max_calls_per_second) {}

  // Who it is and from where, for the chain to keep. Calls of one connection share it.
  const ledger::OriginPtr& origin_at(std::string peer) {
    if (!last_origin || last_origin->peer != peer) {
      last_origin =
          std::make_shared<const ledger::Origin>(ledger::Origin{caller->name, std::move(peer)});
    }
    return last_origin;
  }
  // The participant whose accounts alone it may read and debit; empty: every account.
  const std::string& only_participant() const { return caller->participant; }

  std::shared_ptr<const security::Caller> caller;
  Admissions calls;
  Admissions streams;
  Rate rate;
  ledger::OriginPtr last_origin;
  // Accounts of only_participant() that are known to exist. An account never changes its owner.
  std::set<std::string, std::less<>> own_accounts;
};

using ClientPtr = std::shared_ptr<Client>;

}  // namespace sg::actors
