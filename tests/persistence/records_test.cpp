#include "bed.hpp"

namespace sg::persistence::test {
namespace {

ledger::NewParticipant participant(const std::string& id, ledger::ParticipantRole role) {
  ledger::NewParticipant wanted;
  wanted.id = id;
  wanted.name = "Name of " + id;
  wanted.role = role;
  wanted.metadata = {{"country", "SE"}, {"unit", "öre"}};
  return wanted;
}

ledger::NewAccount account(const std::string& participant_id, ledger::AccountType type) {
  ledger::NewAccount wanted;
  wanted.id = ledger::participant_account_id(participant_id, type);
  wanted.participant_id = participant_id;
  wanted.type = type;
  wanted.initial_balance = 500;
  wanted.floor = -250;
  wanted.metadata = {{"a", "1"}, {"", ""}};
  return wanted;
}

std::vector<std::string> ids_of(const auto& rows) {
  std::vector<std::string> ids;
  for (const auto& row : rows) ids.push_back(row.id);
  return ids;
}

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("A new store is empty") {
  Bed store(GENERATE(Backend::memory, Backend::rocksdb));
  CHECK(store->head().sequence == 0);
  CHECK(store->head().hash == BlockHash{});
  CHECK(store->durable() == 0);
  CHECK(store->checkpoint() == 0);
  CHECK(store->has_room());
  CHECK(value_of(store->load_balances()).empty());
  CHECK(value_of(store->transactions({})).empty());
  CHECK(value_of(store->first_at_or_after(0)) == 1);
  CHECK_FALSE(value_of(store->transaction(1)).has_value());
  CHECK_FALSE(value_of(store->account("a")).has_value());
  const auto report = value_of(store->verify(nullptr));
  CHECK(report.problems.empty());
  CHECK(report.blocks == 0);
  store.open();
  CHECK(store->durable() == 0);
}

TEST_CASE("Every kind of record is read back as it was written, also after a restart") {
  Bed store(GENERATE(Backend::memory, Backend::rocksdb));
  Group group = store->begin_group(store.now, 77);
  const auto bank = group.add(participant("seb", ledger::ParticipantRole::banking_partner));
  group.end_unit();
  const auto fees = group.add(account("seb", ledger::AccountType::fees));
  group.end_unit();
  ledger::NewAccount wanted;
  wanted.id = "alone";
  const auto alone = group.add(wanted);
  group.end_unit();
  const TransferSpec transfer{{{1, 10}, {0, -10}, {1, 5}}, "rent", "key-1"};
  CHECK(group.add(transfer.record()) == 4);
  group.end_unit();
  const TransferSpec credit{{{0, 3}}, "", "", ledger::TransferKind::credit};
  group.add(credit.record());
  group.end_unit();
  CHECK_FALSE(group.empty());
  CHECK(group.time() == store.now);
  store.append(std::move(group));

  CHECK(bank.sequence == 1);
  CHECK(fees.number == 0);
  CHECK(fees.sequence == 2);
  CHECK(alone.number == 1);
  CHECK(alone.created_at == store.now);

  for (const bool restarted : {false, true}) {
    CAPTURE(restarted);
    if (restarted) store.open();
    const auto head = store->head();
    CHECK(head.sequence == 5);
    CHECK(head.time == store.now);
    CHECK(head.run_ms == 77);
    CHECK(head.accounts == 2);
    CHECK(head.totals.transactions == 2);
    CHECK((head.totals.postings == 500 + 5 + 3));

    const auto read_bank = value_of(store->participant("seb"));
    REQUIRE(read_bank.has_value());
    CHECK(read_bank->name == "Name of seb");
    CHECK(read_bank->role == ledger::ParticipantRole::banking_partner);
    CHECK(read_bank->metadata == bank.metadata);
    CHECK(read_bank->sequence == 1);
    CHECK(read_bank->created_at == store.now);

    const auto read_fees = value_of(store->account("seb:fees"));
    REQUIRE(read_fees.has_value());
    CHECK(read_fees->participant_id == "seb");
    CHECK(read_fees->type == ledger::AccountType::fees);
    CHECK(read_fees->initial_balance == 500);
    CHECK(read_fees->floor == -250);
    CHECK(read_fees->metadata == fees.metadata);
    CHECK(read_fees->number == 0);
    CHECK(read_fees->sequence == 2);
    CHECK(read_fees->created_at == store.now);

    const auto read = value_of(store->transaction(4));
    REQUIRE(read.has_value());
    CHECK(read->kind == ledger::TransferKind::transfer);
    CHECK(read->reference == "rent");
    CHECK(read->time == store.now);
    REQUIRE(read->entries.size() == 3);
    CHECK(read->entries[0].account_id == "alone");
    CHECK(read->entries[0].amount == 10);
    CHECK(read->entries[1].account_id == "seb:fees");
    CHECK(read->entries[2].amount == 5);
    CHECK(value_of(store->transaction(5))->kind == ledger::TransferKind::credit);
    CHECK_FALSE(value_of(store->transaction(0)).has_value());
    CHECK_FALSE(value_of(store->transaction(2)).has_value());
    CHECK_FALSE(value_of(store->transaction(6)).has_value());

    CHECK(value_of(store->load_balances()) == std::vector<Amount>{493, 15});
    CHECK(value_of(store->load_state()).floors == std::vector<Amount>{-250, 0});
  }
}

TEST_CASE("Participants and accounts are listed by id, page by page") {
  Bed store(GENERATE(Backend::memory, Backend::rocksdb));
  using ledger::ParticipantRole;
  Group group = store->begin_group(1, 1);
  for (const auto& [id, role] :
       {std::pair{"c", ParticipantRole::supplier}, std::pair{"a", ParticipantRole::banking_partner},
        std::pair{"b", ParticipantRole::supplier}}) {
    group.add(participant(id, role));
    group.add(account(id, ledger::AccountType::usage));
    group.add(account(id, ledger::AccountType::operating));
    group.end_unit();
  }
  ledger::NewAccount alone;
  alone.id = "b2";
  group.add(alone);
  store.append(std::move(group));

  const auto any = ParticipantRole::unspecified;
  CHECK(ids_of(value_of(store->participants(any, "", 10))) == Ids{"a", "b", "c"});
  CHECK(ids_of(value_of(store->participants(any, "", 2))) == Ids{"a", "b"});
  CHECK(ids_of(value_of(store->participants(any, "b", 2))) == Ids{"c"});
  CHECK(ids_of(value_of(store->participants(any, "aa", 1))) == Ids{"b"});
  CHECK(ids_of(value_of(store->participants(ParticipantRole::supplier, "", 1))) == Ids{"b"});
  CHECK(ids_of(value_of(store->participants(ParticipantRole::supplier, "b", 9))) == Ids{"c"});
  CHECK(value_of(store->participants(any, "", 0)).empty());

  CHECK(ids_of(value_of(store->accounts("", 3))) == Ids{"a:operating", "a:usage", "b2"});
  CHECK(ids_of(value_of(store->accounts("b:usage", 3))) == Ids{"c:operating", "c:usage"});
  CHECK(ids_of(value_of(store->accounts("c:usage", 3))) == Ids{});

  // A list ends where its reader has enough; it is asked after each row, the last one included.
  std::size_t asked = 0;
  const auto enough_at = [&asked](std::size_t rows) {
    asked = 0;
    return [&asked, rows](const auto&) { return ++asked == rows; };
  };
  CHECK(ids_of(value_of(store->participants(any, "", 9, enough_at(2)))) == Ids{"a", "b"});
  CHECK(ids_of(value_of(store->participants(any, "", 2, enough_at(9)))) == Ids{"a", "b"});
  CHECK(asked == 2);
  CHECK(ids_of(value_of(store->accounts("", 9, enough_at(2)))) == Ids{"a:operating", "a:usage"});
  CHECK(ids_of(value_of(store->accounts("", 2, enough_at(9)))) == Ids{"a:operating", "a:usage"});
  CHECK(asked == 2);

  // By type, which is not the order of the ids or of creation.
  CHECK(ids_of(value_of(store->accounts_of("b"))) == Ids{"b:operating", "b:usage"});
  CHECK(ids_of(value_of(store->accounts_of("b2"))) == Ids{});
  CHECK(ids_of(value_of(store->accounts_of(""))) == Ids{});

  const auto names_until = [&](Sequence until) {
    Ids names;
    succeeded(store->for_each_account(until, [&](std::string_view id, AccountNumber number,
                                                 Amount floor) {
      names.push_back(std::string(id) + "/" + std::to_string(number) + "/" + std::to_string(floor));
    }));
    return names;
  };
  CHECK(names_until(5) == Ids{"a:usage/2/-250", "c:operating/1/-250", "c:usage/0/-250"});
  CHECK(names_until(~Sequence{0}).size() == 7);
  Ids participants;
  succeeded(
      store->for_each_participant(4, [&](std::string_view id) { participants.emplace_back(id); }));
  CHECK(participants == Ids{"a", "c"});
}

TEST_CASE("A group is appended only on the head that it was begun on") {
  Bed store(GENERATE(Backend::memory, Backend::rocksdb));
  store.create_account("a", 100);
  Group stale = store->begin_group(store.now, 1);
  stale.add(TransferSpec{{{0, 1}}}.record());
  store.transfer({{{0, 2}}});
  CHECK_FALSE(store->append_now(std::move(stale)).has_value());
  CHECK(store->durable() == 2);
  Group empty = store->begin_group(store.now, 1);
  CHECK(empty.empty());
  succeeded(store->append_now(std::move(empty)));
  CHECK(store->durable() == 2);
  CHECK(value_of(store->load_balances()) == std::vector<Amount>{102});
}

TEST_CASE("A block's time never falls, and is found by it") {
  Bed store(GENERATE(Backend::memory, Backend::rocksdb));
  store.now = 1'000;
  store.create_account("a", 100);
  store.transfers({{{{0, 1}}}, {{{0, 1}}}});
  store.now = 400;
  store.transfers({{{{0, 1}}}, {{{0, 1}}}});
  CHECK(store->head().time == 1'000);
  CHECK(value_of(store->transaction(5))->time == 1'000);
  store.now = 2'000;
  store.transfers({{{{0, 1}}}, {{{0, 1}}}});
  store.now = 2'001;
  store.transfer({{{0, 1}}});

  CHECK(value_of(store->first_at_or_after(0)) == 1);
  CHECK(value_of(store->first_at_or_after(1'000)) == 1);
  CHECK(value_of(store->first_at_or_after(1'001)) == 6);
  CHECK(value_of(store->first_at_or_after(2'000)) == 6);
  CHECK(value_of(store->first_at_or_after(2'001)) == 8);
  CHECK(value_of(store->first_at_or_after(2'002)) == 9);
}

TEST_CASE("A large group over many blocks is read back whole") {
  Bed store(GENERATE(Backend::memory, Backend::rocksdb));
  store.create_account("a", 1);
  store.create_account("b", 1'000'000);
  std::vector<TransferSpec> all;
  for (int i = 0; i < 3'000; ++i) {
    all.push_back({{{1, -(i % 7 + 1)}, {0, i % 7 + 1}}, "reference " + std::to_string(i)});
  }
  const auto sequences = store.transfers(all);
  store.open();
  for (std::size_t i = 0; i < all.size(); i += 97) {
    const auto read = value_of(store->transaction(sequences[i]));
    REQUIRE(read.has_value());
    CHECK(read->reference == all[i].reference);
    CHECK(read->entries[1].amount == all[i].postings[1].amount);
  }
  TransactionRange range;
  range.limit = 5'000;
  const auto listed = value_of(store->transactions(range));
  REQUIRE(listed.size() == all.size());
  CHECK(listed.front().sequence == sequences.back());
  CHECK(listed.back().sequence == sequences.front());
}

}  // namespace sg::persistence::test
