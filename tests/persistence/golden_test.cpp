// Records of requests that the first servers knew are the bytes that those servers wrote: what came
// later shows in blocks that need it, and nowhere else.
#include <limits>

#include "bed.hpp"
#include "persistence/chain/format.hpp"

namespace sg::persistence::test {
namespace {

// What the program of format 4 made of fill(), as hexadecimal digits. Made by that program: it must
// never be made anew.
constexpr std::string_view kGolden =
#include "golden_blocks.inc"
    ;

std::string hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

// Every kind of record, with every field that it may have, and with none.
void fill(Bed& store) {
  auto created = store->begin_group(store.now, store.run_ms);
  ledger::NewParticipant seb;
  seb.id = "seb";
  seb.name = "S|E|B, öst";
  seb.role = ledger::ParticipantRole::banking_partner;
  seb.metadata = {{"country", "SE"}, {"", "empty"}};
  created.add(seb);
  created.end_unit();
  ledger::NewAccount fees;
  fees.id = "seb:fees";
  fees.participant_id = "seb";
  fees.type = ledger::AccountType::fees;
  fees.initial_balance = 1'000;
  fees.floor = -500;
  fees.metadata = {{"iban", "SE 35"}};
  created.add(fees);
  created.end_unit();
  ledger::NewAccount alone;
  alone.id = "alice";
  alone.floor = std::numeric_limits<Amount>::min();
  created.add(alone);
  created.end_unit();
  store.append(std::move(created));

  store.now += 17;
  store.run_ms += 5;
  using ledger::TransferKind;
  auto moved = store->begin_group(store.now, store.run_ms);
  const auto add = [&moved](const TransferSpec& spec, bool ends_unit = true) {
    moved.add(spec.record());
    if (ends_unit) moved.end_unit();
  };
  constexpr auto kMost = std::numeric_limits<Amount>::max();
  add({{{1, kMost}}, "", "", TransferKind::credit});
  add({{{1, -kMost}}, "a reference", "a key", TransferKind::debit});
  add({{{0, -5}, {1, 5}, {0, 0}}, "", "key 2"});
  add({{{0, -1}, {1, 1}}, "öre", ""}, false);
  add({{{1, -1}, {0, 1}}, std::string(300, 'x'), std::string(256, 'k')});
  store.append(std::move(moved));
}

TEST_CASE("Records of old requests are byte for byte what they were", "[persistence][golden]") {
  Bed store(GENERATE(Backend::memory, Backend::rocksdb));
  fill(store);
  const auto copy = value_of(store->read_blocks({}, store->durable(), 1 << 20));
  REQUIRE(copy.has_value());
  std::string all;
  for (const auto& block : copy->blocks) all += hex(block);
  CHECK(all == kGolden);
  CHECK(store->format() == kOldestFormat);
}

}  // namespace
}  // namespace sg::persistence::test
