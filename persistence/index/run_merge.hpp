// Merges neighbouring runs of an index into one. It works a slice at a time, so that the indexer
// can do other work in between.
//
//   RunMerge merge(Family::history, inputs, id);
//   RunPtr merged;
//   while (!merged) merged = *merge.step(rows, 500'000);   // errors left out
//
// Not thread-safe. Memory: one page for each input, and the new run's filter and page starts. The
// inputs stay as they are; the caller puts the new run into the list of runs.
#pragma once

#include <memory>
#include <vector>

#include "persistence/index/run.hpp"

namespace sg::persistence {

class RunMerge {
 public:
  // `inputs`: neighbours, oldest first, at least one. `id`: the number of the new run.
  RunMerge(Family family, std::vector<RunPtr> inputs, std::uint32_t id);

  const std::vector<RunPtr>& inputs() const { return inputs_; }
  std::uint32_t id() const { return id_; }
  // Merges about `mentions` more and writes the pages that are full. Returns the new run once all
  // inputs are read, otherwise null. After an error the merge must not be used again.
  StoreResult<RunPtr> step(KeyValue& rows, std::size_t mentions);

 private:
  // Walks one input.
  struct Reader {
    const Run* run;
    std::uint32_t next_page = 0;  // the page to read next
    std::vector<Mention> page;    // the page that was read last
    std::size_t at = 0;           // the mention in it
    bool ended = false;           // all mentions were read

    // The current mention; needs !ended.
    const Mention& mention() const { return page[at]; }
    // Goes to the next mention, reading a page if needed.
    StoreResult<void> advance(const KeyValue& rows);
    StoreResult<void> read_next_page(const KeyValue& rows);
  };

  std::vector<RunPtr> inputs_;
  std::uint32_t id_;
  // Newest run first. The inputs cover spans of sequences that do not overlap, so this is also the
  // order of one term's mentions.
  std::vector<Reader> readers_;
  RunWriter writer_;
  bool started_ = false;  // the first page of each input was read
};

}  // namespace sg::persistence
