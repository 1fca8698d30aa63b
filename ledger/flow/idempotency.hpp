// Idempotency keys: what a key is bound to, and where bindings are looked up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ledger/error.hpp"
#include "ledger/ids.hpp"
#include "ledger/reversal.hpp"
#include "ledger/transfer.hpp"

namespace sg::ledger {

// The record that a key is bound to: a committed transfer, or a seal.
struct KeyBinding {
  Sequence sequence = 0;
  TimeMs time = 0;
  bool same_content = false;  // as the transfer has that was asked for
  // Whether its record is the first, and the last, of what was committed as a whole: of an atomic
  // batch, or of the transfer alone.
  bool starts_unit = true;
  bool ends_unit = true;
  // It stands for nothing, and nothing will ever commit with it: the record is a seal.
  bool sealed = false;
};

// What the chain says of the keys of an atomic batch. It is replayed as a whole or not at all.
struct BatchBinding {
  enum class Verdict : std::uint8_t {
    fresh,     // none of its keys is bound
    replayed,  // its keys are bound by one earlier atomic batch of the same content and order
    mismatch,  // some key is bound, but not like that
  };
  Verdict verdict = Verdict::fresh;
  std::size_t blamed = 0;  // with `mismatch`: the first bound key that does not fit
};

// `bindings` has one element for each key of the batch, in the order of its transfers; a key that
// stands twice counts once. An element is empty if the key is not bound.
BatchBinding judge_batch(std::span<const std::optional<KeyBinding>> bindings);

struct BoundTransfer {
  const Transfer* transfer = nullptr;  // the one that was asked for
  Result<KeyBinding> binding;          // an error: whether its key is bound cannot be told
};

// Where a record stands.
struct RecordPlace {
  Sequence sequence = 0;
  TimeMs time = 0;
};
struct BoundReference {
  const Transfer* transfer = nullptr;  // the one that was asked for
  Result<RecordPlace> place;           // an error: whether its reference is used cannot be told
};

// What the durable chain says of keys, references and transactions that are to be taken back.
class KeySource {
 public:
  virtual ~KeySource() = default;
  // The others look at all of the chain up to here, or further.
  virtual Sequence durable() const = 0;
  // Those of the transfers whose keys are bound. Many are asked for at once: most keys are new, and
  // to find that out costs little but the wait for memory.
  virtual Result<std::vector<BoundTransfer>> find(std::span<const Transfer* const> transfers) = 0;
  // Those of the transfers whose references, which are not empty, some transaction has.
  virtual Result<std::vector<BoundReference>> find_references(
      std::span<const Transfer* const> transfers) = 0;
  // What the places name, with what is left of each, one for each place. Nullopt: no record is at
  // that place. In all at most `most` amounts are read: others are left unread.
  virtual std::vector<Result<std::optional<Original>>> originals(
      std::span<const TransactionPlace> places, std::size_t most) = 0;
};

}  // namespace sg::ledger
