// What may follow the fields of a record's kind (format 5), for both who writes and who reads.
//
//   extension := field+
//   field     := tag:varint text(content)
//   tag 1     := origin: who sent the transfer or the creation
//   origin    := number:varint [text(caller) text(peer)]
//   tag 2     := metadata of a transfer: n:varint (text(key) text(value)){n}, keys ascending
//   tag 3     := when it took effect for its caller: zigzag, ms since 1970, not 0
//   tag 4     := nothing: its entries had to sum to zero
//   tag 5     := nothing: no other transaction could have its reference
//   tag 6     := of a reversal, what it takes back: sequence:varint time:zigzag all:u8
//   tag 7     := of a reversal, what is left: balanced:u8 n:varint (account:varint
//   amount:zigzag){n}
//   tag 8     := of a policy, what it changes: text(account id) bits:u16 [floor:zigzag]
//                [ceiling:zigzag] text(sweep to) text(note); an empty id means the whole ledger
//   tag 9     := of a policy, what it has made: account:varint floor:zigzag ceiling:zigzag
//                balance:zigzag bits:u8; the account is kNoAccount if it is that of the ledger
//   tag 10    := of a creation of an account, its ceiling: zigzag, not the highest amount
//
// Tags 2 to 6 and 8 are the details of a command (ledger/details.hpp), and need format 7. They
// stand in this order before the origin, and one that says nothing is left out: details have one
// form. Tags 7 and 9 follow from the chain before the record and are not content; a record that has
// tag 6 has the one, and one that has tag 8 the other.
//
// Origins are numbered within a block, in the order in which they come up. A number that has not
// come up yet is followed by the texts. So in a block of one caller all records but the first have
// three bytes for it.
//
// A tag that is not known makes the extension unknown: it may belong to the content of a transfer.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/details.hpp"
#include "ledger/origin.hpp"
#include "persistence/chain/record.hpp"
#include "persistence/medium/key_value.hpp"

namespace sg::persistence {

// The most bytes that an origin's field takes: longer texts are cut.
inline constexpr std::size_t kMaxOriginTextBytes = 256;

// Writes the origins of one block. Needs: they live until clear().
class OriginWriter {
 public:
  void clear() {
    known_.clear();
    last_ = nullptr;
  }
  // Appends the field to `extension`.
  void put(const ledger::Origin& origin, std::string& extension) {
    // Most records of a block are of the caller of the one before.
    if (&origin == last_) {
      extension.append(again_);
    } else {
      put_other(origin, extension);
    }
  }

 private:
  void put_other(const ledger::Origin& origin, std::string& extension);

  std::vector<ledger::Origin> known_;
  const ledger::Origin* last_ = nullptr;
  std::string again_;  // the field of the last one, if it comes again
};

// Appends the fields of the details.
void put_details(const ledger::Details& details, std::string& extension);
void put_remainder(const ledger::Remainder& remainder, std::string& extension);
void put_policy(const ledger::PolicyResult& result, std::string& extension);
void put_ceiling(Amount ceiling, std::string& extension);
// Of a reversal. Nullopt: it is not well formed, or there is none.
std::optional<ledger::Remainder> read_remainder(std::string_view extension);
// Of a policy. As read_remainder().
std::optional<ledger::PolicyResult> read_policy(std::string_view extension);
// Of the creation of an account; the highest amount if it says none. Nullopt: it is not well
// formed.
std::optional<Amount> read_ceiling(std::string_view extension);
// The details in an extension, as views of it; empty ones if it has none. Nullopt: it is not well
// formed, or has fields that are not known.
std::optional<ledger::Details> read_details(std::string_view extension);
// The same with texts of its own. `unknown_version` instead of nullopt.
StoreResult<StoredDetails> stored_details(std::string_view extension);
// True if it has details, and so needs format 7. Needs: it is well formed.
bool has_details(std::string_view extension);
// True if it says who sent the record.
bool has_origin(std::string_view extension);

// Reads the origins of one block: it has to see the extensions of all records, from the first on.
class OriginReader {
 public:
  // The origin in the extension, or null if it has none; the empty extension has none. An origin
  // whose number is wrong is none.
  ledger::OriginPtr take(std::string_view extension);

 private:
  std::vector<ledger::OriginPtr> known_;
};

}  // namespace sg::persistence
