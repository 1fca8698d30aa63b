// The hand-written reader and writer against the generated code.
#include <rapidcheck/catch.h>

#include <algorithm>
#include <map>

#include "proto/conversion.hpp"
#include "proto/ledger.pb.h"
#include "proto/transfer_reader.hpp"
#include "proto/transfer_writer.hpp"

using namespace sg;
namespace wire = scalegraph::ledger;

namespace {

std::string any_text() {
  static const std::vector<std::string> kTexts{
      "",         "a", "alice:operating", "öre", "\xE2\x82\xAC 5", std::string(300, 'x'),
      "\xC3\x28",  // not UTF-8
  };
  // Mostly good ones, or few requests would parse.
  const auto last = *rc::gen::inRange(0, 12) == 0 ? kTexts.size() : kTexts.size() - 1;
  return kTexts[*rc::gen::inRange<std::size_t>(0, last)];
}

wire::TransferRequest any_transfer() {
  wire::TransferRequest transfer;
  const auto entries = *rc::gen::inRange(0, 4);
  for (int i = 0; i < entries; ++i) {
    auto& entry = *transfer.add_entries();
    entry.set_account_id(any_text());
    entry.set_amount(*rc::gen::arbitrary<std::int64_t>());
  }
  transfer.set_reference(any_text());
  transfer.set_idempotency_key(any_text());
  return transfer;
}

wire::TransferBatchRequest any_batch() {
  wire::TransferBatchRequest batch;
  const auto transfers = *rc::gen::inRange(0, 4);
  for (int i = 0; i < transfers; ++i) *batch.add_transfers() = any_transfer();
  batch.set_atomic(*rc::gen::arbitrary<bool>());
  return batch;
}

void check_same(const wire::TransferRequest& expected, const ledger::Transfer& read) {
  RC_ASSERT(read.reference == expected.reference());
  RC_ASSERT(read.idempotency_key == expected.idempotency_key());
  RC_ASSERT(read.entries.size() == static_cast<std::size_t>(expected.entries_size()));
  for (int i = 0; i < expected.entries_size(); ++i) {
    const auto& entry = read.entries[static_cast<std::size_t>(i)];
    RC_ASSERT(entry.account_id == expected.entries(i).account_id());
    RC_ASSERT(entry.amount == expected.entries(i).amount());
  }
}

wire::PolicyAction any_policy() {
  wire::PolicyAction policy;
  const auto flip = [] { return *rc::gen::arbitrary<bool>(); };
  const auto amount = [] { return *rc::gen::arbitrary<std::int64_t>(); };
  policy.set_account_id(any_text());
  if (flip()) policy.set_floor(amount());
  if (flip()) policy.set_ceiling(amount());
  policy.set_clear_ceiling(flip());
  if (flip()) policy.set_debits_frozen(flip());
  if (flip()) policy.set_credits_frozen(flip());
  policy.set_status(static_cast<wire::AccountStatus>(*rc::gen::inRange(0, 3)));
  policy.set_sweep_to(any_text());
  policy.set_allow_beyond(flip());
  policy.set_note(any_text());
  if (flip()) policy.set_require_balanced(flip());
  return policy;
}

template <class Value>
std::optional<Value> given(bool is_given, Value value) {
  return is_given ? std::optional(value) : std::nullopt;
}

// What the message asks for. Its texts have to outlive the view.
ledger::PolicyChange change_of(const wire::PolicyAction& policy) {
  ledger::PolicyChange change;
  change.account_id = policy.account_id();
  change.floor = given(policy.has_floor(), policy.floor());
  change.ceiling = given(policy.has_ceiling(), policy.ceiling());
  change.clear_ceiling = policy.clear_ceiling();
  change.debits_frozen = given(policy.has_debits_frozen(), policy.debits_frozen());
  change.credits_frozen = given(policy.has_credits_frozen(), policy.credits_frozen());
  change.status = static_cast<ledger::AccountStatus>(policy.status());
  change.sweep_to = policy.sweep_to();
  change.allow_beyond = policy.allow_beyond();
  change.note = policy.note();
  change.require_balanced = given(policy.has_require_balanced(), policy.require_balanced());
  return change;
}

wire::Command any_command() {
  wire::Command command;
  const auto transfer = any_transfer();
  const auto action = *rc::gen::inRange(0, 10);
  if (action > 7) {
    *command.mutable_policy() = any_policy();
  } else if (action > 2) {
    *command.mutable_transfer()->mutable_entries() = transfer.entries();
  } else if (action > 0) {
    auto& reverse = *command.mutable_reverse();
    reverse.set_transaction_id(
        *rc::gen::arbitrary<bool>()
            ? any_text()
            : ledger::transaction_id(*rc::gen::inRange(0, 99), *rc::gen::inRange(0, 99)));
    if (*rc::gen::arbitrary<bool>()) *reverse.mutable_entries() = transfer.entries();
  }
  command.set_reference(transfer.reference());
  command.set_idempotency_key(transfer.idempotency_key());
  for (auto pairs = *rc::gen::inRange(0, 4); pairs > 0; --pairs) {
    (*command.mutable_metadata())[any_text()] = any_text();
  }
  if (*rc::gen::arbitrary<bool>()) {
    command.mutable_options()->set_balanced(*rc::gen::arbitrary<bool>());
    command.mutable_options()->set_unique_reference(*rc::gen::arbitrary<bool>());
    command.mutable_options()->set_effective_at(*rc::gen::arbitrary<std::int64_t>());
  }
  return command;
}

// Whether it takes back what an id may name.
bool is_id(const wire::Command& command) {
  const auto place = ledger::parse_transaction_id(command.reverse().transaction_id());
  return place && place->sequence != 0;
}

void check_same(const wire::Command& expected, const ledger::Transfer& read) {
  wire::TransferRequest plain;
  *plain.mutable_entries() =
      expected.has_reverse() ? expected.reverse().entries() : expected.transfer().entries();
  for (const auto& id : {expected.policy().account_id(), expected.policy().sweep_to()}) {
    if (!id.empty()) plain.add_entries()->set_account_id(id);
  }
  plain.set_reference(expected.reference());
  plain.set_idempotency_key(expected.idempotency_key());
  check_same(plain, read);
  const auto details = read.details != nullptr ? *read.details : ledger::Details();
  RC_ASSERT((read.details == nullptr) == details.empty());
  const auto place = ledger::parse_transaction_id(expected.reverse().transaction_id());
  RC_ASSERT((read.kind == ledger::TransferKind::reversal) == expected.has_reverse());
  RC_ASSERT((read.kind == ledger::TransferKind::policy) == expected.has_policy());
  RC_ASSERT((details.policy == given(expected.has_policy(), change_of(expected.policy()))));
  const bool is_id = place && place->sequence != 0;
  RC_ASSERT((details.reverses == (is_id ? *place : ledger::TransactionPlace())));
  RC_ASSERT(details.reverses_all == (is_id && expected.reverse().entries().empty()));
  RC_ASSERT(details.balanced == expected.options().balanced());
  RC_ASSERT(details.unique_reference == expected.options().unique_reference());
  RC_ASSERT(details.effective_at == expected.options().effective_at());
  const std::map<std::string, std::string> metadata(expected.metadata().begin(),
                                                    expected.metadata().end());
  RC_ASSERT((metadata ==
             std::map<std::string, std::string>(details.metadata.begin(), details.metadata.end())));
}

// Reads what the generated code reads, and refuses what it refuses.
void check_agreement(const std::string& bytes) {
  wire::TransferBatchRequest expected;
  proto::TransferList read;
  const bool good = expected.ParseFromString(bytes);
  RC_ASSERT(proto::read_batch(bytes, read) == good);
  if (!good) return;
  RC_ASSERT(read.atomic == expected.atomic());
  RC_ASSERT(read.transfers.size() == static_cast<std::size_t>(expected.transfers_size()));
  for (int i = 0; i < expected.transfers_size(); ++i) {
    check_same(expected.transfers(i), read.transfers[static_cast<std::size_t>(i)]);
  }
}

std::string bytes_of(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  REQUIRE(buffer.DumpToSingleSlice(&slice).ok());
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

}  // namespace

TEST_CASE("A request is read as the generated code reads it") {
  rc::prop("a batch", [] { check_agreement(any_batch().SerializeAsString()); });
  rc::prop("a single transfer", [] {
    const auto bytes = any_transfer().SerializeAsString();
    wire::TransferRequest expected;
    proto::TransferList read;
    const bool good = expected.ParseFromString(bytes);
    RC_ASSERT(proto::read_transfer(bytes, read) == good);
    if (!good) return;
    RC_ASSERT(read.transfers.size() == 1u);
    check_same(expected, read.transfers.front());
  });
}

// Found by the next test: the stream of bytes takes tags that the generated parser does not.
TEST_CASE("A tag of more than five bytes is no tag") {
  for (const auto* bytes : {"\xF1\xA8\xD1\xA4\xD3"
                            "aaaaaaaaa",
                            "\x8A\x80\x80\x80\x80\x80"}) {
    proto::TransferList read;
    CHECK_FALSE(wire::TransferBatchRequest().ParseFromString(bytes));
    CHECK_FALSE(proto::read_batch(bytes, read));
    CHECK_FALSE(proto::read_transfer(bytes, read));
  }
}

// Found by the fuzz target `transfer`, as are the next.
TEST_CASE("A size of more than five bytes is no size") {
  using namespace std::string_literals;
  for (const auto& bytes : {
           "\x0A\x80\x80\x80\x80\x80\x00"s,   // of an entry, a transfer
           "\x12\x81\x80\x80\x80\x80\x00x"s,  // of a text
           "\x2A\x81\x80\x80\x80\x80\x00x"s,  // of a field of a later version
       }) {
    CAPTURE(bytes);
    proto::TransferList read;
    CHECK_FALSE(wire::TransferRequest().ParseFromString(bytes));
    CHECK_FALSE(proto::read_transfer(bytes, read));
    check_agreement(bytes);
  }
}

TEST_CASE("A tag of more than five bytes is none in a field of a later version either") {
  using namespace std::string_literals;
  const auto bytes = "\x2B\xA8\x80\x80\x80\x80\x00\x05\x2C"s;
  proto::TransferList read;
  CHECK_FALSE(wire::TransferRequest().ParseFromString(bytes));
  CHECK_FALSE(proto::read_transfer(bytes, read));
}

TEST_CASE("Messages and groups nest as deep as the generated parser lets them") {
  const auto message = [](const std::string& inner) {
    wire::ErrorResponse as_text;  // field 2 as text has the bytes of a message
    as_text.set_message(inner);
    auto bytes = as_text.SerializeAsString();
    bytes[0] = 0x0A;
    return bytes;
  };
  for (const std::size_t groups : {96, 97, 98, 99, 100, 101}) {
    CAPTURE(groups);
    const auto nested = std::string(groups, '\x2B') + std::string(groups, '\x2C');
    for (const auto& bytes : {nested, message(nested), message(message(nested))}) {
      check_agreement(bytes);
      proto::TransferList read;
      CHECK(proto::read_transfer(bytes, read) == wire::TransferRequest().ParseFromString(bytes));
    }
  }
}

TEST_CASE("A damaged request is refused where the generated code refuses it") {
  rc::prop("cut", [] {
    const auto bytes = any_batch().SerializeAsString();
    check_agreement(bytes.substr(0, *rc::gen::inRange<std::size_t>(0, bytes.size() + 1)));
  });
  rc::prop("with changed bytes", [] {
    auto bytes = any_batch().SerializeAsString();
    if (bytes.empty()) return;
    for (int i = *rc::gen::inRange(1, 4); i > 0; --i) {
      bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] = *rc::gen::arbitrary<char>();
    }
    check_agreement(bytes);
  });
  rc::prop("of any bytes", [](const std::string& bytes) { check_agreement(bytes); });
}

TEST_CASE("Fields of a later version are passed over") {
  auto bytes = wire::TransferBatchRequest().SerializeAsString();
  bytes +=
      "\x1A\x03"
      "abc";            // field 3, three bytes
  bytes += "\x20\x05";  // field 4, a number
  check_agreement(bytes);
  proto::TransferList read;
  CHECK(proto::read_batch(bytes, read));
}

TEST_CASE("Answers are the bytes that the generated code would make") {
  rc::prop("whatever was committed and refused", [] {
    wire::TransferBatchRequest request;
    do {
      request = any_batch();
    } while (!wire::TransferBatchRequest().ParseFromString(request.SerializeAsString()));
    const auto request_bytes = request.SerializeAsString();
    proto::TransferList list;
    RC_ASSERT(proto::read_batch(request_bytes, list));
    std::vector<ledger::ItemResult> results(list.transfers.size());
    wire::TransferBatchResponse expected;
    for (std::size_t i = 0; i < results.size(); ++i) {
      auto& result = results[i];
      auto& wanted = *expected.add_results();
      if (*rc::gen::inRange(0, 4) == 0) {
        result.state = ledger::ItemResult::State::refused;
        result.error = std::make_shared<const ledger::Error>(ledger::Error{
            ledger::Reason::insufficient_funds, "too little", {{"balance", "5"}}, {}});
        proto::fill(*wanted.mutable_error(), *result.error);
        continue;
      }
      result.state = ledger::ItemResult::State::committed;
      result.sequence = *rc::gen::inRange<ledger::Sequence>(1, 1'000'000'000'000);
      result.time = *rc::gen::inRange<ledger::TimeMs>(0, 2'000'000'000'000);
      list.transfers[i].kind =
          *rc::gen::element(ledger::TransferKind::credit, ledger::TransferKind::transfer);
      const auto& transfer = list.transfers[i];
      auto& transaction = *wanted.mutable_transaction();
      transaction.set_id(ledger::transaction_id(result.time, result.sequence));
      transaction.set_type(std::string(to_string(transfer.kind)));
      for (const auto& entry : transfer.entries) {
        auto& added = *transaction.add_entries();
        added.set_account_id(std::string(entry.account_id));
        added.set_amount(entry.amount);
      }
      transaction.set_timestamp(result.time);
      transaction.set_reference(std::string(transfer.reference));
      RC_ASSERT(bytes_of(proto::write_transaction(transfer, result)) ==
                transaction.SerializeAsString());
    }
    const auto written = bytes_of(proto::write_results(list.transfers, results));
    // Maps have no order, so refusals are compared as messages.
    wire::TransferBatchResponse read;
    RC_ASSERT(read.ParseFromString(written));
    RC_ASSERT(written.size() == expected.ByteSizeLong());
    RC_ASSERT(read.results_size() == expected.results_size());
    for (int i = 0; i < read.results_size(); ++i) {
      RC_ASSERT(read.results(i).has_transaction() == expected.results(i).has_transaction());
      RC_ASSERT(read.results(i).transaction().SerializeAsString() ==
                expected.results(i).transaction().SerializeAsString());
      RC_ASSERT(read.results(i).error().message() == expected.results(i).error().message());
      RC_ASSERT(read.results(i).error().metadata().size() ==
                expected.results(i).error().metadata().size());
    }
  });
}

TEST_CASE("Commands are read as the generated code reads them") {
  rc::prop("a batch of commands", [] {
    wire::CommandBatch batch;
    for (auto commands = *rc::gen::inRange(0, 4); commands > 0; --commands) {
      *batch.add_commands() = any_command();
    }
    batch.set_atomic(*rc::gen::arbitrary<bool>());
    const auto bytes = batch.SerializeAsString();
    const bool has_actions = std::all_of(
        batch.commands().begin(), batch.commands().end(),
        [](const auto& command) { return command.action_case() != wire::Command::ACTION_NOT_SET; });
    proto::TransferList read;
    const bool good = wire::CommandBatch().ParseFromString(bytes) && has_actions;
    RC_ASSERT(proto::read_batch(bytes, read, proto::BatchForm::commands) == good);
    if (!good) return;
    RC_ASSERT(read.atomic == batch.atomic());
    RC_ASSERT(read.transfers.size() == static_cast<std::size_t>(batch.commands_size()));
    for (int i = 0; i < batch.commands_size(); ++i) {
      check_same(batch.commands(i), read.transfers[static_cast<std::size_t>(i)]);
    }
  });
}

TEST_CASE("A command that asks for nothing, or for what is not known, is refused with its place") {
  using namespace std::string_literals;
  const auto refusal = [](const std::string& bytes) {
    proto::TransferList list;
    proto::TransferReader reader(bytes, list, proto::BatchForm::commands);
    auto state = proto::TransferReader::State::more;
    while (state == proto::TransferReader::State::more) {
      state = reader.read_batch(1'000, [](const ledger::Transfer&) { return true; });
    }
    REQUIRE(state == proto::TransferReader::State::refused);
    return reader.error();
  };
  wire::CommandBatch batch;
  batch.add_commands()->mutable_transfer();
  batch.add_commands();
  CHECK(refusal(batch.SerializeAsString()).reason == ledger::Reason::action_missing);
  CHECK(refusal(batch.SerializeAsString()).metadata.front().second == "commands[1].action");
  // Of the batch, of a command (hold), of its transfer, of an entry, of its options, of a pair.
  for (const auto& [bytes, field] :
       {std::pair{"\x18\x01"s, "3"s},
        {"\x0A\x02\x12\x00"s, "commands[0].2"s},
        {"\x0A\x04\x0A\x02\x10\x01"s, "commands[0].transfer.2"s},
        {"\x0A\x06\x0A\x04\x0A\x02\x18\x01"s, "commands[0].transfer.entries[0].3"s},
        {"\x0A\x05\x8A\x01\x02\x20\x01"s, "commands[0].options.4"s},
        {"\x0A\x05\x82\x01\x02\x18\x01"s, "commands[0].metadata.3"s}}) {
    CAPTURE(field);
    const auto error = refusal(bytes);
    CHECK(error.reason == ledger::Reason::field_unknown);
    CHECK(error.metadata.front().second == field);
  }
}

TEST_CASE("The answer to a command tells its details and its place") {
  rc::prop("as the generated code writes it", [] {
    const auto command = any_command();
    const auto bytes = command.SerializeAsString();
    proto::TransferList read;
    proto::TransferReader reader(bytes, read, proto::BatchForm::commands);
    if (reader.read_transfer() != proto::TransferReader::State::whole) return;
    ledger::ItemResult result;
    result.state = ledger::ItemResult::State::committed;
    result.sequence = *rc::gen::arbitrary<std::uint64_t>();
    result.time = *rc::gen::arbitrary<std::uint32_t>();
    const auto& transfer = read.transfers.front();
    auto told = proto::write_transaction(transfer, result, proto::TransactionForm::whole);
    grpc::Slice slice;
    RC_ASSERT(told.DumpToSingleSlice(&slice).ok());
    wire::Transaction answer;
    RC_ASSERT(answer.ParseFromArray(slice.begin(), static_cast<int>(slice.size())));
    RC_ASSERT(answer.sequence() == result.sequence);
    RC_ASSERT(answer.reference() == command.reference());
    RC_ASSERT(answer.effective_at() == command.options().effective_at());
    RC_ASSERT(answer.metadata_size() == command.metadata_size());
    for (const auto& [key, value] : command.metadata()) {
      RC_ASSERT(answer.metadata().at(key) == value);
    }
    const auto entries = command.has_reverse() ? command.reverse().entries_size()
                                               : command.transfer().entries_size();
    RC_ASSERT(answer.entries_size() == entries);
    RC_ASSERT((answer.reverses() == (is_id(command) ? command.reverse().transaction_id() : "")));
  });
}

TEST_CASE("A batch of an import has a type with each transaction, and knows all of its fields") {
  rc::prop("a batch", [] {
    wire::ImportRequest expected;
    const auto batch = any_batch();
    for (const auto& transfer : batch.transfers()) {
      auto& one = *expected.add_transactions();
      *one.mutable_entries() = transfer.entries();
      one.set_reference(transfer.reference());
      one.set_idempotency_key(transfer.idempotency_key());
      one.set_type(*rc::gen::element<std::string>("credit", "debit", "transfer"));
    }
    expected.set_atomic(*rc::gen::arbitrary<bool>());
    const auto bytes = expected.SerializeAsString();
    proto::TransferList read;
    const bool good = wire::ImportRequest().ParseFromString(bytes);
    RC_ASSERT(proto::read_batch(bytes, read, proto::BatchForm::import) == good);
    if (!good) return;
    RC_ASSERT(read.atomic == expected.atomic());
    RC_ASSERT(read.transfers.size() == static_cast<std::size_t>(expected.transactions_size()));
    for (int i = 0; i < expected.transactions_size(); ++i) {
      const auto& one = expected.transactions(i);
      wire::TransferRequest same;
      *same.mutable_entries() = one.entries();
      same.set_reference(one.reference());
      same.set_idempotency_key(one.idempotency_key());
      check_same(same, read.transfers[static_cast<std::size_t>(i)]);
      RC_ASSERT(to_string(read.transfers[static_cast<std::size_t>(i)].kind) == one.type());
    }
  });
  using namespace std::string_literals;
  const auto refusal = [](const std::string& bytes) {
    proto::TransferList list;
    proto::TransferReader reader(bytes, list, proto::BatchForm::import);
    const auto keep = [](const ledger::Transfer&) { return true; };
    while (reader.read_batch(1, keep) == proto::TransferReader::State::more) {
    }
    return reader.error().metadata.empty() ? reader.error().message
                                           : reader.error().metadata.front().second;
  };
  CHECK(refusal("\x18\x01"s) == "3");
  CHECK(refusal("\x0A\x02\x28\x01"s) == "transactions[0].5");
  CHECK(refusal("\x0A\x04\x0A\x02\x18\x01"s) == "transactions[0].entries[0].3");
  CHECK(refusal("\x0A\x00"s) == "transactions[0].type");
  CHECK(refusal("\x0A\x06\x22\x04gift"s) == "transactions[0].type");
  CHECK(refusal("\x0A\x05\x22\x03\xC3\x28x"s) == "transactions[0].type");
  CHECK(refusal("\x0A\x01"s) == "the request does not parse as scalegraph.ledger.ImportRequest");
}
