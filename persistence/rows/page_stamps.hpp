// What a checkpoint knows of the pages of balances that it rests on. The list is written with the
// checkpoint's marker, so that a start can tell whether every page is there, and none an older one.
//
//   list  := marker:u64 stamp*                          from page 0 on
//   stamp := (sequence - that of the page before):zigzag checksum:u32 (CRC-32C of the page's row)
//
// A page without a row has sequence 0 and checksum 0.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/chain/record.hpp"
#include "persistence/medium/key_value.hpp"

namespace sg::persistence {

struct PageStamp {
  Sequence sequence = 0;
  std::uint32_t checksum = 0;

  bool operator==(const PageStamp&) const = default;
};

// By page number.
using PageStamps = std::vector<PageStamp>;

struct PageList {
  Sequence marker = 0;
  PageStamps pages;
};

std::string encode(const PageList& list);
// Nothing when the bytes are no list.
std::optional<PageList> decode_page_list(std::string_view bytes);

// Notes a page that is `row` in the store; grows the list where it has to.
void note_page(PageStamps& stamps, const BalancePage& page, std::string_view row);

// The list of the last checkpoint. Nothing when there is none, or when the program that wrote the
// marker did not know of such lists.
StoreResult<std::optional<PageList>> read_page_list(const KeyValue& rows, Sequence marker);

// Why the pages that are there cannot be those of the checkpoint, or nothing. A page may be younger
// than in the list: the next checkpoint was under way.
std::optional<std::string> missing_pages(const PageList& list, const PageStamps& found);

}  // namespace sg::persistence
