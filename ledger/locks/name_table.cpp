// The memory of erased names is reclaimed by copying: when more than half of the block is dead, the
// living texts move to a new block. So an erase costs constant time on average.
#include "ledger/locks/name_table.hpp"

#include <absl/hash/hash.h>
#include <absl/strings/string_view.h>

#include "containers/prefetch.hpp"
#include "ledger/invariant.hpp"

namespace sg::ledger {
namespace {

// Fewer dead bytes than this are not worth a walk over all names.
constexpr std::size_t kDeadAtLeast = 64 << 10;

// `length`, rounded up to a multiple of `unit`.
constexpr std::size_t padded(std::size_t length, std::size_t unit) {
  return (length + unit - 1) / unit * unit;
}

}  // namespace

std::uint64_t NameTable::hash(std::string_view name) {
  return absl::Hash<absl::string_view>{}(absl::string_view(name.data(), name.size()));
}

std::size_t NameTable::place_of(std::string_view name, std::uint64_t hash) const {
  // Compare the tag first: the text is in another cache line.
  const auto tag = tag_of(hash);
  return table_.find(
      hash, [&](const Entry& entry) { return entry.tag == tag && text_of(entry) == name; });
}

std::optional<NameTable::Value> NameTable::find(std::string_view name, std::uint64_t hash) const {
  const auto place = place_of(name, hash);
  if (place == table_.kNowhere) return std::nullopt;
  return table_[place].value;
}

std::optional<NameTable::Value> NameTable::prefetch_text(std::uint64_t hash) const {
  const auto tag = tag_of(hash);
  const auto place = table_.find(hash, [tag](const Entry& entry) { return entry.tag == tag; });
  if (place == table_.kNowhere) return std::nullopt;
  ledger::prefetch(text_of(table_[place]).data());
  return table_[place].value;
}

bool NameTable::insert(std::string_view name, Value value) {
  const auto hashed = hash(name);
  if (place_of(name, hashed) != table_.kNowhere) return false;
  if (table_.full()) {
    // The table stores no whole hashes, so it has to compute them again from the texts.
    table_.grow(
        0, [this](const Entry& entry) { return hash(text_of(entry)); },
        [](std::size_t, std::size_t) {});
  }
  table_.insert(hashed,
                {tag_of(hashed), value, static_cast<std::uint32_t>(name.size()), add_text(name)});
  return true;
}

void NameTable::erase(std::string_view name) {
  const auto place = place_of(name, hash(name));
  if (place == table_.kNowhere) return;
  dead_ += padded(name.size(), kTextUnit);
  table_.erase(place, [this](const Entry& entry) { return hash(text_of(entry)); });
  if (dead_ >= kDeadAtLeast && dead_ > texts_.size() / 2) drop_dead_texts();
}

std::uint32_t NameTable::add_text(std::string_view name) {
  const auto begin = texts_.size();
  invariant(begin / kTextUnit <= ~std::uint32_t{0}, "the names of a shard take over 32 GiB");
  texts_.append(name);
  texts_.resize(padded(texts_.size(), kTextUnit));
  return static_cast<std::uint32_t>(begin / kTextUnit);
}

// Entries keep their places in the table; only the positions of their texts change.
void NameTable::drop_dead_texts() {
  const auto old = std::exchange(texts_, {});
  for (std::size_t place = 0; place < table_.places(); ++place) {
    Entry& entry = table_[place];
    if (entry.empty()) continue;
    entry.text = add_text(std::string_view(&old[entry.text * kTextUnit], entry.length));
  }
  dead_ = 0;
}

}  // namespace sg::ledger
