// The list stores the differences of neighbouring sequences, which take fewer bytes than the
// sequences. It has one stamp for 64 accounts.
#include "persistence/rows/page_stamps.hpp"

#include "persistence/chain/format.hpp"
#include "persistence/encoding/bytes.hpp"
#include "persistence/encoding/crc32c.hpp"

namespace sg::persistence {
namespace {

// For messages.
std::string name_of_page(std::size_t page) {
  const auto first = page * kBalancesOfPage;
  return "the checkpointed balances of account numbers " + std::to_string(first) + " to " +
         std::to_string(first + kBalancesOfPage - 1);
}

}  // namespace

std::string encode(const PageList& list) {
  constexpr std::size_t kMostBytes = kMaxVarintBytes + sizeof(std::uint32_t);
  std::string bytes(sizeof list.marker + list.pages.size() * kMostBytes, '\0');
  char* to = put_fixed(bytes.data(), list.marker);
  Sequence before = 0;
  for (const PageStamp& page : list.pages) {
    to = put_varint(to, zigzag(static_cast<std::int64_t>(page.sequence - before)));
    to = put_fixed(to, page.checksum);
    before = page.sequence;
  }
  bytes.resize(static_cast<std::size_t>(to - bytes.data()));
  return bytes;
}

std::optional<PageList> decode_page_list(std::string_view bytes) {
  ByteReader in(bytes);
  PageList list;
  list.marker = in.fixed<Sequence>();
  Sequence before = 0;
  while (in.ok() && in.left() > 0) {
    // The list has no count: it ends with the row.
    PageStamp page;
    page.sequence = before + static_cast<Sequence>(in.signed_varint());
    page.checksum = in.fixed<std::uint32_t>();
    before = page.sequence;
    list.pages.push_back(page);
  }
  if (!in.at_end()) return std::nullopt;
  return list;
}

void note_page(PageStamps& stamps, const BalancePage& page, std::string_view row) {
  if (stamps.size() <= page.page) stamps.resize(std::size_t{page.page} + 1);
  stamps[page.page] = {page.sequence, crc32c(row)};
}

StoreResult<std::optional<PageList>> read_page_list(const KeyValue& rows, Sequence marker) {
  const auto bytes = rows.get(Family::meta, kMetaCheckpointPages);
  if (!bytes) return tl::unexpected(bytes.error());
  if (!*bytes) return std::nullopt;
  auto list = decode_page_list(**bytes);
  if (!list || list->marker > marker) {
    return store_error(StoreFault::corrupt,
                       "the list of the checkpoint's pages does not decode, or is of a later "
                       "checkpoint than its marker at sequence " +
                           std::to_string(marker));
  }
  // The list is that of an earlier checkpoint, so the marker was written without one.
  if (list->marker < marker) return std::nullopt;
  return list;
}

std::optional<std::string> missing_pages(const PageList& list, const PageStamps& found) {
  for (std::size_t page = 0; page < list.pages.size(); ++page) {
    const PageStamp& listed = list.pages[page];
    const PageStamp there = page < found.size() ? found[page] : PageStamp{};
    // Either the very page that the checkpoint wrote, or one of the next checkpoint.
    if (there == listed || there.sequence > listed.sequence) continue;
    const auto checkpoint = "the checkpoint at sequence " + std::to_string(list.marker);
    if (there.sequence == listed.sequence) {
      // The same version by its sequence, and yet other bytes.
      return name_of_page(page) + " are not the ones that " + checkpoint + " wrote";
    }
    return name_of_page(page) + " are " +
           (there.sequence == 0 ? "missing"
                                : "those of sequence " + std::to_string(there.sequence)) +
           ", " + checkpoint + " wrote those of sequence " + std::to_string(listed.sequence) +
           ": a write that it rests on was lost";
  }
  return std::nullopt;
}

}  // namespace sg::persistence
