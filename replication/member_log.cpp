#include "replication/member_log.hpp"

#include <algorithm>

#include "persistence/chain/block_reader.hpp"
#include "persistence/encoding/bytes.hpp"

namespace sg::replication {
namespace {

using persistence::BlockPlace;
using persistence::ByteReader;
using persistence::LogRow;

BlockPlace place_of(const Entry& entry) {
  const auto place = persistence::decode_place(entry.data);
  if (!place) throw LogUnreadable("entry " + std::to_string(entry.index) + " names no block");
  return *place;
}

}  // namespace

std::vector<Entry> MemberLog::read(Index low, Index high, std::uint64_t max_bytes) const {
  const auto rows = store_.read_log(low, high, max_bytes);
  if (!rows) throw LogUnreadable(rows.error().message);
  std::vector<Entry> entries;
  entries.reserve(rows->size());
  for (const LogRow& row : *rows) {
    entries.push_back(
        {low + entries.size(), row.term, static_cast<EntryKind>(row.kind), row.data, nullptr});
  }
  return entries;
}

std::uint64_t MemberLog::bytes_to_send(const Entry& entry) const {
  return entry.data.size() + (entry.has_body() ? place_of(entry).bytes : 0);
}

Body MemberLog::read_body(const Entry& entry) const {
  const auto place = place_of(entry);
  auto bytes = store_.read_block(place);
  if (!bytes) return nullptr;
  const auto block = persistence::BlockView::parse(*bytes);
  if (!block || block->hash() != place.hash) return nullptr;
  return std::make_shared<const std::string>(std::move(*bytes));
}

persistence::LogAppend to_append(const LogWrite& write) {
  persistence::LogAppend step{
      {}, {write.hard_state.term, write.hard_state.vote}, write.hard_state.commit};
  step.entries.reserve(write.entries.size());
  for (const Entry& entry : write.entries) {
    step.entries.push_back(
        {entry.index, {entry.term, static_cast<std::uint8_t>(entry.kind), entry.data}, entry.body});
  }
  return step;
}

HardState hard_state_of(const persistence::MemberStore& store) {
  const auto& promise = store.log().promise();
  return {promise.term, promise.vote,
          std::max(store.committed_at_opening(), store.log().applied().index)};
}

Membership membership_of(const persistence::MemberStore& store) {
  auto membership = decode_membership(store.log().applied().membership);
  if (!membership) throw LogUnreadable("the membership in the store does not decode");
  return std::move(*membership);
}

std::string encode(const Membership& membership) {
  std::string bytes;
  const auto put = [&bytes](std::uint64_t number) {
    char buffer[persistence::kMaxVarintBytes];
    bytes.append(buffer, persistence::put_varint(buffer, number));
  };
  for (const auto* ids : {&membership.voters, &membership.learners, &membership.voters_outgoing,
                          &membership.learners_next}) {
    put(ids->size());
    for (const NodeId id : *ids) put(id);
  }
  put(membership.auto_leave ? 1 : 0);
  return bytes;
}

std::optional<Membership> decode_membership(std::string_view bytes) {
  ByteReader in(bytes);
  Membership membership;
  for (auto* ids : {&membership.voters, &membership.learners, &membership.voters_outgoing,
                    &membership.learners_next}) {
    const auto count = in.varint();
    // Each id has at least one byte.
    if (count > in.left()) return std::nullopt;
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto id = in.varint();
      if (id == 0) in.fail();
      ids->push_back(id);
    }
  }
  const auto leaves = in.varint();
  if (!in.at_end() || leaves > 1) return std::nullopt;
  membership.auto_leave = leaves == 1;
  return membership;
}

}  // namespace sg::replication
