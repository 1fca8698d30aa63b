// Files of `scalegraphctl export`, as an import reads them. What is taken is what the ledger's own
// argument checks take, and is written as it was read; what is refused is told with its line.
#include <google/protobuf/util/message_differencer.h>

#include <sstream>

#include "cli/records/creation_requests.hpp"
#include "cli/records/record_writer.hpp"
#include "ledger/transfer.hpp"
#include "proto/conversion.hpp"
#include "proto/transfer_reader.hpp"
#include "tests/fuzz/property.hpp"

using namespace sg;
using namespace sg::cli;
using fuzz::must;
namespace wire = scalegraph::ledger;

namespace {

// A file of many records would only be slow.
constexpr std::size_t kMostRecords = 100;

// By the request that an import makes of it.
ledger::Result<ledger::NewAccount> account_of(const Record& record) {
  if (has_to_be_opened(record.account())) return proto::to_domain(opened_of(record));
  return record.account().participant_id().empty() ? proto::to_domain(standalone_of(record))
                                                   : proto::to_domain(owned_of(record));
}

void check_taken(const Record& record) {
  if (record.has_participant()) {
    must(proto::to_domain(participant_of(record)).has_value(),
         "the ledger takes a participant that was read");
  } else if (record.has_account()) {
    const auto account = account_of(record);
    must(account && account->id == record.account().id(),
         "the ledger takes an account that was read, under its id");
  } else {
    wire::ImportRequest request;
    auto& one = *request.add_transactions();
    if (record.has_policy()) {
      *one.mutable_policy() = record.policy();
    } else {
      *one.mutable_entries() = record.transaction().entries();
    }
    // An import puts the id there that the original has in its own ledger.
    if (record.reverses_sequence() != 0) one.set_reverses(ledger::transaction_id(1, 1));
    one.set_reference(record.transaction().reference());
    one.set_type(record.transaction().type());
    one.set_idempotency_key(record.idempotency_key());
    *one.mutable_metadata() = record.transaction().metadata();
    one.set_effective_at(imported_effective_at(record));
    one.set_balanced(record.balanced());
    one.set_unique_reference(record.unique_reference());
    const auto bytes = request.SerializeAsString();
    proto::TransferList list;
    must(proto::read_batch(bytes, list, proto::BatchForm::import),
         "the ledger reads a transaction that was read");
    // What a policy changes is judged by the ledger alone, and told with its line.
    must(record.has_policy() || !ledger::check(list.transfers.front()),
         "the ledger takes a transaction that was read");
  }
}

void check_written(RecordFormat format, const ExportHeader& header, std::vector<Record> records) {
  // What was read may end within a unit, and no file does.
  if (!records.empty()) records.back().set_with_next(false);
  const auto writer = make_writer(format);
  std::string text;
  writer->begin(header, text);
  for (const auto& record : records) writer->add(record, text);
  writer->end(header.from_sequence + records.size() - 1, text);
  std::istringstream in(text);
  RecordReader reader(in, format);
  const auto first = reader.header();
  must(first && *first && (*first)->ledger == header.ledger && (*first)->after == header.after,
       "a first line is read back");
  for (const auto& record : records) {
    const auto read = reader.next();
    must(read && *read && google::protobuf::util::MessageDifferencer::Equals(**read, record),
         "a record is read back");
  }
  must(reader.next().has_value() && reader.is_complete(), "a last line is read back");
}

void read_file(RecordFormat format, const std::string& text) {
  std::istringstream in(text);
  RecordReader reader(in, format);
  const auto check = [](const RecordError& error) {
    must(error.line >= 1 && !error.message.empty(), "an error has a line and a message");
  };
  const auto header = reader.header();
  if (!header) return check(header.error());
  if (!*header) return;
  std::vector<Record> records;
  while (records.size() < kMostRecords) {
    const auto record = reader.next();
    if (!record) {
      check(record.error());
      break;
    }
    if (!*record) break;
    must(reader.whole_bytes() <= text.size(), "a whole record is in the file");
    check_taken(**record);
    records.push_back(**record);
  }
  check_written(RecordFormat::json_lines, **header, records);
  check_written(RecordFormat::csv, **header, records);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(fuzz::text_of(data, size));
  const auto format = format_of(text);
  // The readers take any bytes, also those that no export begins with.
  read_file(format.value_or(RecordFormat::csv), text);
  if (!format) read_file(RecordFormat::json_lines, text);
  return 0;
}
