// Frames of requests as they come in: gRPC's prefix, with its flag, and a message that may be cut,
// compressed, or none. The walk over a malformed message agrees with the generated parser about
// which are right, whatever it says of the others; batches are read alike in portions and at once.
#include <google/protobuf/stubs/logging.h>

#include <algorithm>

#include "proto/conversion.hpp"
#include "proto/ledger.pb.h"
#include "proto/reflection_v1.pb.h"
#include "proto/transfer_reader.hpp"
#include "tests/fuzz/property.hpp"

using namespace sg;
using fuzz::must;
namespace wire = scalegraph::ledger;
using State = proto::TransferReader::State;

namespace {

// It would say of every input why it does not parse.
const auto kSilenced = google::protobuf::SetLogHandler(nullptr);

constexpr std::size_t kPrefix = 5;
// Of a message in which there may be more than a reader looks at.
constexpr std::size_t kMostBytes = 8'192;

// Messages of a stream of frames: compressed ones are not the reader's.
template <class Visit>
void for_each_message(std::string_view frames, Visit visit) {
  while (frames.size() >= kPrefix) {
    std::size_t length = 0;
    for (std::size_t i = 1; i < kPrefix; ++i) {
      length = length << 8 | static_cast<unsigned char>(frames[i]);
    }
    const bool is_plain = frames[0] == 0;
    frames.remove_prefix(kPrefix);
    // One that is cut is given as far as it came.
    const auto bytes = frames.substr(0, std::min(length, frames.size()));
    if (is_plain) visit(bytes);
    frames.remove_prefix(bytes.size());
  }
}

void check_error(const ledger::Error& error) {
  must(!error.message.empty() && error.message.size() < 4096, "a refusal has a short message");
  must(error.outcome == ledger::Outcome::none, "a request that is refused changed nothing");
  must(proto::to_status(error, true).error_code() == grpc::StatusCode::INVALID_ARGUMENT,
       "bad input is INVALID_ARGUMENT");
  must(ledger::is_utf8(error.message), "a message is UTF-8");
}

template <class Message>
void check_walk(std::string_view bytes) {
  Message message;
  const bool parses = message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  const auto error = proto::check_shape(*Message::descriptor(), bytes);
  must(parses == !error, "the walk takes what the parser takes");
  if (error) check_error(*error);
  if (!parses) check_error(proto::explain_malformed(*Message::descriptor(), bytes));
}

void check_batch(std::string_view bytes, std::size_t portion) {
  proto::TransferList at_once;
  const bool taken = proto::read_batch(bytes, at_once);
  proto::TransferList list;
  proto::TransferReader reader(bytes, list);
  auto state = State::more;
  const auto keep = [](const ledger::Transfer&) { return true; };
  while (state == State::more) state = reader.read_batch(portion, keep);
  must(taken == (state == State::whole), "portions are taken as the whole is");
  if (!taken) return check_error(reader.error());
  must(list.atomic == at_once.atomic && list.transfers.size() == at_once.transfers.size(),
       "portions have the transfers of the whole");
  for (std::size_t i = 0; i < list.transfers.size(); ++i) {
    must(same_content(list.transfers[i], at_once.transfers[i]),
         "a transfer read in portions is that of the whole");
  }
  check_walk<wire::TransferBatchRequest>(bytes);
}

// What was refused is dropped as it is read: what stays is what has passed.
void check_dropping(std::string_view bytes) {
  proto::TransferList list;
  proto::TransferReader reader(bytes, list);
  auto state = State::more;
  const auto take = [](const ledger::Transfer& transfer) { return !check(transfer); };
  while (state == State::more) state = reader.read_batch(1, take);
  if (state != State::whole) return;
  std::size_t entries = 0;
  for (const auto& transfer : list.transfers) {
    must(transfer.entries.empty() || !check(transfer), "only what has passed keeps its entries");
    entries += transfer.entries.size();
  }
  must(entries == list.entries.size(), "no entry is kept of what was refused");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > kMostBytes) return 0;
  const auto [choice, frames] = fuzz::choice_of(fuzz::text_of(data, size));
  for_each_message(frames, [kind = choice](std::string_view bytes) {
    switch (kind % 6) {
      case 0:
        return check_walk<wire::CreateParticipantRequest>(bytes);
      case 1:
        return check_walk<wire::CreateAccountRequest>(bytes);
      case 2:
        return check_walk<wire::ListTransactionsRequest>(bytes);
      case 3:
        return check_walk<grpc::reflection::v1::ServerReflectionRequest>(bytes);
      case 4:
        return check_dropping(bytes);
      default:
        return check_batch(bytes, kind / 6u + 1);
    }
  });
  return 0;
}
