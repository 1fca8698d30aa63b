#include "actors/gateway/transport/recent_writes.hpp"

#include <algorithm>

#include "ledger/ids.hpp"

namespace sg::actors {

using ledger::ItemResult;

RecentWrite& RecentWrites::add(const ledger::Submission& submission, ledger::SteadyTime now) {
  auto& write = places_[added_++ % kPlaces];
  write.request_id.clear();
  write.method = {};
  write.caller.clear();
  write.times = submission.times;
  write.answered = now;
  write.items = submission.results.size();
  write.committed = 0;
  write.ranges.clear();
  write.refusals.clear();
  write.waits = submission.waits;
  for (std::size_t i = 0; i < submission.results.size(); ++i) {
    const auto& result = submission.results[i];
    if (result.state == ItemResult::State::committed) {
      ++write.committed;
      if (!write.ranges.empty() && write.ranges.back().last + 1 == result.sequence) {
        write.ranges.back().last = result.sequence;
      } else if (write.ranges.size() < kRanges) {
        write.ranges.push_back({result.sequence, result.sequence});
      }
    } else if (result.error && write.refusals.size() < kRefusals) {
      write.refusals.push_back({i, result.error});
    }
  }
  note_shards(submission, write);
  return write;
}

void RecentWrites::note_shards(const ledger::Submission& submission, RecentWrite& write) const {
  write.shards.clear();
  const auto transfers = submission.transfers();
  if (transfers.size() > kItemsWithShards) return;
  for (const auto& transfer : transfers) {
    for (const auto& entry : transfer.entries) {
      const auto shard = static_cast<std::uint32_t>(ledger::shard_of(entry.account_id, shards_));
      if (std::find(write.shards.begin(), write.shards.end(), shard) == write.shards.end()) {
        write.shards.push_back(shard);
      }
    }
  }
}

template <class Is>
const RecentWrite* RecentWrites::latest(Is is) const {
  const auto kept = std::min<std::uint64_t>(added_, kPlaces);
  for (std::uint64_t back = 1; back <= kept; ++back) {
    const auto& write = places_[(added_ - back) % kPlaces];
    if (is(write)) return &write;
  }
  return nullptr;
}

const RecentWrite* RecentWrites::of_request(std::string_view id) const {
  return latest([id](const RecentWrite& write) { return write.request_id == id; });
}

const RecentWrite* RecentWrites::of_sequence(ledger::Sequence sequence) const {
  return latest([sequence](const RecentWrite& write) {
    return std::any_of(write.ranges.begin(), write.ranges.end(), [=](const auto& range) {
      return range.first <= sequence && sequence <= range.last;
    });
  });
}

}  // namespace sg::actors
