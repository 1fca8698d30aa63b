// The coordinator's rules: submissions in, lock batches out; votes in, decisions out. Two-phase:
// a unit is handed to the journal when every shard that it touches has granted, and its caller is
// answered when all that the answer shows is durable.
//
// One prompt round of votes is out at a time; what is submitted meanwhile forms the next batch.
// Pure: time comes as an argument, effects are returned. Not thread-safe.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "ledger/flow/idempotency.hpp"
#include "ledger/flow/keys_in_flight.hpp"
#include "ledger/locks/lock_batch.hpp"
#include "ledger/locks/shard_ledger.hpp"

namespace sg::ledger {

// What the journal says of units that were handed to it.
struct CommittedUnits {
  UnitsOf units;
  TimeMs time = 0;  // of their block; their sequences stand in Unit::sequence
  // As in WriteTimes, of their group.
  SteadyTime handed_over{};
  SteadyTime durable{};
};
struct RejectedUnits {
  enum class Why : std::uint8_t {
    shard_changed,  // a vote came from an older incarnation
    key_bound,      // its key stands in the chain: the retry will find it there
    claim_lost,     // the same of its reference, or of a reversal of what it takes back
    storage_full,
    overloaded,        // the indexes are too far behind
    too_many_seals,    // of keys, in the ledger
    key_unreadable,    // whether its key stands in the chain could not be read
    claim_unreadable,  // the same of what it claims; its key is not bound
    state,             // of a policy, or of what a policy asks of it: see `states`
    refused,           // the journal's own check failed: a bug
  };
  UnitsOf units;
  Why why = Why::shard_changed;
  std::vector<StateRefusal> states;  // with `state`: one for each of the units
};

class TransferFlow {
 public:
  struct Options {
    std::uint32_t shards = 1;
    std::uint64_t incarnation = 0;
    std::chrono::milliseconds lock_timeout{5000};
    // Of a ledger with several nodes, one of which leads. What a node refuses or replays is true
    // only if it still led when it did so. So such answers wait for a round with the other nodes
    // that begins later. A commit is proof enough by itself.
    bool confirms = false;
    bool require_balanced = false;  // the policy of the whole ledger, at the durable sequence
  };

  struct Effects {
    LockBatchPtr lock;            // to every shard whose part is neither empty nor heard already
    std::vector<UnitsOf> commit;  // to the journal
    std::vector<std::vector<UnitsOf>> abort;  // to each shard, by its index; after `lock`
  };

  TransferFlow(Options options, KeySource& keys, Sequence durable);

  void submit(SubmissionPtr submission);
  // Forms a batch of what waits, when no prompt round is out.
  void advance(SteadyTime now, Effects& effects);
  bool can_advance() const { return !awaits_votes() && !queue_.empty(); }
  // A batch is out and some shard has not voted on it.
  bool awaits_votes() const { return prompt_round_ != 0; }

  // The prompt votes of a shard stand in its part.
  void voted(LockBatch& batch, std::uint32_t shard, SteadyTime now, Effects& effects);
  void voted_late(const LateVote& vote, SteadyTime now, Effects& effects);
  // Everything up to `durable` is; `committed` are units among it.
  void durable(Sequence durable, std::span<const CommittedUnits> committed);
  void rejected(const RejectedUnits& rejected, Effects& effects);

  // --- rounds, with Options::confirms ---
  // Answers wait, and no round is under way.
  bool wants_round() const { return !unconfirmed_.empty() && confirming_.empty(); }
  // A round begins now.
  void begin_round() { confirming_.swap(unconfirmed_); }
  // The round that began last has ended: this node led when it began.
  void round_ended();

  // The submission's `cancelled` was set.
  void cancel(Submission& submission, Effects& effects);
  // Ends what waited past its deadline.
  void expire(SteadyTime now, Effects& effects);
  bool anyone_waits() const { return !waiting_.empty(); }
  std::size_t waiting() const { return waiting_.size(); }

  void shard_away(std::uint32_t shard, Effects& effects);
  void shard_serves(std::uint32_t shard) { away_[shard] = false; }
  // The journal is gone: ends all that is not answered. The flow is of no use afterwards.
  void stop(Reason reason);

  std::size_t undecided_batches() const { return active_.size(); }
  std::size_t keys_in_flight() const { return keys_in_flight_.size(); }
  std::size_t claims_in_flight() const { return claims_in_flight_.size(); }
  // Of transactions that are being taken back: about as many amounts are held in memory.
  std::size_t reversed_entries() const { return reversed_entries_; }
  std::size_t unanswered() const {
    return queue_.size() + active_.size() + unanswered_.size() + unconfirmed_.size() +
           confirming_.size();
  }

 private:
  struct Pending {
    SubmissionPtr submission;
    std::uint32_t first_item = 0;
    std::uint32_t item_count = 1;
    bool key_bound = false;  // the journal found its key in the chain: only the outcome counts
    bool woken = false;      // a claim that it waited for is kept for it
  };
  struct Waiting {
    LockBatchPtr batch;
    std::uint32_t unit = 0;
    SteadyTime deadline;
  };
  // What becomes of those who joined a key whose first item did not commit.
  enum class Joiners : std::uint8_t { share_refusal, try_again };

  // What refuses an atomic batch need not refuse the same transfer alone.
  static Joiners joiners_of(const Unit& unit) {
    return unit.item_count > 1 ? Joiners::try_again : Joiners::share_refusal;
  }

  // What the chain says of the keys of a batch.
  struct BoundKeys {
    absl::flat_hash_map<const Transfer*, Result<KeyBinding>> bindings;
    std::optional<Error> unreadable;  // nothing could be looked up
    Sequence until = 0;               // of the chain, or further

    // Nothing: the key is new.
    std::optional<Result<KeyBinding>> of(const Transfer& transfer) const;
  };

  // A claim of an undecided item, and who waits for its end.
  struct ClaimInFlight {
    std::deque<Pending> waiting;
    // For whom it is kept, while nobody has it: an item, or the first of an atomic batch.
    const Submission* kept_for = nullptr;
    std::uint32_t kept_item = 0;
  };
  // Ordered, so that walking over it repeats.
  using ClaimsInFlight = std::map<std::string, ClaimInFlight, std::less<>>;

  // What the chain says of the references of a batch that have to be unique.
  struct UsedReferences {
    absl::flat_hash_map<const Transfer*, Result<RecordPlace>> places;
    std::optional<Error> unreadable;  // nothing could be looked up
  };
  // What the chain says of what a batch takes back.
  struct PlaceOrder {
    bool operator()(const TransactionPlace& a, const TransactionPlace& b) const {
      return a.sequence != b.sequence ? a.sequence < b.sequence : a.time < b.time;
    }
  };
  using KnownOriginals = std::map<TransactionPlace, Result<std::optional<Original>>, PlaceOrder>;
  struct Known {
    BoundKeys keys;
    UsedReferences references;
    KnownOriginals originals;
  };

  BoundKeys look_up_keys(std::span<const Pending> pending);
  UsedReferences look_up_references(std::span<const Pending> pending);
  void admit(const Pending& pending, const Known& known, LockBatch& batch, SteadyTime now);
  // The keys of an atomic batch.
  struct AtomicKeys {
    std::vector<std::uint32_t> items;  // each key's first item, and items without a key
    std::vector<std::optional<KeyBinding>> bindings;  // of these
    // Later items with the same key and content, with the first one.
    std::vector<std::pair<std::uint32_t, std::uint32_t>> twins;
  };

  bool admit_atomic(const Pending& pending, const Known& known);
  bool join_in_flight(const Pending& pending);
  std::optional<AtomicKeys> atomic_keys(Submission& submission, const BoundKeys& bound);
  bool admit_item(const SubmissionPtr& submission, std::uint32_t item, const Known& known);
  // Takes what the items claim, and works out what reversals move. False: one of them cannot have
  // it, and all items are refused, or it is in flight, and all wait until that has ended.
  bool take_claims(const Pending& pending, const Known& known);
  // Why the item's reference cannot be taken, and nullopt if nothing is known against it.
  std::optional<Error> reference_error(Submission& submission, std::uint32_t item,
                                       const UsedReferences& used);
  // The item that has taken the claims has ended. A reference that has committed is used for good:
  // all who wait try again, and are refused. Otherwise the first of them does, and the others wait
  // for that one: all of them at once would take the work of all, again and again.
  void end_claims(const Transfer& transfer, bool committed);
  static bool is_kept_for(const ClaimInFlight& claim, const Pending& pending);
  // Keeps the claim for the first who still waits for it, or gives it up.
  void pass_on(ClaimsInFlight::iterator taken);
  // Claims that were kept for it and that it did not take go to the next.
  void give_back(const Pending& pending);
  KnownOriginals look_up_originals(std::span<const Pending> pending);
  // Gives the reversals among the items their entries, and notes in state_ why one of them is not
  // possible. False: one takes back what is not there or cannot be read, and all items are refused.
  bool work_out_reversals(const Pending& pending, const KnownOriginals& known);
  // The items that are reversals. Of a unit's transfers with one key the first one counts.
  static std::vector<std::uint32_t> reversals_among(const Pending& pending);
  // Whether there is room for what they are taken back of. Otherwise they are refused.
  bool has_room_for(const Pending& pending, std::span<const std::uint32_t> items,
                    const KnownOriginals& known);
  // Works one of them out, and takes it off the original.
  std::optional<Error> work_out(Submission& submission, std::uint32_t item, Original& original);
  // The item has ended, or tries again: what is left after it is not needed any more.
  void drop_remainder(Submission& submission, std::uint32_t item);
  // As add_unit(), with what the items' originals are refused for.
  void add(LockBatch& batch, Submission& submission, std::uint32_t first, std::uint32_t count);
  // Refuses the undecided items of what waits: all of them for one that is to blame.
  void refuse_pending(const Pending& pending, std::uint32_t blamed, Error error);
  // Asks for what the key of an item further on will look at.
  void prefetch_key_after(const Submission& submission, std::uint32_t item) const;
  // What the record says that the item's key is bound to.
  void replay(Submission& submission, std::uint32_t item, const KeyBinding& binding);
  // The answer to a question about a key that nothing has bound.
  void tell_unbound(Submission& submission, Sequence until);

  void hear(LockBatch& batch, std::uint32_t unit, const Refusal* refusal);
  // Concludes the units that need no lock.
  void conclude_unlocked(LockBatch& batch, SteadyTime now, Effects& effects);
  void conclude(LockBatch& batch, std::uint32_t unit, SteadyTime now, Effects& effects);
  void fail_part(LockBatch& batch, std::uint32_t shard, Effects& effects);
  void abort(LockBatch& batch, std::uint32_t unit, Effects& effects);
  // Ends a unit without commit: `blamed` (an item, or kNone for all) gets the error.
  void end_unit(LockBatch& batch, std::uint32_t unit, Error error, std::uint32_t blamed,
                Joiners joiners);
  void commit_unit(LockBatch& batch, std::uint32_t unit, const CommittedUnits& committed);
  void part_heard(LockBatch& batch, std::uint32_t shard);
  void drop_if_decided(LockBatch& batch);

  // The item has ended: its claims and its key are free.
  void end_key(Submission& submission, std::uint32_t item, Joiners joiners);
  // The same of its key alone: of an item that has no claim.
  void release_key(Submission& submission, std::uint32_t item, Joiners joiners);
  // Releases the keys that the items have from when they waited for a claim. Needs: all of them are
  // decided.
  void release_keys_of(const Pending& pending);
  void refuse(Submission& submission, std::uint32_t item, std::shared_ptr<const Error> error);
  void refuse_all(Submission& submission, const Error& error, std::uint32_t blamed);
  // The record that an earlier request with the item's key has made.
  void commit(Submission& submission, std::uint32_t item, Sequence sequence, TimeMs time);
  // As commit(), with the state that the record gives the item.
  void decide(Submission& submission, std::uint32_t item, ItemResult::State state,
              Sequence sequence, TimeMs time);
  void count_decided(Submission& submission);
  // All that the submission shows is durable: answers it, unless it has to wait for a round.
  void tell(Submission& submission);

  Options options_;  // `require_balanced` follows what commits
  // Units that change it and that the journal has: until it tells, `require_balanced` may be old.
  std::size_t changing_ledger_ = 0;
  KeySource& keys_;
  Sequence durable_;
  Sequence last_committed_ = 0;  // first record of the last unit that was told committed
  std::uint64_t next_batch_ = 1;
  std::uint64_t prompt_round_ = 0;  // the batch whose prompt votes are out; 0: none
  std::deque<Pending> queue_;
  std::map<std::uint64_t, LockBatchPtr> active_;  // walked, so in an order that repeats
  KeysInFlight keys_in_flight_;
  ClaimsInFlight claims_in_flight_;
  std::size_t reversed_entries_ = 0;   // of submissions that are not told yet
  std::optional<StateRefusal> state_;  // of the unit that is being added
  std::vector<Waiting> waiting_;
  std::vector<bool> away_;
  // Decided, but what they show is not durable yet.
  std::map<Sequence, std::vector<SubmissionPtr>> unanswered_;
  // Decided and durable: they wait for the next round, or for the one that is under way.
  std::vector<SubmissionPtr> unconfirmed_;
  std::vector<SubmissionPtr> confirming_;
};

}  // namespace sg::ledger
