#include "bench/engine/disk.hpp"

#include <stdexcept>

#include "persistence/encoding/bytes.hpp"
#include "persistence/rocks/directory_medium.hpp"

namespace sg::bench {
namespace {

using persistence::Family;

template <class Result>
Result must(Result result) {
  if (!result) throw std::runtime_error(result.error().message);
  return result;
}

}  // namespace

Disk::Disk(const std::filesystem::path& folder, std::function<void(std::uint64_t)> done)
    : medium_(persistence::make_directory_medium(folder, {})), done_(std::move(done)) {
  must(medium_->prepare(persistence::Access::read_write));
  must(medium_->create({}));
  rows_ = std::move(*must(medium_->open(persistence::Access::read_write)));
  thread_ = std::thread([this] { run(); });
}

Disk::~Disk() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Disk::write(replication::LogWrite write) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(write));
  }
  changed_.notify_one();
}

void Disk::run() {
  for (;;) {
    std::vector<replication::LogWrite> writes;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return is_over_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      writes.swap(waiting_);
    }
    const auto batch = rows_->new_batch();
    for (const auto& write : writes) {
      for (const auto& entry : write.entries) {
        batch->put(Family::meta, "row" + persistence::be64(entry.index), entry.data);
        if (entry.body) batch->put(Family::blocks, persistence::be64(entry.index), *entry.body);
      }
    }
    must(rows_->write(*batch, true));
    done_(writes.back().number);
  }
}

}  // namespace sg::bench
