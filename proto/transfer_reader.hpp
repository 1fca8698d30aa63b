// Reads the requests that move money straight from their bytes. Ids and texts stay views of these
// bytes, and no message object is built. Accepts what the generated parser accepts, within the
// bounds below. Field numbers are those of the generated code.
//
//   TransferList list;
//   TransferReader reader(bytes, list);
//   if (reader.read_transfer() != TransferReader::State::whole) return reader.error();
//
// Thread safety: a reader belongs to one thread at a time.
#pragma once

#include <google/protobuf/descriptor.h>

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/error.hpp"
#include "ledger/transfer.hpp"
#include "proto/field_stream.hpp"

namespace sg::proto {

// What a request asks for. The transfers point into `entries` and into the bytes of the request,
// and the entries into these bytes. So both vectors and the bytes have to stay together.
struct TransferList {
  std::vector<ledger::Entry> entries;
  std::vector<ledger::Transfer> transfers;
  std::deque<ledger::Details> details;  // of the transfers that have some, which point at them
  std::size_t metadata_pairs = 0;       // in all details
  bool atomic = false;                  // of a batch: all transfers commit, or none does
};

// The most fields that one transfer may have, fields of its entries included. It bounds the work
// for one transfer: one with more is refused as malformed. The largest valid transfer has 4,096
// entries, a reference and a key: 12,290 fields. So too many entries are noticed long before this
// bound.
inline constexpr std::size_t kMaxFieldsOfTransfer = 65'536;

// Which message a batch is: TransferBatchRequest, ImportRequest or CommandBatch. The last two
// refuse fields that they do not know. An ImportRequest is a batch of transfers with a type and
// details.
enum class BatchForm : std::uint8_t { transfers, import, commands };
// The message type of a batch, and of one of its items.
const google::protobuf::Descriptor& type_of(BatchForm form);
const google::protobuf::Descriptor& item_type_of(BatchForm form);

// Reads an item of a form, or a batch. A batch may be read in portions, each of bounded work:
//
//   TransferReader reader(bytes, list);
//   while (reader.read_batch(portion, take) == TransferReader::State::more) serve_others();
//
// Limits:
// - Of a transfer with too many entries, only kMaxEntries are stored, while its count says one
//   more. The rest of that transfer is skipped unread. The ledger's check refuses it for the count.
// - A batch with too many transfers is refused at the first one too many, and not read to its end.
class TransferReader {
 public:
  // `more`: go on reading. `whole`: all of it is read. `refused`: see error().
  enum class State : std::uint8_t { more, whole, refused };

  // Needs: `bytes` and `into` outlive the reader. `into` is empty.
  TransferReader(std::string_view bytes, TransferList& into, BatchForm form = BatchForm::transfers);

  // Reads the bytes as one item of the form. Never returns `more`.
  [[nodiscard]] State read_transfer();
  // Reads on in the batch, until about `fields` more fields are read. Calls
  // `take(transfer)` for each transfer, whose entries are valid during this call. If `take` returns
  // false, the transfer was refused: it stays in the list without its entries.
  template <class Take>
  [[nodiscard]] State read_batch(std::size_t fields, Take take) {
    const auto until = in_.fields() + fields;
    while (state_ == State::more && in_.fields() < until) {
      if (read_field_of_batch() && !take(into_.transfers.back())) drop_entries();
    }
    return state_;
  }

  // Why the request was refused. Names the field if a text is not UTF-8. Needs: State::refused.
  const ledger::Error& error() const { return *error_; }

 private:
  // Reads one field of a batch. True if it was a transfer, which then is the last of the list.
  // False after another field, at the end and after an error: state_ tells them apart.
  bool read_field_of_batch();
  // These read one message or value each. False if it is malformed, or refused for a text.
  bool item() { return form_ == BatchForm::commands ? command() : transfer(); }
  bool transfer();
  bool command();
  bool action();
  bool read_action(ledger::TransferKind kind);
  bool reversal();
  bool policy();
  bool number_of_policy(std::uint32_t tag, ledger::PolicyChange& into);
  void add_policy_entries();
  bool entry_of_action();
  bool original(std::string_view name);
  void drop_action();
  bool options();
  bool metadata();
  bool effective_at();
  bool flag(bool& into);
  bool skip_rest(ledger::Transfer& transfer);
  void begin_item();
  void add(ledger::Transfer& transfer);
  bool entry();
  bool kind(ledger::TransferKind& into);
  bool text(std::string_view& into, std::string_view name);
  // `within`: a part of the path that path_of() does not know.
  bool skip(std::uint32_t tag, std::string_view within = {});
  void drop_entries();
  void finish();
  void refuse(ledger::Error error);
  void refuse_malformed();
  std::string path_of(std::string_view name) const;

  FieldStream in_;
  TransferList& into_;
  const BatchForm form_;
  State state_ = State::more;
  std::optional<ledger::Error> error_;
  bool is_batch_ = false;           // the request is no single transfer
  bool in_entry_ = false;           // inside an entry; for the path of a wrong text
  std::string_view in_action_{};    // its name and a dot, inside one of a command; for the path
  ledger::Details details_;         // of the current transfer
  std::size_t transfer_began_ = 0;  // in_.fields() when the current transfer began
  std::size_t first_entry_ = 0;     // index of its first entry in the list
  std::size_t entries_of_transfer_ = 0;  // entries that it has so far, stored or not
};

// Reads a whole request in one go. False if it is refused. Needs: `bytes` outlive `into`.
[[nodiscard]] bool read_transfer(std::string_view bytes, TransferList& into);
[[nodiscard]] bool read_batch(std::string_view bytes, TransferList& into,
                              BatchForm form = BatchForm::transfers);

}  // namespace sg::proto
