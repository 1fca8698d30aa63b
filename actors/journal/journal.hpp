// The journal: the only writer. It gives every decided unit its place in one total order, releases
// its locks (early, before the sync), writes whole groups as blocks in one synced batch, and says
// what became durable. It keeps the incarnations of shards and coordinator and refuses what an
// older one sends.
//
// Concurrency: one actor, detached since it blocks on the disk. A failed write or sync ends it; its
// successor opens the store anew, and everybody else starts over from the durable state.
//
// A member of a cluster (runtime.member): the journal follows until its node leads. It applies what
// is committed to its books and to the shards. When this node leads, and all of earlier terms has
// been applied, it begins to give out sequences, from the state that is there (following.cpp). When
// the term ends, the journal ends, and its successor follows.
//
// Full disk: a write that finds no space ends the journal like any failure. While there is no room
// its successor does not open the store anew, since that needs room too. It starts from the durable
// state, answers reads, and refuses transfers with STORAGE_FULL until there is room.
#pragma once

#include <absl/container/flat_hash_set.h>

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/response_promise.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "actors/followed.hpp"
#include "actors/journal/messages.hpp"
#include "actors/member/messages.hpp"
#include "actors/runtime.hpp"
#include "ledger/books/books.hpp"
#include "ledger/flow/run_clock.hpp"
#include "persistence/chain/group.hpp"

namespace sg::actors {

// --- to itself ---
// Hand over what has gathered.
struct Flush {};
// The oldest group under way is durable, or never will be.
struct Appended {
  persistence::StoreResult<void> result;
};
// Time has passed while the process ran.
struct CountRunTime {};
// The disk was full: is there room again?
struct LookForRoom {};

class Journal {
 public:
  Journal(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root, bool reopen);
  caf::behavior make_behavior();

 private:
  struct Shard {
    caf::actor handle;  // null: none attached
    std::uint64_t incarnation = 0;
    std::uint64_t start_number = 0;  // of the latest that asked
  };

  // --- start ---
  // Opens the store and answers Init, now or once there is room.
  void start();
  caf::error open();
  caf::error read_rosters();
  // The books rest on the chain up to there, and it is durable.
  void settle(ledger::Sequence sequence);
  // From here on nothing is written, until the store was opened anew.
  void wait_for_room();
  // Ends this journal when it waits for room and there is some: its successor opens the store anew.
  bool give_way();

  // --- a member of a cluster ---
  caf::message_handler member_behavior();
  void child_up(const supervisor::ChildUp& up);
  void child_down(const supervisor::ChildDown& down);
  void follow(const Committed& committed);
  void lead(const Lead& lead);
  void end_rounds(const RoundsEnded& ended);
  void await_sequence(const AwaitSequence& wait);
  // Whether it may give out sequences.
  bool sequences() const { return !runtime_->member || term_ != 0; }

  // --- who may commit ---
  void fence(const Fence& fence);
  void install(const Fence& fence);
  void attach(const Attach& attach);
  void switch_to(const Attach& attach);
  void watch(const Watch& watch);
  void down(const caf::down_msg& down);
  void detach(std::uint32_t shard);
  // Null if the shard has taken it already, or something was created since.
  std::shared_ptr<const ShardRoster> take_roster(std::uint32_t shard);
  template <class Message>
  void tell_watchers(const Message& message);

  // --- commit ---
  void commit(const Commit& commit);
  void sequence(const ledger::UnitsOf& units, std::vector<AppliedUnits>& applied);
  bool votes_stand(ledger::LockBatch& batch, std::uint32_t unit, bool all_stand) const;
  bool all_votes_stand(ledger::LockBatch& batch) const;
  // Returns why no group can begin, or nullopt if there is one.
  std::optional<ledger::RejectedUnits::Why> begin_group();
  enum class Booked {
    yes,
    key_bound,
    claim_lost,
    too_many_seals,
    key_unreadable,
    claim_unreadable,
    state,  // refused_state_ says why
    refused
  };
  Booked book(ledger::LockBatch& batch, std::uint32_t unit);
  Booked end_creation();
  Booked book_transfers(ledger::LockBatch& batch, std::uint32_t unit);
  Booked book_seal(ledger::LockBatch& batch, std::uint32_t unit, const ledger::KeyRequest& asked);
  // What keeps the transfer's key from being bound; nullopt: nothing does.
  std::optional<Booked> key_problem(const ledger::Transfer& transfer);
  // Judges what policies say of the unit, its own ones among them.
  std::optional<Booked> policy_problem(ledger::LockBatch& batch, std::uint32_t unit);
  bool move_money(const ledger::LockBatch& batch, std::uint32_t unit);
  // The postings and the result of one item, which is a policy if it changes one.
  void take_postings(const ledger::Transfer& transfer, const ledger::ChangedPolicy* changed,
                     std::span<const ledger::AccountNumber> numbers);
  // Fills bound_, unreadable_ and keys_readable_.
  void look_up_keys(const ledger::UnitsOf& units);
  // Fills lost_claims_ and claims_unreadable_.
  void look_up_claims(const ledger::UnitsOf& units);
  // What keeps the items of the unit from having what they claim; nullopt: nothing does.
  std::optional<Booked> claim_problem(const ledger::Unit& unit);
  // Whether a record that is not durable has the claim of that hash.
  bool is_claim_in_flight(std::size_t claim);
  void prefetch_balances(const ledger::LockBatch& batch, std::uint32_t unit) const;
  void reject(const ledger::LockBatchPtr& batch, std::uint32_t unit,
              ledger::RejectedUnits::Why why);
  void reject_for_state(const ledger::LockBatchPtr& batch, std::uint32_t unit);
  // Lets keys age, and calls itself again.
  void count_run_time();

  // --- groups ---
  // References of the records of a group, and what they take back, by hashes. To add one is cheap,
  // since hardly any is ever looked for: they become a set when one is.
  class Claims {
   public:
    static std::size_t hash_of(std::string_view reference) { return absl::HashOf(reference); }
    static std::size_t hash_of(const ledger::TransactionPlace& original) {
      return absl::HashOf(original.sequence);
    }
    void add(std::size_t claim) { added_.push_back(claim); }
    void add(const Claims& other) {
      added_.insert(added_.end(), other.added_.begin(), other.added_.end());
    }
    bool contains(std::size_t claim) {
      for (; in_set_ < added_.size(); ++in_set_) set_.insert(added_[in_set_]);
      return set_.contains(claim);
    }

   private:
    std::vector<std::size_t> added_;
    absl::flat_hash_set<std::size_t> set_;
    std::size_t in_set_ = 0;  // of added_
  };
  // What has to be told once a group is durable.
  struct Gathered {
    ledger::Sequence last = 0;  // of the group
    ledger::SteadyTime handed_over{};
    std::vector<ledger::CommittedUnits> committed;
    std::vector<ledger::RejectedUnits> rejected;
    std::vector<AwaitDurable> waiters;
    absl::flat_hash_set<std::uint64_t> keys;  // by their hash
    Claims claims;

    void add(Gathered& later);
  };
  // Hands over what has gathered, when the mailbox has no more commits.
  void schedule_flush();
  // Gives the store the group, and whoever waits for it a place behind it.
  void hand_over();
  // The oldest group under way is durable, or never will be.
  void appended(const persistence::StoreResult<void>& result);
  void tell(Gathered gathered);
  // Runs `then` once all that was sequenced is durable; no commit is sequenced before that.
  void once_durable(std::function<void()> then);
  void run_barriers();
  // Of all groups, durable or not.
  ledger::Sequence last_sequence() const;
  // Whether a transfer with a key of this hash was sequenced and is not durable.
  bool is_in_flight(std::uint64_t key_hash) const;
  void end(caf::error why);

  // --- readers and checkpoints ---
  void await_durable(const AwaitDurable& wait);
  void read_balances(const ReadBalances& read);
  void take_snapshot(const TakeSnapshot& take);
  void begin_snapshot(const TakeSnapshot& take);
  void copy_slice();
  void take_dirty(const TakeDirtyBalances& take);
  void tell_dirty(const TakeDirtyBalances& take);
  void maintenance_done(const MaintenanceDone& done);
  void offer_maintenance();

  caf::event_based_actor* self_;
  RuntimePtr runtime_;
  caf::actor root_;
  bool reopen_;
  caf::response_promise ready_;
  bool waits_for_room_ = false;  // nothing is written before the store was opened anew
  std::uint64_t incarnation_ = 0;

  ledger::Books books_;            // with every sequenced record in them
  bool require_balanced_ = false;  // of every unit: the policy of the whole ledger
  ledger::Sequence settled_ = 0;

  // --- a member of a cluster ---
  Followed log_writer_;
  Followed replica_;
  bool is_loaded_ = false;
  persistence::LogTerm term_ = 0;  // in which it leads; 0: it follows
  persistence::ChainHead head_;    // while it follows: that of the books
  std::optional<Fence> fence_;     // that waits for this node to lead
  std::multimap<ledger::Sequence, AwaitSequence> awaited_;
  bool waits_for_log_writer_ = false;  // to open the store anew

  std::vector<Shard> shards_;
  // By shard, as of the start; empty once something was created.
  std::vector<std::shared_ptr<ShardRoster>> rosters_;
  caf::actor coordinator_;
  std::uint64_t coordinator_incarnation_ = 0;
  std::uint64_t coordinator_start_ = 0;  // of the latest that asked
  std::vector<caf::actor> watchers_;
  caf::actor indexer_;  // null while it is busy
  caf::actor last_indexer_;

  std::optional<persistence::Group> group_;  // that fills
  Gathered gathered_;                        // with it
  std::deque<Gathered> under_way_;           // groups that the store has, oldest first
  bool hand_over_is_due_ = false;            // once the store has answered
  std::deque<std::function<void()>> barriers_;
  std::vector<Commit> postponed_;
  bool is_over_ = false;      // the actor has quit
  std::uint16_t format_ = 0;  // of the store
  // Of the units that are being sequenced: the transfers whose keys stand in the chain, and those
  // whose claims do: a reference that has to be unique, or another reversal of the original.
  absl::flat_hash_set<const ledger::Transfer*> bound_;
  absl::flat_hash_set<const ledger::Transfer*> lost_claims_;
  absl::flat_hash_set<const ledger::Transfer*> claims_unreadable_;
  absl::flat_hash_set<const ledger::Transfer*> unreadable_;
  std::optional<ledger::StateRefusal> refused_state_;
  bool keys_readable_ = true;                  // false: none could be looked up
  std::optional<std::uint64_t> seals_;         // of all that was sequenced; read when it is needed
  std::deque<SnapshotInMakingPtr> copying_;    // one for each copy that the books make
  std::vector<SnapshotInMakingPtr> verified_;  // those that shards have a part in
  bool flush_scheduled_ = false;

  ledger::RunClock run_clock_;
  ledger::Sequence last_checkpoint_ = 0;
  std::vector<persistence::Posting> postings_;  // scratch
};

// Answers Init when the store is read. `reopen`: a predecessor wrote to the store. `root` tells a
// member of its replica and its log writer.
caf::behavior journal(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root,
                      bool reopen);

}  // namespace sg::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::Flush)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::Appended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::CountRunTime)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::LookForRoom)
