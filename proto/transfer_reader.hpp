// Reads the requests that move money straight from their bytes: ids and texts stay views of them,
// no message object is built. Accepts what the generated parser accepts, within the bounds below;
// field numbers are those of the generated code.
#pragma once

#include <google/protobuf/io/coded_stream.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/error.hpp"
#include "ledger/transfer.hpp"

namespace sg::proto {

// What a request asks for. Its transfers point into `entries`, and both into the request's bytes.
struct TransferList {
  std::vector<ledger::Entry> entries;
  std::vector<ledger::Transfer> transfers;
  bool atomic = false;
};

// Fields of one transfer, with those of its entries. More than 4,096 entries need 12,290: a
// transfer with more than this is refused as malformed, so that the work for one is bounded.
inline constexpr std::size_t kMaxFieldsOfTransfer = 65'536;

// Reads a TransferRequest or a TransferBatchRequest. A batch may be read in portions, each of
// bounded work:
//
//   TransferReader reader(bytes, list);
//   while (reader.read_batch(portion) == TransferReader::State::more) serve_others();
//
// A transfer with too many entries has their number at least, but not all of them, and what follows
// in it is not looked at. A batch with too many transfers is not read to its end.
class TransferReader {
 public:
  enum class State : std::uint8_t { more, whole, refused };

  // Needs: `bytes` and `into` outlive the reader.
  TransferReader(std::string_view bytes, TransferList& into);

  // The one transfer that the bytes are.
  [[nodiscard]] State read_transfer();
  // Reads on until about `fields` more were read. Calls `take(transfer)` for each transfer, while
  // its entries are where it says; when that returns false they are dropped: it was refused.
  template <class Take>
  [[nodiscard]] State read_batch(std::size_t fields, Take take) {
    const auto until = fields_ + fields;
    while (state_ == State::more && fields_ < until) {
      if (read_field_of_batch() && !take(into_.transfers.back())) drop_entries();
    }
    return state_;
  }

  // Why it was refused: names the field whose text is not UTF-8, if that is it.
  const ledger::Error& error() const { return *error_; }

 private:
  // True when it was a transfer.
  bool read_field_of_batch();
  bool transfer();
  bool skip_rest(ledger::Transfer& transfer);
  void add(ledger::Transfer& transfer);
  bool entry();
  template <class Read>
  bool nested(Read read);
  bool text(std::string_view& into, std::string_view name);
  std::uint32_t next_tag();
  bool read_size(int& size);
  bool skip(std::uint32_t tag);
  bool skip_group(int field);
  bool is_at_end() { return !too_long_ && in_.ConsumedEntireMessage(); }
  void drop_entries();
  void finish();
  void refuse(ledger::Error error);
  void refuse_malformed();
  std::string path_of(std::string_view name) const;

  google::protobuf::io::CodedInputStream in_;
  TransferList& into_;
  int size_;  // of the request
  State state_ = State::more;
  std::optional<ledger::Error> error_;
  bool is_batch_ = false;
  bool in_entry_ = false;
  bool too_long_ = false;
  int depth_ = 0;                   // of messages and groups around what is read
  std::size_t fields_ = 0;          // of the request so far
  std::size_t transfer_began_ = 0;  // how many they were when its last transfer began
  std::size_t first_entry_ = 0;     // of that transfer
  std::size_t entries_of_transfer_ = 0;
};

// The whole request at once. False when it is refused.
[[nodiscard]] bool read_transfer(std::string_view bytes, TransferList& into);
[[nodiscard]] bool read_batch(std::string_view bytes, TransferList& into);

}  // namespace sg::proto
