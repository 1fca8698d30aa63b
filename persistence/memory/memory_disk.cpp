// The disk has two images of its rows: `live_`, which readers see, and `synced_`, which survives a
// crash. A write changes live_ and is remembered in unsynced_. A sync applies the remembered
// batches to synced_. A crash applies the surviving ones only, then copies synced_ over live_.
#include "persistence/memory/memory_disk.hpp"

#include <utility>

namespace sg::persistence {

void MemoryDisk::apply(std::array<Rows, kFamilies>& rows, const Write& write) {
  auto& family = rows[static_cast<std::size_t>(write.family)];
  if (write.value) {
    family.insert_or_assign(write.key, write.value);
  } else {
    family.erase(write.key);
  }
}

void MemoryDisk::keep_unsynced(const Survivors& survivors) {
  const auto [of_older, younger_from, of_younger] = survivors;
  for (std::size_t i = 0; i < unsynced_.size(); ++i) {
    // A file ends where its first batch is missing, so a batch survives by its place in its file.
    const bool is_left = i < younger_from ? i < of_older : i - younger_from < of_younger;
    if (!is_left) continue;
    for (const auto& write : unsynced_[i]) apply(synced_, write);
  }
  unsynced_.clear();
}

void MemoryDisk::crash(std::size_t kept, bool keep_mark) { crash(Survivors{kept}, keep_mark); }

void MemoryDisk::crash(const Survivors& survivors, bool keep_mark) {
  const std::lock_guard lock(mutex_);
  keep_unsynced(survivors);
  live_ = synced_;
  if (!keep_mark) mark_ = synced_mark_;
  // A kept mark is one that reached the disk: a later crash cannot take it back.
  synced_mark_ = mark_;
  // What was open before the crash now fails.
  ++opening_;
}

void MemoryDisk::disown() {
  const std::lock_guard lock(mutex_);
  // The old medium no longer is the owner, and its rows belong to an older opening.
  ++owner_;
  ++opening_;
  locked_ = false;
}

std::size_t MemoryDisk::unsynced() const {
  const std::lock_guard lock(mutex_);
  return unsynced_.size();
}

// The requested faults. Each is used up by the operation that it fails, except that a full disk
// stays full until set_full(false).
void MemoryDisk::fail_next_write() {
  const std::lock_guard lock(mutex_);
  fail_write_ = true;
}
void MemoryDisk::fail_next_sync() {
  const std::lock_guard lock(mutex_);
  fail_sync_ = true;
}
void MemoryDisk::fail_next_ingest() {
  const std::lock_guard lock(mutex_);
  fail_ingest_ = true;
}
void MemoryDisk::fail_next_mark() {
  const std::lock_guard lock(mutex_);
  fail_mark_ = true;
}
void MemoryDisk::fail_next_open() {
  const std::lock_guard lock(mutex_);
  fail_open_ = true;
}
void MemoryDisk::set_full(bool full) {
  const std::lock_guard lock(mutex_);
  full_ = full;
}
void MemoryDisk::set_free_bytes(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  free_bytes_ = bytes;
}

void MemoryDisk::forget_faults() {
  const std::lock_guard lock(mutex_);
  fail_write_ = fail_sync_ = fail_ingest_ = fail_mark_ = fail_open_ = full_ = false;
  free_bytes_ = ~std::uint64_t{0};
}

void MemoryDisk::set_row(Family family, const std::string& key, std::optional<std::string> value) {
  const std::lock_guard lock(mutex_);
  // Into both images, so that the damage outlasts a crash and no later sync undoes it.
  Write write{family, key, nullptr};
  if (value) write.value = std::make_shared<const std::string>(std::move(*value));
  apply(live_, write);
  apply(synced_, write);
}

std::optional<std::string> MemoryDisk::row(Family family, const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto& rows = live_[static_cast<std::size_t>(family)];
  const auto found = rows.find(key);
  if (found == rows.end()) return std::nullopt;
  return *found->second;
}

std::vector<std::string> MemoryDisk::keys_of(Family family) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> keys;
  for (const auto& [key, value] : live_[static_cast<std::size_t>(family)]) keys.push_back(key);
  return keys;
}

void MemoryDisk::set_mark(std::optional<std::string> mark) {
  const std::lock_guard lock(mutex_);
  mark_ = std::move(mark);
  synced_mark_ = mark_;
}
std::optional<std::string> MemoryDisk::mark() const {
  const std::lock_guard lock(mutex_);
  return mark_;
}
std::uint64_t MemoryDisk::syncs() const {
  const std::lock_guard lock(mutex_);
  return syncs_;
}

}  // namespace sg::persistence
