// The latest writes that were answered, so that an operator can ask what one of them waited for:
// when it passed each stage, which shards it touched, which locks it waited for, and why items of
// it were refused.
//
// Bounds: kPlaces writes; of each the first few ranges, refusals and waits. A place is used again,
// with its memory.
//
// Concurrency: not thread-safe; the gateway's thread owns it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/submission.hpp"

namespace sg::actors {

struct RecentWrite {
  struct Range {
    ledger::Sequence first = 0;
    ledger::Sequence last = 0;
  };
  struct RefusedItem {
    std::size_t item = 0;
    std::shared_ptr<const ledger::Error> error;
  };

  std::string request_id;    // empty: its client gave it none, and all of it committed
  std::string_view method;   // of the table of methods
  std::string caller;        // empty: not known
  ledger::TimeMs ended = 0;  // when it was answered
  ledger::WriteTimes times;
  ledger::SteadyTime answered{};
  std::size_t items = 0;
  std::size_t committed = 0;
  std::vector<Range> ranges;          // of what committed
  std::vector<RefusedItem> refusals;  // the first of what did not
  std::vector<std::uint32_t> shards;  // of a write with few items: those that it touched
  std::vector<ledger::LockWait> waits;
};

class RecentWrites {
 public:
  static constexpr std::size_t kPlaces = 4'096;
  static constexpr std::size_t kRanges = 16;
  static constexpr std::size_t kRefusals = 4;
  // Of a write with more items the shards are not told: it touches most of them.
  static constexpr std::size_t kItemsWithShards = 4;

  explicit RecentWrites(std::size_t shards) : shards_(shards), places_(kPlaces) {}

  // A place for a write that is answered now, with what the submission says. The caller fills in
  // the rest.
  RecentWrite& add(const ledger::Submission& submission, ledger::SteadyTime now);
  // The latest of that request, or the one that has committed the sequence; null: none is kept.
  const RecentWrite* of_request(std::string_view id) const;
  const RecentWrite* of_sequence(ledger::Sequence sequence) const;

 private:
  template <class Is>
  const RecentWrite* latest(Is is) const;
  void note_shards(const ledger::Submission& submission, RecentWrite& write) const;

  std::size_t shards_;
  std::vector<RecentWrite> places_;
  std::uint64_t added_ = 0;
};

}  // namespace sg::actors
