// What an operator types, read strictly: an amount is a decimal integer and nothing else, since a
// misread amount is money. Pure; the error of each is a sentence for the operator.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "proto/ledger.pb.h"

namespace sg::cli {

template <class T>
using Parsed = tl::expected<T, std::string>;

// "-1000", "+970", "0": minor units in the int64 range.
[[nodiscard]] Parsed<std::int64_t> parse_amount(std::string_view text);

// "50": how many, from 1 on.
[[nodiscard]] Parsed<int> parse_count(std::string_view text);

// "ACCOUNT=±N"; an id may hold '=', so the last one counts.
[[nodiscard]] Parsed<scalegraph::ledger::TransferEntry> parse_entry(std::string_view text);

// "KEY=VALUE" pairs; the first '=' counts, and a key may stand once only.
[[nodiscard]] Parsed<std::map<std::string, std::string>> parse_metadata(
    const std::vector<std::string>& pairs);

// "supplier", "SUPPLIER", "access-provider"; never the unspecified value.
[[nodiscard]] Parsed<scalegraph::ledger::ParticipantRole> parse_role(std::string_view text);
[[nodiscard]] Parsed<scalegraph::ledger::AccountType> parse_account_type(std::string_view text);

// "HOST:PORT", "[::1]:50051" or "unix:/path"; returned as it stands.
[[nodiscard]] Parsed<std::string> parse_server(std::string_view text);

}  // namespace sg::cli
