#include "persistence/opening.hpp"

#include <array>
#include <utility>

#include "faults/fault_injection.hpp"
#include "persistence/chain/block_cursor.hpp"
#include "persistence/log/log_store.hpp"
#include "persistence/opening_checks.hpp"
#include "persistence/rows/high_water_mark.hpp"
#include "persistence/rows/meta.hpp"

namespace sg::persistence {
namespace {

struct Mark {
  enum class State : std::uint8_t { missing, empty, damaged, read };
  State state = State::missing;
  HighWaterMark value;
};

StoreResult<Mark> read_mark(const Medium& medium) {
  const auto bytes = medium.read_mark();
  if (!bytes) return tl::unexpected(bytes.error());
  if (!*bytes) return Mark{};
  if ((*bytes)->empty()) return Mark{Mark::State::empty, {}};
  const auto mark = decode_mark(**bytes);
  if (!mark) return Mark{Mark::State::damaged, {}};
  return Mark{Mark::State::read, *mark};
}

StoreResult<void> write_mark(Medium& medium, const ChainHead& head) {
  return medium.write_mark(encode(HighWaterMark{head.sequence, head.hash}), true);
}

StoreResult<void> create(Medium& medium) {
  const auto format = encode_format(kOldestFormat);
  const std::array<KeyRow, 2> meta{KeyRow{kMetaVersion, format},
                                   KeyRow{kMetaShardHash, kShardHashName}};
  if (auto created = medium.create(meta); !created) return created;
  return write_mark(medium, ChainHead{});
}

StoreResult<void> check_mark(const KeyValue& rows, const Mark& mark, const ChainHead& head) {
  if (mark.state == Mark::State::damaged) {
    return store_error(
        StoreFault::corrupt,
        "its high-water mark (file `head`) fails its checksum, so nothing tells whether "
        "acknowledged records are missing. If the store is known to be complete, "
        "replace it by an empty file");
  }
  if (mark.state == Mark::State::missing && head.sequence != 0) {
    return store_error(
        StoreFault::corrupt,
        "its high-water mark (file `head`) is missing, so nothing tells whether "
        "acknowledged records are missing. Copy it with the rest of the store; if the "
        "store is known to be complete, make an empty file");
  }
  if (mark.state != Mark::State::read || mark.value.sequence == 0) return {};
  const Sequence marked = mark.value.sequence;
  if (head.sequence < marked) {
    return store_error(StoreFault::lost_tail, "records up to sequence " + std::to_string(marked) +
                                                  " were acknowledged, but the chain ends at " +
                                                  std::to_string(head.sequence) +
                                                  ": the end of the WAL is missing");
  }
  BlockCursor cursor(rows);
  const auto found = cursor.seek(marked);
  if (!found) return tl::unexpected(found.error());
  if (!*found || cursor.block().last() != marked || cursor.block().hash() != mark.value.hash) {
    return store_error(StoreFault::corrupt, "the block that ends at sequence " +
                                                std::to_string(marked) +
                                                " is not the one that was acknowledged");
  }
  return {};
}

StoreResult<Checked> check(const KeyValue& rows, const Mark& mark) {
  const auto format = check_version(rows);
  if (!format) return tl::unexpected(format.error());
  const auto is_member = LogStore::is_member(rows);
  if (!is_member) return tl::unexpected(is_member.error());
  if (*is_member) {
    return store_error(
        StoreFault::unknown_version,
        "it belongs to a member of a cluster, and must not go on alone: start it with "
        "its [cluster]");
  }
  const auto head = read_head(rows);
  if (!head) return tl::unexpected(head.error());
  if (auto ok = check_links(rows); !ok) return tl::unexpected(ok.error());
  if (auto ok = check_mark(rows, mark, *head); !ok) return tl::unexpected(ok.error());
  const auto ends = check_derived(rows, *head);
  if (!ends) return tl::unexpected(ends.error());
  return Checked{*head, *ends, *format};
}

}  // namespace

StoreResult<OpenedStore> open_chain(Medium& medium, const StoreOptions& options, Opening opening) {
  const auto access = opening == Opening::to_read ? Access::read_only : Access::read_write;
  if (auto prepared = medium.prepare(access); !prepared) return tl::unexpected(prepared.error());
  auto mark = read_mark(medium);
  if (!mark) return tl::unexpected(mark.error());
  const auto exists = medium.has_store();
  if (!exists) return tl::unexpected(exists.error());
  if (!*exists) {
    if (mark->state == Mark::State::damaged || mark->value.sequence != 0) {
      return refused(medium, {StoreFault::lost_tail,
                              "records were acknowledged, but the database is missing"});
    }
    if (opening == Opening::to_read) {
      return store_error(StoreFault::io, "there is no store in " + medium.name());
    }
    if (auto created = create(medium); !created) return tl::unexpected(created.error());
    mark->state = Mark::State::empty;
  }
  auto opened = look_then_open(medium, options, opening,
                               [&](const KeyValue& rows) { return check(rows, *mark); });
  if (!opened) return refused(medium, opened.error());
  if (opening == Opening::to_read) return opened;
  faults::reach(faults::Point::opening_before_mark);
  if (auto written = write_mark(medium, opened->head); !written) {
    return tl::unexpected(written.error());
  }
  return opened;
}

}  // namespace sg::persistence
