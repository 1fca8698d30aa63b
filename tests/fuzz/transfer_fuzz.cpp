// The hand-written reader of transfers against the generated parser: both take the same bytes, and
// read the same of them.
#include <google/protobuf/stubs/logging.h>

#include "proto/ledger.pb.h"
#include "proto/transfer_reader.hpp"
#include "tests/fuzz/property.hpp"

using namespace sg;
using fuzz::must;
namespace wire = scalegraph::ledger;

namespace {

// It would say of every input why it does not parse.
const auto kSilenced = google::protobuf::SetLogHandler(nullptr);

void check_same(const wire::TransferRequest& expected, const ledger::Transfer& read) {
  must(read.reference == expected.reference(), "the reference is read as the parser reads it");
  must(read.idempotency_key == expected.idempotency_key(),
       "the key is read as the parser reads it");
  must(read.entries.size() == static_cast<std::size_t>(expected.entries_size()),
       "as many entries are read as the parser reads");
  for (int i = 0; i < expected.entries_size(); ++i) {
    const auto& entry = read.entries[static_cast<std::size_t>(i)];
    must(entry.account_id == expected.entries(i).account_id() &&
             entry.amount == expected.entries(i).amount(),
         "an entry is read as the parser reads it");
  }
}

void check_transfer(std::string_view bytes) {
  wire::TransferRequest expected;
  proto::TransferList list;
  const bool good = expected.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  must(proto::read_transfer(bytes, list) == good, "a transfer is taken as the parser takes it");
  if (!good) return;
  must(list.transfers.size() == 1, "one transfer is read");
  check_same(expected, list.transfers.front());
  (void)check(list.transfers.front());
}

void check_batch(std::string_view bytes) {
  wire::TransferBatchRequest expected;
  proto::TransferList list;
  const bool good = expected.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  must(proto::read_batch(bytes, list) == good, "a batch is taken as the parser takes it");
  if (!good) return;
  must(list.atomic == expected.atomic(),
       "whether a batch is atomic is read as the parser reads it");
  must(list.transfers.size() == static_cast<std::size_t>(expected.transfers_size()),
       "as many transfers are read as the parser reads");
  for (int i = 0; i < expected.transfers_size(); ++i) {
    check_same(expected.transfers(i), list.transfers[static_cast<std::size_t>(i)]);
  }
}

// Where the parser passes over what it does not know, commands are refused.
void check_commands(std::string_view bytes) {
  wire::CommandBatch expected;
  proto::TransferList list;
  const bool good = expected.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  if (!proto::read_batch(bytes, list, proto::BatchForm::commands)) return;
  must(good, "no commands are taken that the parser does not take");
  must(list.transfers.size() == static_cast<std::size_t>(expected.commands_size()),
       "as many commands are read as the parser reads");
  for (int i = 0; i < expected.commands_size(); ++i) {
    const auto& command = expected.commands(i);
    const auto& read = list.transfers[static_cast<std::size_t>(i)];
    wire::TransferRequest plain;
    *plain.mutable_entries() =
        command.has_reverse() ? command.reverse().entries() : command.transfer().entries();
    for (const auto& id : {command.policy().account_id(), command.policy().sweep_to()}) {
      if (!id.empty()) plain.add_entries()->set_account_id(id);
    }
    plain.set_reference(command.reference());
    plain.set_idempotency_key(command.idempotency_key());
    check_same(plain, read);
    must((read.kind == ledger::TransferKind::policy) == command.has_policy() &&
             (!command.has_policy() ||
              (read.details->policy->note == command.policy().note() &&
               read.details->policy->floor.value_or(0) == command.policy().floor() &&
               read.details->policy->ceiling.value_or(0) == command.policy().ceiling() &&
               static_cast<int>(read.details->policy->status) == command.policy().status())),
         "a policy is read as the parser reads it");
    const auto details = read.details != nullptr ? *read.details : ledger::Details();
    const auto place = ledger::parse_transaction_id(command.reverse().transaction_id());
    must((read.kind == ledger::TransferKind::reversal) == command.has_reverse() &&
             details.reverses ==
                 (place && place->sequence != 0 ? *place : ledger::TransactionPlace()),
         "what is taken back is read as the parser reads it");
    must(details.balanced == command.options().balanced() &&
             details.unique_reference == command.options().unique_reference() &&
             details.effective_at == command.options().effective_at() &&
             details.metadata.size() == static_cast<std::size_t>(command.metadata_size()),
         "details are read as the parser reads them");
    for (const auto& [key, value] : details.metadata) {
      const auto found = command.metadata().find(std::string(key));
      must(found != command.metadata().end() && found->second == value,
           "metadata is read as the parser reads it");
    }
    (void)check(read);
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = fuzz::text_of(data, size);
  check_transfer(bytes);
  check_batch(bytes);
  check_commands(bytes);
  return 0;
}
