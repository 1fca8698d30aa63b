// Keys of the store and names that clients get: they sort as what they stand for, none stands for
// two things, and what is read of one writes it again.
#include "actors/queries/page_token.hpp"
#include "ledger/ids.hpp"
#include "persistence/encoding/bytes.hpp"
#include "persistence/index/run.hpp"
#include "persistence/rows/rows.hpp"
#include "tests/fuzz/property.hpp"

using namespace sg;
using namespace sg::persistence;
using fuzz::must;

namespace {

constexpr std::size_t kShards = 7;

void check_numbers(ByteReader in) {
  const auto a = in.fixed<std::uint64_t>();
  const auto b = in.fixed<std::uint64_t>();
  if (!in.ok()) return;
  must((be64(a) < be64(b)) == (a < b), "keys of sequences sort as their numbers");
  must(get_be64(be64(a).data()) == a, "a sequence is read back from its key");
  const auto run_a = static_cast<std::uint32_t>(a >> 32);
  const auto run_b = static_cast<std::uint32_t>(b >> 32);
  const auto page_a = static_cast<std::uint32_t>(a);
  const auto page_b = static_cast<std::uint32_t>(b);
  must((run_key(run_a, page_a) < run_key(run_b, page_b)) == (a < b),
       "keys of pages sort by run and page");
  must(get_be32(be32(page_a).data()) == page_a, "a number is read back from its key");
  must(unzigzag(zigzag(static_cast<std::int64_t>(a))) == static_cast<std::int64_t>(a),
       "a signed number is read back");
  char bytes[kMaxVarintBytes];
  const auto* end = put_varint(bytes, a);
  ByteReader varint({bytes, static_cast<std::size_t>(end - bytes)});
  must(varint.varint() == a && varint.at_end(), "a varint is read back");
}

void check_varint(std::string_view bytes) {
  ByteReader in(bytes);
  const auto value = in.varint();
  if (!in.ok()) return;
  char again[kMaxVarintBytes];
  const auto* end = put_varint(again, value);
  must(std::string_view(again, static_cast<std::size_t>(end - again)) ==
           bytes.substr(0, bytes.size() - in.left()),
       "a varint that is read is written as the same bytes");
}

void check_transaction_id(std::string_view id) {
  const auto place = ledger::parse_transaction_id(id);
  if (place) {
    must(ledger::transaction_id(place->time, place->sequence) == id,
         "an id that is read is written as the same text");
  }
  ByteReader in(id);
  const auto time = static_cast<TimeMs>(in.fixed<std::uint64_t>() >> 16);
  const auto sequence = in.fixed<Sequence>();
  if (!in.ok() || sequence == 0) return;
  const auto made = ledger::parse_transaction_id(ledger::transaction_id(time, sequence));
  must(made && made->time == time && made->sequence == sequence, "an id tells its place");
}

void check_ids(std::string_view bytes) {
  const auto id = bytes.substr(0, bytes.size() / 2);
  const auto other = bytes.substr(bytes.size() / 2);
  if (ledger::check_id(id, "id")) return;
  must(ledger::is_utf8(id) && id.size() <= ledger::kMaxIdBytes, "an id is short UTF-8");
  must(ledger::shard_of(id, kShards) == ledger::shard_of(ledger::shard_key(id), kShards),
       "a participant and its accounts share a shard");
  if (ledger::check_id(other, "id") || id == other) return;
  const auto prefix = participant_account_prefix(id);
  must(!participant_account_prefix(other).starts_with(prefix),
       "the accounts of one participant are not another's");
}

void check_page_token(std::string_view bytes) {
  const auto listing = bytes.substr(0, bytes.size() / 2);
  const auto position = bytes.substr(bytes.size() / 2);
  must(actors::read_page_token(listing, actors::make_page_token(listing, position)) == position,
       "a page token tells its position");
  (void)actors::read_page_token(listing, position);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [kind, bytes] = fuzz::choice_of(fuzz::text_of(data, size));
  switch (kind % 5) {
    case 0:
      check_numbers(ByteReader(bytes));
      break;
    case 1:
      check_varint(bytes);
      break;
    case 2:
      check_transaction_id(bytes);
      break;
    case 3:
      check_ids(bytes);
      break;
    default:
      check_page_token(bytes);
  }
  return 0;
}
