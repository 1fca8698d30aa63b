// What a checkpoint says about the pages of balances that it rests on: a stamp for each page. The
// list of stamps is written together with the checkpoint's marker. So a start can tell whether each
// page is there, and whether one of them is an older version.
//
//   list  := marker:u64 stamp*                          from page 0 on
//   stamp := (sequence - that of the page before):zigzag checksum:u32 (CRC-32C of the page's row)
//
// A page that has no row in the store has sequence 0 and checksum 0. The functions keep no state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/chain/record.hpp"
#include "persistence/medium/key_value.hpp"

namespace sg::persistence {

// Which version of a page is meant.
struct PageStamp {
  Sequence sequence = 0;       // at which the page's balances were taken
  std::uint32_t checksum = 0;  // CRC-32C of the page's row

  bool operator==(const PageStamp&) const = default;
};

// By page number.
using PageStamps = std::vector<PageStamp>;

// The list as it is stored, in the meta row kMetaCheckpointPages.
struct PageList {
  Sequence marker = 0;  // of the checkpoint that the list belongs to
  PageStamps pages;
};

std::string encode(const PageList& list);
// Nullopt if the bytes are not a list.
std::optional<PageList> decode_page_list(std::string_view bytes);

// Sets the stamp of a page; `row` is its encoding in the store. Grows the list if needed.
void note_page(PageStamps& stamps, const BalancePage& page, std::string_view row);

// The list of the checkpoint with this marker. Nullopt if the store has none, or if an earlier
// program wrote the marker, which did not know such lists. `corrupt` if the list does not decode or
// belongs to a later checkpoint.
StoreResult<std::optional<PageList>> read_page_list(const KeyValue& rows, Sequence marker);

// Why the pages that were found cannot be those of the checkpoint; nullopt if they can. A page may
// be younger than the list says, because the next checkpoint may have been under way.
std::optional<std::string> missing_pages(const PageList& list, const PageStamps& found);

}  // namespace sg::persistence
