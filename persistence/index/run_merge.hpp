// Merges neighbouring runs into one, a slice at a time, so that whoever does it stays free for
// other work in between.
#pragma once

#include <memory>
#include <vector>

#include "persistence/index/run.hpp"

namespace sg::persistence {

class RunMerge {
 public:
  // `inputs` oldest first, at least one; `id` of the run that is made.
  RunMerge(Family family, std::vector<RunPtr> inputs, std::uint32_t id);

  const std::vector<RunPtr>& inputs() const { return inputs_; }
  std::uint32_t id() const { return id_; }
  // Merges about so many mentions and writes them; the new run when that was the last of them,
  // otherwise null. After an error the merge is of no use any more.
  StoreResult<RunPtr> step(KeyValue& rows, std::size_t mentions);

 private:
  struct Reader {
    const Run* run;
    std::uint32_t next_page = 0;
    std::vector<Mention> page;
    std::size_t at = 0;
    bool ended = false;

    const Mention& mention() const { return page[at]; }
    StoreResult<void> advance(const KeyValue& rows);
    StoreResult<void> read_next_page(const KeyValue& rows);
  };

  std::vector<RunPtr> inputs_;
  std::uint32_t id_;
  std::vector<Reader> readers_;  // newest first: of one term theirs come in that order
  RunWriter writer_;
  bool started_ = false;
};

}  // namespace sg::persistence
