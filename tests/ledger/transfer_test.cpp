// The argument checks of a transfer, and which one tells when several apply.
#include "ledger/transfer.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "ledger/account.hpp"

namespace sg::ledger {
namespace {

Transfer transfer(TransferKind kind, std::span<const Entry> entries, std::string_view reference) {
  return {kind, entries, reference, "key"};
}

struct Row {
  std::string title;
  std::vector<Entry> entries;
  std::string reference;
  std::string key;
  std::optional<Reason> reason;
  std::string field;
};

void check_rows(TransferKind kind, const std::vector<Row>& rows) {
  for (const auto& row : rows) {
    INFO(row.title);
    const auto error = check(Transfer{kind, row.entries, row.reference, row.key});
    REQUIRE(error.has_value() == row.reason.has_value());
    if (!error) continue;
    CHECK(error->reason == *row.reason);
    CHECK(error->metadata == decltype(error->metadata){{"field", row.field}});
    CHECK(error->outcome == Outcome::none);
    CHECK(error->message.find(row.field) == 0);
  }
}

const std::string kLong(257, 'x');

TEST_CASE("A transfer's arguments are checked in entry order, then reference, then key",
          "[ledger][transfer]") {
  const std::vector<Entry> good{{"alice", -5}, {"bob", 5}};
  const std::vector<Entry> most(kMaxEntries, Entry{"alice", 1});
  const std::vector<Entry> more(kMaxEntries + 1, Entry{"", 0});
  check_rows(
      TransferKind::transfer,
      {
          {"good", good, "rent", "key", {}, ""},
          {"no key, no reference", good, "", "", {}, ""},
          {"4,096 entries", most, "", "", {}, ""},
          {"1 KiB of reference", good, std::string(1024, 'r'), "", {}, ""},
          {"a reference may break lines", good, "a\nb", "", {}, ""},
          {"no entries", {}, std::string(1025, 'r'), kLong, Reason::no_entries, "entries"},
          {"4,097 entries", more, "", "", Reason::too_many_entries, "entries"},
          {"empty id", {{"", 0}}, "", "", Reason::id_empty, "entries[0].account_id"},
          {"long id", {{kLong, 0}}, "", "", Reason::id_too_long, "entries[0].account_id"},
          {"control", {{"a\t", 1}}, "", "", Reason::id_control_character, "entries[0].account_id"},
          {"not UTF-8", {{"\xFF", 1}}, "", "", Reason::not_utf8, "entries[0].account_id"},
          {"amount 0 before a later empty id",
           {{"a", 1}, {"b", 0}, {"", 1}},
           "",
           "",
           Reason::amount_zero,
           "entries[1].amount"},
          {"entry before reference",
           {{"a", 1}, {"", 1}},
           std::string(1025, 'r'),
           kLong,
           Reason::id_empty,
           "entries[1].account_id"},
          {"reference before key", good, std::string(1025, 'r'), kLong, Reason::reference_too_long,
           "reference"},
          {"reference not UTF-8", good, "\xFF", kLong, Reason::not_utf8, "reference"},
          {"long key", good, "", kLong, Reason::id_too_long, "idempotency_key"},
          {"control in key", good, "", "a\n", Reason::id_control_character, "idempotency_key"},
          {"key not UTF-8", good, "", "\xFF", Reason::not_utf8, "idempotency_key"},
      });
}

TEST_CASE("A credit's and a debit's fields are named as in their requests", "[ledger][transfer]") {
  for (const auto kind : {TransferKind::credit, TransferKind::debit}) {
    check_rows(kind, {{"id", {{"", 1}}, "", "", Reason::id_empty, "account_id"},
                      {"amount", {{"a", 0}}, "", "", Reason::amount_zero, "amount"}});
  }
  CHECK(to_string(TransferKind::credit) == "credit");
  CHECK(to_string(TransferKind::debit) == "debit");
  CHECK(to_string(TransferKind::transfer) == "transfer");
}

TEST_CASE("The amount of a credit or debit is above 0", "[ledger][transfer]") {
  CHECK_FALSE(check_amount(1));
  CHECK_FALSE(check_amount(std::numeric_limits<Amount>::max()));
  for (const Amount amount : {Amount{0}, Amount{-1}, std::numeric_limits<Amount>::min()}) {
    const auto error = check_amount(amount);
    REQUIRE(error);
    CHECK(error->reason == Reason::amount_not_positive);
  }
}

TEST_CASE("The content of a transfer is method, entries, their order, and reference",
          "[ledger][transfer]") {
  const std::vector<Entry> entries{{"a", -5}, {"b", 5}};
  const auto base = transfer(TransferKind::transfer, entries, "rent");
  const std::string text = "a b rent";
  const std::string_view view = text;
  const std::vector<Entry> copies{{view.substr(0, 1), -5}, {view.substr(2, 1), 5}};
  auto same = transfer(TransferKind::transfer, copies, view.substr(4));
  same.idempotency_key = "another";
  CHECK(same_content(base, same));
  CHECK_FALSE(same_content(base, transfer(TransferKind::credit, entries, "rent")));
  CHECK_FALSE(same_content(base, transfer(TransferKind::transfer, entries, "rents")));
  const std::vector<std::vector<Entry>> others{{},
                                               {{"a", -5}},
                                               {{"b", 5}, {"a", -5}},
                                               {{"a", -5}, {"b", 6}},
                                               {{"a", -5}, {"bc", 5}},
                                               {{"a", -5}, {"b", 5}, {"b", 5}}};
  for (const auto& other : others) {
    CHECK_FALSE(same_content(base, transfer(TransferKind::transfer, other, "rent")));
    CHECK_FALSE(same_content(transfer(TransferKind::transfer, other, "rent"), base));
  }
}

}  // namespace
TEST_CASE("What a command says beside is checked, and is content", "[ledger][transfer]") {
  const std::vector<Entry> even{{"a", -5}, {"b", 5}};
  const std::vector<Entry> uneven{{"a", kMaxAmount}, {"b", kMaxAmount}};
  Details details{{{"k", "v"}}, 7, true};
  Transfer asked = transfer(TransferKind::transfer, even, "");
  asked.details = &details;
  CHECK_FALSE(check(asked));
  asked.entries = uneven;
  const auto unbalanced = check(asked);
  REQUIRE(unbalanced);
  CHECK(unbalanced->reason == Reason::entries_unbalanced);
  CHECK(unbalanced->message.find("sum to 18446744073709551614,") != std::string::npos);
  asked.entries = even;
  const std::string large(kMaxMetadataBytes, 'x');
  details.metadata = {{"k", large}};
  CHECK(check(asked)->reason == Reason::metadata_too_large);
  details.metadata = {{"k", std::string_view(large).substr(1)}};
  CHECK_FALSE(check(asked));
  details.metadata = {{"\xC3\x28", "v"}};
  CHECK(check(asked)->reason == Reason::not_utf8);

  details = {{{"k", "v"}}, 7, true};
  const Details same = details;
  auto other = asked;
  other.details = &same;
  CHECK(same_content(asked, other));
  other.details = nullptr;
  CHECK_FALSE(same_content(asked, other));
  CHECK_FALSE(same_content(other, asked));
  const Details later{{{"k", "v"}}, 8, true};
  other.details = &later;
  CHECK_FALSE(same_content(asked, other));
}

TEST_CASE("Metadata is sorted, and the last of equal keys counts", "[ledger][transfer]") {
  Details details{{{"b", "1"}, {"a", "1"}, {"b", "2"}, {"", "x"}, {"a", "0"}}, 0, false};
  sort_metadata(details);
  CHECK(details == Details{{{"", "x"}, {"a", "0"}, {"b", "2"}}, 0, false});
}

}  // namespace sg::ledger
