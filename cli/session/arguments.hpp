// Parsers for what an operator types. They are strict, since a misread amount is money: an amount
// is a decimal integer and nothing else. All are pure. The error of each is a sentence for the
// operator, which quotes the text.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "proto/ledger.pb.h"

namespace sg::cli {

// A value, or a sentence that says why there is none.
template <class T>
using Parsed = tl::expected<T, std::string>;

// An amount in minor units, in the int64 range: "-1000", "+970", "0".
[[nodiscard]] Parsed<std::int64_t> parse_amount(std::string_view text);

// A number of things, at least 1: "50".
[[nodiscard]] Parsed<int> parse_count(std::string_view text);

// One entry of a transfer: "alice=-1000". An id may hold "=", so the last one separates.
[[nodiscard]] Parsed<scalegraph::ledger::TransferEntry> parse_entry(std::string_view text);

// Metadata from pairs such as "country=SE". The first "=" separates. Each key may stand only once.
[[nodiscard]] Parsed<std::map<std::string, std::string>> parse_metadata(
    const std::vector<std::string>& pairs);

// Names of the .proto in any case, with "-" for "_" if preferred: "supplier", "access-provider".
// The unspecified value has no name here.
[[nodiscard]] Parsed<scalegraph::ledger::ParticipantRole> parse_role(std::string_view text);
[[nodiscard]] Parsed<scalegraph::ledger::AccountType> parse_account_type(std::string_view text);
[[nodiscard]] Parsed<scalegraph::ledger::AccountStatus> parse_account_status(std::string_view text);
// "operating": as it ends the id of a participant's account.
[[nodiscard]] std::string type_in_id(scalegraph::ledger::AccountType type);

// A server address: "HOST:PORT", "[::1]:50051" or "unix:/path". Returned as it stands. Only its
// form is checked; connecting shows whether the host exists.
[[nodiscard]] Parsed<std::string> parse_server(std::string_view text);
// The same, or several with commas between them, none of which begins with "unix:".
[[nodiscard]] Parsed<std::string> parse_servers(std::string_view text);
// What parse_servers() has taken, one by one.
[[nodiscard]] std::vector<std::string> split_servers(std::string_view text);

}  // namespace sg::cli
