// How the rows of participants, accounts and checkpointed balances become bytes, and back. Each row
// carries a sequence: that of the record which made it, or that at which a page of balances was
// taken. Readers use it to pass over rows that are not durable.
//
//   decode_account(encode(account))->id == account.id
//
// Rows have one encoding each, so they may be compared as bytes. Decoders return nullopt for bytes
// that are not such a row: cut short, too long, or with an unknown role or type. The functions keep
// no state.
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
// Reads only the id from an account's row, which costs less than decode_account(). The view points
// into the row; it is empty if the row is damaged.
std::string_view account_id_of(std::string_view row);

//   account id row          := number:u32 floor:i64 sequence:u64
//   participant account row := number:u32 sequence:u64
// An account id row, under the account's id: what a start needs to know of an account.
struct AccountIdRow {
  AccountNumber number = ledger::kNoAccount;
  Amount floor = 0;
  Sequence sequence = 0;  // of the record that created the account
};
std::string encode(const AccountIdRow& row);
std::optional<AccountIdRow> decode_account_id(std::string_view row);

// A participant account row, under participant_account_key().
struct ParticipantAccountRow {
  AccountNumber number = ledger::kNoAccount;
  Sequence sequence = 0;
};
std::string encode(const ParticipantAccountRow& row);
std::optional<ParticipantAccountRow> decode_participant_account(std::string_view row);
// The begin of the keys of a participant's accounts: its id and 0x00. Ids hold no control
// characters, so no other participant's keys begin like this.
std::string participant_account_prefix(std::string_view participant_id);
// What follows the prefix: the account's type, and its id unless that is made of the participant
// and the type. So they are listed by type and then by id.
std::string participant_account_position(const ledger::NewAccount& account);
std::string participant_account_key(const ledger::NewAccount& account);

//   policy row := floor:i64 ceiling:i64 balance:i64 frozen:u8 bits:u8, under policy_key()
std::string encode(const ledger::PolicyResult& result);
// `key` is the row's key.
std::optional<PolicyRow> decode_policy(std::string_view key, std::string_view row);
// Behind the rows of all accounts, by account and then by sequence: kNoAccount, account, sequence.
// The account is kNoAccount in the rows of the whole ledger.
std::string policy_key(AccountNumber account, Sequence sequence);
// What all keys of policies begin with.
std::string policy_prefix();

//   balance page := sequence:u64 balance:i64{1..kBalancesOfPage}, under be32(page)
std::string encode(const BalancePage& page);
// `key` is the row's key; the page's number is read from it.
std::optional<BalancePage> decode_balances(std::string_view key, std::string_view row);

}  // namespace sg::persistence
