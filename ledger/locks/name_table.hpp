// Which slot a name has. Texts stand in one block of bytes, so a million names cost 21 to 43 bytes
// each beside their text, and a look-up goes to two cache lines, both of which can be asked for
// ahead. Not thread-safe.
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

  // Of another seed in each process, so that nobody can choose names that collide.
  static std::uint64_t hash(std::string_view name);

  std::size_t size() const { return table_.size(); }
  // Those of names that were erased included, until they are dropped.
  std::size_t text_bytes() const { return texts_.size(); }
  std::optional<Value> find(std::string_view name) const { return find(name, hash(name)); }
  std::optional<Value> find(std::string_view name, std::uint64_t hash) const;
  // False when the name is there already.
  bool insert(std::string_view name, Value value);
  void erase(std::string_view name);

  // Asks for what find() looks at first.
  void prefetch(std::uint64_t hash) const { table_.prefetch(hash); }
  // Asks for the text that find() will compare, and says what it will probably answer.
  std::optional<Value> prefetch_text(std::uint64_t hash) const;

 private:
  struct Entry {
    std::uint32_t tag = 0;  // the half of the hash that does not choose the place
    Value value = 0;
    std::uint32_t length = 0;  // 0: empty, no name is
    std::uint32_t text = 0;    // into texts_, in units of kTextUnit
    bool empty() const { return length == 0; }
  };
  // Texts begin at multiples of it, so that 32 bits reach over 32 GiB of them.
  static constexpr std::size_t kTextUnit = 8;

  static std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }
  std::string_view text_of(const Entry& entry) const {
    return {&texts_[entry.text * kTextUnit], entry.length};
  }
  std::size_t place_of(std::string_view name, std::uint64_t hash) const;
  std::uint32_t add_text(std::string_view name);
  void drop_dead_texts();

  ProbeTable<Entry> table_;
  std::basic_string<char, std::char_traits<char>, HugePageAllocator<char>> texts_;
  std::size_t dead_ = 0;  // bytes of names that were erased
};

}  // namespace sg::ledger
