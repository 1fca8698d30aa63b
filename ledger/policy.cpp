// The order of the checks is part of the API, as in transfer.cpp.
#include "ledger/policy.hpp"

#include <algorithm>
#include <string>

namespace sg::ledger {
namespace {

Error invalid(std::string_view field, std::string message) {
  return {Reason::policy_invalid,
          std::move(message),
          {{"field", "policy." + std::string(field)}},
          Outcome::none};
}

Error conflict(const PolicyChange& change, WideAmount balance, std::string_view field, Amount bound,
               std::string_view where) {
  const std::string id(change.account_id);
  return {Reason::policy_conflict,
          "account " + id + " has " + to_text(balance) + ", and the " + std::string(field) + " " +
              std::to_string(bound) + " is " + std::string(where) +
              " that: move money first, or set allow_beyond",
          {{"account_id", id},
           {"balance", to_text(balance)},
           {std::string(field), std::to_string(bound)}},
          Outcome::none};
}

bool asks_of_account(const PolicyChange& change) {
  return change.floor || change.ceiling || change.clear_ceiling || change.debits_frozen ||
         change.credits_frozen || change.status != AccountStatus::unspecified;
}

std::optional<Error> check_note(std::string_view note) {
  if (note.size() > kMaxNoteBytes) {
    return invalid("note", "policy.note has " + std::to_string(note.size()) +
                               " bytes: at most 1024 are allowed");
  }
  if (is_utf8(note)) return std::nullopt;
  return Error{Reason::not_utf8,
               "policy.note is not valid UTF-8",
               {{"field", "policy.note"}},
               Outcome::none};
}

std::uint8_t frozen_after(const PolicyChange& change, std::uint8_t frozen) {
  const auto set = [&frozen](const std::optional<bool>& asked, std::uint8_t side) {
    if (asked) frozen = static_cast<std::uint8_t>(*asked ? frozen | side : frozen & ~side);
  };
  set(change.debits_frozen, kDebits);
  set(change.credits_frozen, kCredits);
  return frozen;
}

}  // namespace

std::optional<Error> check(const PolicyChange& change) {
  const bool is_of_account = asks_of_account(change) || !change.account_id.empty();
  if (!asks_of_account(change) && !change.require_balanced) {
    return Error{Reason::policy_empty,
                 "policy asks for no change: set a floor, a ceiling, a freeze, a status or "
                 "require_balanced",
                 {{"field", "policy"}},
                 Outcome::none};
  }
  if (is_of_account) {
    if (auto error = check_id(change.account_id, "policy.account_id")) return error;
    if (change.require_balanced) {
      return invalid("require_balanced",
                     "policy.require_balanced is of the whole ledger: leave account_id out, and "
                     "what is of an account");
    }
  }
  if (change.ceiling && change.clear_ceiling) {
    return invalid(
        "clear_ceiling",
        "policy.ceiling sets a ceiling and clear_ceiling takes it away: set one of them");
  }
  if (change.floor && change.ceiling && *change.floor > *change.ceiling) {
    return invalid("floor", "policy.floor " + std::to_string(*change.floor) +
                                " is above policy.ceiling " + std::to_string(*change.ceiling));
  }
  if (!change.sweep_to.empty()) {
    if (auto error = check_id(change.sweep_to, "policy.sweep_to")) return error;
    if (change.status != AccountStatus::closed) {
      return invalid("sweep_to",
                     "policy.sweep_to takes the balance of an account that is closed: "
                     "set status to CLOSED, or leave it out");
    }
    if (change.sweep_to == change.account_id) {
      return invalid("sweep_to", "policy.sweep_to is the account itself: name another one");
    }
  }
  return check_note(change.note);
}

Amount available(Amount balance, const Policy& policy) {
  if (state_problem(policy, kDebits)) return 0;
  const auto free = WideAmount{balance} - policy.floor;
  return static_cast<Amount>(std::clamp(free, WideAmount{0}, kMaxAmount));
}

std::optional<Reason> state_problem(const Policy& policy, std::uint8_t sides) {
  if (policy.closed) return Reason::account_closed;
  if ((policy.frozen & sides) != 0) return Reason::account_frozen;
  return std::nullopt;
}

Error bound_error(Reason reason, std::string_view account_id, const Standing& standing,
                  WideAmount amount) {
  const std::string id(account_id);
  Error error{
      reason,
      "account " + id + " has " + to_text(standing.balance) + ": " + to_text(amount),
      {{"account_id", id}, {"balance", to_text(standing.balance)}, {"amount", to_text(amount)}},
      Outcome::none};
  if (reason == Reason::ceiling_exceeded) {
    const auto ceiling = std::to_string(standing.policy.ceiling);
    error.message += " would take it above its ceiling " + ceiling;
    error.metadata.emplace_back("ceiling", ceiling);
  } else {
    error.message += reason == Reason::insufficient_funds ? " would take it below its floor"
                                                          : " would pass the int64 range";
  }
  return error;
}

Error closed_error(std::string_view account_id) {
  const std::string id(account_id);
  return {Reason::account_closed,
          "account " + id + " is closed: a policy with status OPEN opens it again",
          {{"account_id", id}},
          Outcome::none};
}

Error frozen_error(std::string_view account_id, std::uint8_t side) {
  const std::string id(account_id);
  const std::string name = (side & kDebits) != 0 ? "debits" : "credits";
  return {Reason::account_frozen,
          "the " + name + " of account " + id + " are frozen",
          {{"account_id", id}, {"side", name}},
          Outcome::none};
}

std::optional<Error> apply(const PolicyChange& change, Standing& standing) {
  // Within a unit the balance may pass the range, but what a policy has made is kept.
  if (!fits(standing.balance)) {
    return bound_error(Reason::balance_overflow, change.account_id, standing, 0);
  }
  const bool closes = change.status == AccountStatus::closed;
  if (standing.policy.closed && change.status != AccountStatus::open) {
    return closed_error(change.account_id);
  }
  auto next = standing.policy;
  next.closed = closes;
  if (change.floor) next.floor = *change.floor;
  if (change.ceiling) next.ceiling = *change.ceiling;
  if (change.clear_ceiling) next.ceiling = Policy().ceiling;
  next.frozen = frozen_after(change, next.frozen);
  if (closes && change.sweep_to.empty() && standing.balance != 0) {
    const std::string id(change.account_id);
    const auto balance = to_text(standing.balance);
    return Error{Reason::account_not_empty,
                 "account " + id + " has " + balance +
                     ": it is closed with a balance of 0, or with sweep_to",
                 {{"account_id", id}, {"balance", balance}},
                 Outcome::none};
  }
  if (next.floor > next.ceiling) {
    const std::string id(change.account_id);
    return Error{Reason::policy_conflict,
                 "account " + id + " would have the floor " + std::to_string(next.floor) +
                     " above its ceiling " + std::to_string(next.ceiling),
                 {{"account_id", id},
                  {"floor", std::to_string(next.floor)},
                  {"ceiling", std::to_string(next.ceiling)}},
                 Outcome::none};
  }
  if (!closes && !change.allow_beyond) {
    if (change.floor && next.floor > standing.balance) {
      return conflict(change, standing.balance, "floor", next.floor, "above");
    }
    if (change.ceiling && next.ceiling < standing.balance) {
      return conflict(change, standing.balance, "ceiling", next.ceiling, "below");
    }
  }
  standing.policy = next;
  return std::nullopt;
}

Result<Amount> sweep(const PolicyChange& change, Standing& from, Standing& to) {
  const auto amount = from.balance;
  if (to.policy.closed) return tl::unexpected(closed_error(change.sweep_to));
  if (amount == 0) return Amount{0};
  if ((from.policy.frozen & side_of(-amount)) != 0) {
    return tl::unexpected(frozen_error(change.account_id, side_of(-amount)));
  }
  if ((to.policy.frozen & side_of(amount)) != 0) {
    return tl::unexpected(frozen_error(change.sweep_to, side_of(amount)));
  }
  const auto refuse = [&](Reason reason) {
    return tl::unexpected(bound_error(reason, change.sweep_to, to, amount));
  };
  const auto after = to.balance + amount;
  if (amount < 0 && after < to.policy.floor) return refuse(Reason::insufficient_funds);
  if (amount > 0 && to.policy.has_ceiling() && after > to.policy.ceiling) {
    return refuse(Reason::ceiling_exceeded);
  }
  // The other entry is the negative amount, so that has to fit as well.
  if (after > kMaxAmount || !fits(amount) || !fits(-amount)) {
    return refuse(Reason::balance_overflow);
  }
  to.balance = after;
  from.balance = 0;
  return static_cast<Amount>(amount);
}

}  // namespace sg::ledger
