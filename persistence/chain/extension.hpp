// What may follow the fields of a record's kind (format 5), for both who writes and who reads.
//
//   extension := field+
//   field     := tag:varint text(content)
//   tag 1     := origin: who sent the transfer or the creation
//   origin    := number:varint [text(caller) text(peer)]
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

#include "ledger/origin.hpp"

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

// True if the extension is well formed and has known fields only.
bool is_known_extension(std::string_view extension);

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
