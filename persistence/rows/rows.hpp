// The values of the derived families. Every row carries the sequence of the record that made it, so
// that readers can pass over what is not durable.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "persistence/chain/record.hpp"

namespace sg::persistence {

//   participant row := sequence:varint created_at:zigzag role:u8 text(id) text(name) metadata
//   account row     := sequence:varint created_at:zigzag number:varint type:u8 floor:zigzag
//                      initial:zigzag text(id) text(participant id) metadata
//   metadata, text  := as in a block (block_writer.cpp)
std::string encode(const ledger::Participant& participant);
std::string encode(const ledger::Account& account);
std::optional<ledger::Participant> decode_participant(std::string_view row);
std::optional<ledger::Account> decode_account(std::string_view row);
// The id alone, without the metadata's cost; empty when the row is damaged.
std::string_view account_id_of(std::string_view row);

//   account id row          := number:u32 floor:i64 sequence:u64
//   participant account row := number:u32 sequence:u64
struct AccountIdRow {
  AccountNumber number = ledger::kNoAccount;
  Amount floor = 0;
  Sequence sequence = 0;
};
std::string encode(const AccountIdRow& row);
std::optional<AccountIdRow> decode_account_id(std::string_view row);

struct ParticipantAccountRow {
  AccountNumber number = ledger::kNoAccount;
  Sequence sequence = 0;
};
std::string encode(const ParticipantAccountRow& row);
std::optional<ParticipantAccountRow> decode_participant_account(std::string_view row);
// Ids hold no control characters, so 0x00 ends one unambiguously.
std::string participant_account_prefix(std::string_view participant_id);

//   balance page := sequence:u64 balance:i64{1..kBalancesOfPage}, under be32(page)
std::string encode(const BalancePage& page);
std::optional<BalancePage> decode_balances(std::string_view key, std::string_view row);

}  // namespace sg::persistence
