// The format of the lists of runs:
//
//   runs     := next run:varint history:list keys:list
//   links    := secret indexed first-of-gap last-of-gap list     varints before the list
//   list     := count:varint facts{count}
//   facts    := id level first last mentions run_ms, each a varint
#include "persistence/index/run_list.hpp"

#include "persistence/encoding/bytes.hpp"

namespace sg::persistence {
namespace {

// Appends each number as a varint.
template <class... Numbers>
void put(std::string& bytes, Numbers... numbers) {
  char buffer[sizeof...(numbers) * kMaxVarintBytes];
  char* to = buffer;
  ((to = put_varint(to, static_cast<std::uint64_t>(numbers))), ...);
  bytes.append(buffer, static_cast<std::size_t>(to - buffer));
}

RunFacts get_facts(ByteReader& in) {
  RunFacts facts;
  facts.id = in.varint32();
  facts.level = in.varint32();
  facts.first = in.varint();
  facts.last = in.varint();
  facts.mentions = in.varint();
  facts.run_ms = static_cast<std::int64_t>(in.varint());
  return facts;
}

void put_runs(std::string& bytes, const std::vector<RunFacts>& runs) {
  put(bytes, runs.size());
  for (const auto& run : runs) {
    put(bytes, run.id, run.level, run.first, run.last, run.mentions, run.run_ms);
  }
}

void get_runs(ByteReader& in, std::vector<RunFacts>& runs) {
  for (auto count = in.varint(); in.ok() && count > 0; --count) runs.push_back(get_facts(in));
}

}  // namespace

Family family_of(Index index) { return index == Index::history ? Family::history : Family::keys; }

std::string encode(const RunList& list) {
  std::string bytes;
  put(bytes, list.next_run);
  for (const auto& runs : list.runs) put_runs(bytes, runs);
  return bytes;
}

std::string encode(const LinkList& list) {
  std::string bytes;
  put(bytes, list.secret, list.indexed, list.gap.first, list.gap.last);
  put_runs(bytes, list.runs);
  return bytes;
}

std::optional<RunList> decode_run_list(std::string_view bytes) {
  ByteReader in(bytes);
  RunList list;
  list.next_run = in.varint32();
  for (auto& runs : list.runs) get_runs(in, runs);
  if (!in.at_end()) return std::nullopt;
  return list;
}

std::optional<LinkList> decode_link_list(std::string_view bytes) {
  ByteReader in(bytes);
  LinkList list;
  list.secret = in.varint();
  list.indexed = in.varint();
  list.gap.first = in.varint();
  list.gap.last = in.varint();
  get_runs(in, list.runs);
  if (!in.at_end()) return std::nullopt;
  return list;
}

}  // namespace sg::persistence
