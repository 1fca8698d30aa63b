// A merge of sorted inputs, which are few, so the reader with the lowest term is found by looking
// at all of them. All mentions of that term are copied at once, from the newest run to the oldest.
// That needs no comparison of sequences, since the runs cover separate spans.
#include "persistence/index/run_merge.hpp"

namespace sg::persistence {
namespace {

// What the list of runs will say of the new run. Its mentions are counted as they are written.
RunFacts facts_of(const std::vector<RunPtr>& inputs, std::uint32_t id) {
  const auto& newest = inputs.back()->facts();
  RunFacts facts;
  facts.id = id;
  facts.level = inputs.front()->facts().level + 1;
  facts.first = inputs.front()->facts().first;
  facts.last = newest.last;
  facts.run_ms = newest.run_ms;
  return facts;
}

// An upper bound, since inputs share terms. The new run's filter is made for so many.
std::uint64_t terms_of(const std::vector<RunPtr>& inputs) {
  std::uint64_t terms = 0;
  for (const auto& run : inputs) terms += run->terms();
  return terms;
}

}  // namespace

RunMerge::RunMerge(Family family, std::vector<RunPtr> inputs, std::uint32_t id)
    : inputs_(std::move(inputs)),
      id_(id),
      writer_(family, facts_of(inputs_, id), terms_of(inputs_)) {
  for (auto run = inputs_.rbegin(); run != inputs_.rend(); ++run) {
    readers_.push_back({run->get(), 0, {}, 0, false});
  }
}

StoreResult<void> RunMerge::Reader::read_next_page(const KeyValue& rows) {
  at = 0;
  if (next_page == run->pages()) {
    ended = true;
    return {};
  }
  return run->read_page(rows, next_page++, page);
}

StoreResult<void> RunMerge::Reader::advance(const KeyValue& rows) {
  if (++at < page.size()) return {};
  return read_next_page(rows);
}

StoreResult<RunPtr> RunMerge::step(KeyValue& rows, std::size_t mentions) {
  if (!started_) {
    for (auto& reader : readers_) {
      if (auto read = reader.read_next_page(rows); !read) return tl::unexpected(read.error());
    }
    started_ = true;
  }
  for (std::size_t merged = 0; merged < mentions;) {
    // A slice ends between two terms, so it may exceed `mentions` by the mentions of one.
    const Reader* lowest = nullptr;
    for (const auto& reader : readers_) {
      if (reader.ended) continue;
      if (lowest == nullptr || reader.mention().term < lowest->mention().term) lowest = &reader;
    }
    if (lowest == nullptr) return writer_.finish(rows);
    const Term term = lowest->mention().term;
    for (auto& reader : readers_) {
      while (!reader.ended && reader.mention().term == term) {
        writer_.add(reader.mention());
        ++merged;
        if (auto moved = reader.advance(rows); !moved) return tl::unexpected(moved.error());
      }
    }
  }
  if (auto written = writer_.write_pages(rows); !written) return tl::unexpected(written.error());
  return RunPtr{};
}

}  // namespace sg::persistence
