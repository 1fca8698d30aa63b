// Which slot a name has: a hash table from texts to 32-bit values.
//
//   NameTable names;
//   names.insert("seb:operating", slot);
//   if (auto slot = names.find("seb:operating")) use(*slot);
//
// All texts stand in one block of bytes. So a million names cost 21 to 43 bytes each beside their
// text. A look-up touches two cache lines, the entry and the text, and both can be asked for ahead.
//
// Concurrency: not thread-safe. Limits: 32 GiB of texts; a name has at least one byte.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "containers/probe_table.hpp"

namespace sg::ledger {

class NameTable {
 public:
  using Value = std::uint32_t;

  // The hash that the functions below take. Its seed differs in each process, so that nobody can
  // choose names that collide.
  static std::uint64_t hash(std::string_view name);

  std::size_t size() const { return table_.size(); }
  // Bytes of all texts. Texts of erased names count until they are dropped.
  std::size_t text_bytes() const { return texts_.size(); }
  // The value of the name, or nullopt.
  std::optional<Value> find(std::string_view name) const { return find(name, hash(name)); }
  std::optional<Value> find(std::string_view name, std::uint64_t hash) const;
  // Adds the name. Returns false, and changes nothing, if the name is there already.
  bool insert(std::string_view name, Value value);
  // Removes the name if it is there.
  void erase(std::string_view name);

  // Asks the processor for the entry that find() looks at first.
  void prefetch(std::uint64_t hash) const { table_.prefetch(hash); }
  // Asks for the text that find() will compare. Returns what find() will probably answer: it
  // compares 32 bits of the hash only.
  std::optional<Value> prefetch_text(std::uint64_t hash) const;

 private:
  struct Entry {
    std::uint32_t tag = 0;  // the upper half of the hash; the lower half chooses the place
    Value value = 0;
    std::uint32_t length = 0;  // in bytes; 0: the entry is empty, since no name is
    std::uint32_t text = 0;    // where the text begins in texts_, in units of kTextUnit
    bool empty() const { return length == 0; }
  };
  // Texts begin at multiples of this many bytes, so that 32 bits can address 32 GiB of them.
  static constexpr std::size_t kTextUnit = 8;

  static std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }
  std::string_view text_of(const Entry& entry) const {
    return {&texts_[entry.text * kTextUnit], entry.length};
  }
  // The place of the name in table_, or kNowhere.
  std::size_t place_of(std::string_view name, std::uint64_t hash) const;
  // Appends the text, padded. Returns where it begins, in units of kTextUnit.
  std::uint32_t add_text(std::string_view name);
  // Copies the texts of living names into a new block.
  void drop_dead_texts();

  ProbeTable<Entry> table_;
  std::basic_string<char, std::char_traits<char>, HugePageAllocator<char>> texts_;
  std::size_t dead_ = 0;  // bytes of erased names in texts_, padding included
};

}  // namespace sg::ledger
