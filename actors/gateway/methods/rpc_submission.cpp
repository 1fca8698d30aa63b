// A batch is read and answered in portions, so that no large request holds up the gateway's thread.
// Its bytes are kept in one piece, and transfers are views of them: no text is copied on the way.
#include "actors/gateway/methods/rpc_submission.hpp"

#include <algorithm>
#include <string>

#include "actors/gateway/transport/rpc_server.hpp"
#include "actors/gateway/transport/unary_call.hpp"
#include "ledger/rights.hpp"
#include "persistence/chain/record.hpp"
#include "proto/conversion.hpp"

namespace sg::actors {

using ledger::ItemResult;

namespace {

// How much of a batch is worked on in one go: 1 to 4 ms of work. A batch of 10,000 transfers
// between two accounts needs five portions.
constexpr std::size_t kFieldsOfPortion = 16'384;
constexpr std::size_t kEntriesOfPortion = 4'096;
// The entries of a command, and what it takes back, stand in its action.
ledger::Error in_action(ledger::Error error, ledger::TransferKind kind) {
  const auto* action = kind == ledger::TransferKind::reversal ? "reverse." : "transfer.";
  for (auto& [name, value] : error.metadata) {
    const bool is_there = value.starts_with("entries") || value == "transaction_id";
    if (name != "field" || !is_there) continue;
    if (error.message.starts_with(value)) error.message.insert(0, action);
    value.insert(0, action);
  }
  return error;
}

// What the answer to one item needs beside the texts of the request: ids, times, or an error.
constexpr std::size_t kAnswerBytesOfItem = 128;

}  // namespace

// Shares the ownership of the submission until the call is answered.
class RpcSubmission::Answered final : public UnaryCompletion {
 public:
  explicit Answered(std::shared_ptr<RpcSubmission> submission)
      : submission_(std::move(submission)) {}
  void respond(UnaryCall& call) override { submission_->respond(call); }
  RpcSubmission& submission() { return *submission_; }

 private:
  std::shared_ptr<RpcSubmission> submission_;
};

std::shared_ptr<RpcSubmission> submission_for(UnaryCall& call, RpcSubmission::Respond respond) {
  auto submission = std::make_shared<RpcSubmission>(call, 0, respond);
  submission->deadline = steady_deadline(call.context());
  return submission;
}

RpcSubmission& submission_of(const Completed& completed) {
  return as<RpcSubmission::Answered>(completed).submission();
}

RpcSubmission::RpcSubmission(Call& call, std::uint64_t part, Respond responder)
    : is_own_(call.own_accounts()),
      inbox_(call.server().inbox()),
      call_(call.id()),
      part_(part),
      respond_(responder) {}

RpcSubmission::~RpcSubmission() {
  if (!answered()) inbox_->post({call_, part_, nullptr, lost()});
}

telemetry::CountsByParties RpcSubmission::lost() const {
  telemetry::CountsByParties counts{};
  if (!is_handed_over || key_request() != nullptr) return counts;
  const auto all = transfers();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (results[i].state == ledger::ItemResult::State::refused) continue;
    ++counts[telemetry::parties_of(all[i].entries.size())];
  }
  return counts;
}

void RpcSubmission::on_answered() {
  std::shared_ptr<RpcSubmission> self(shared_from_this(), this);
  inbox_->post({call_, part_, std::make_shared<Answered>(std::move(self))});
}

std::optional<std::string_view> RpcSubmission::copy_bytes(const grpc::ByteBuffer& request) {
  if (!request.DumpToSingleSlice(&bytes_).ok()) return std::nullopt;
  return std::string_view{reinterpret_cast<const char*>(bytes_.begin()), bytes_.size()};
}

void RpcSubmission::take_list(proto::TransferList& list) {
  entries_ = std::move(list.entries);
  details_ = std::move(list.details);
  metadata_pairs_ = list.metadata_pairs;
}

std::optional<ledger::Error> RpcSubmission::read_item(const grpc::ByteBuffer& request,
                                                      proto::BatchForm form) {
  form_ = form;
  tells_replays = form == proto::BatchForm::commands;
  const auto bytes = copy_bytes(request);
  if (!bytes) return proto::malformed_request(proto::item_type_of(form));
  proto::TransferList list;
  proto::TransferReader reader(*bytes, list, form);
  if (reader.read_transfer() != proto::TransferReader::State::whole) return reader.error();
  take_list(list);
  auto& batch = operation.emplace<ledger::TransferBatch>();
  batch.transfers = std::move(list.transfers);
  results.resize(1);
  return check_item(batch.transfers.front());
}

void RpcSubmission::begin_batch(grpc::ByteBuffer& request, proto::BatchForm form) {
  form_ = form;
  tells_replays = form == proto::BatchForm::commands;
  if (const auto bytes = copy_bytes(request)) {
    reading_ = std::make_unique<Reading>(*bytes, form);
  } else {
    batch_error_ = proto::malformed_request(proto::type_of(form));
  }
  request.Clear();
}

bool RpcSubmission::read_batch_portion() {
  using State = proto::TransferReader::State;
  if (!reading_) return false;
  const auto state = reading_->reader.read_batch(
      kFieldsOfPortion, [this](ledger::Transfer& transfer) { return take_item(transfer); });
  if (state == State::more) return true;
  if (state == State::refused) {
    batch_error_ = reading_->reader.error();
  } else {
    take_list(reading_->list);
    operation = ledger::TransferBatch{std::move(reading_->list.transfers), reading_->list.atomic};
    if (is_atomic()) batch_error_ = ledger::check_atomic_keys(transfers());
    // One wrong item refuses all of them.
    if (is_atomic()) ledger::abort_rest(*this);
  }
  reading_.reset();
  return false;
}

std::size_t RpcSubmission::bytes_held() const {
  // While a batch is read, its items stand in the list of the reader.
  const auto& entries = reading_ ? reading_->list.entries : entries_;
  const auto items = reading_ ? reading_->list.transfers.size() : transfers().size();
  const auto& details = reading_ ? reading_->list.details : details_;
  const auto pairs = reading_ ? reading_->list.metadata_pairs : metadata_pairs_;
  // A vector that has grown may have twice as much.
  const auto beside = details.size() * sizeof(ledger::Details) +
                      2 * pairs * sizeof(decltype(ledger::Details::metadata)::value_type);
  const auto request = bytes_.size() + entries.capacity() * sizeof(ledger::Entry) + beside +
                       items * (sizeof(ledger::Transfer) + sizeof(ItemResult));
  return request + bytes_.size() + items * kAnswerBytesOfItem;
}

std::optional<ledger::Error> RpcSubmission::take(ledger::TransferKind kind,
                                                 std::string_view account_id, ledger::Amount amount,
                                                 std::string_view reference, std::string_view key) {
  if (auto error = ledger::check_id(account_id, "account_id")) return error;
  if (auto error = ledger::check_amount(amount)) return error;
  entries_.push_back({account_id, kind == ledger::TransferKind::debit ? -amount : amount});
  auto& batch = operation.emplace<ledger::TransferBatch>();
  batch.transfers.push_back({kind, entries_, reference, key});
  results.resize(1);
  return check_item(batch.transfers.front());
}

std::optional<ledger::Error> RpcSubmission::check_item(ledger::Transfer& transfer) {
  if (auto error = check(transfer)) {
    return form_ == proto::BatchForm::commands ? in_action(std::move(*error), transfer.kind)
                                               : error;
  }
  // Here and not in the coordinator, which all submissions have to pass.
  persistence::stamp(transfer);
  return std::nullopt;
}

bool RpcSubmission::take_item(ledger::Transfer& transfer) {
  auto& result = results.emplace_back();
  auto error = check_item(transfer);
  if (!error) return true;
  result.state = ItemResult::State::refused;
  result.error = std::make_shared<const ledger::Error>(std::move(*error));
  return false;
}

std::shared_ptr<const ledger::Error> RpcSubmission::told_error(std::size_t item) const {
  const auto& error = told_results()[item].error;
  if (error->reason == ledger::Reason::internal) {
    return std::make_shared<const ledger::Error>(with_correlation_id(*error));
  }
  return is_own_ ? ledger::hide_other_balance(error, is_own_) : error;
}

std::vector<std::uint32_t> RpcSubmission::items_to_read() const {
  std::vector<std::uint32_t> items;
  if (has_records_ || form_ != proto::BatchForm::commands) return items;
  const auto all = transfers();
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    if (results[i].state != ItemResult::State::committed) continue;
    const bool is_unknown = ledger::reverses_all(all[i]) && all[i].entries.empty();
    if (is_unknown || results[i].replayed || ledger::is_policy(all[i])) items.push_back(i);
  }
  const auto earlier = [this](auto a, auto b) { return results[a].sequence < results[b].sequence; };
  std::stable_sort(items.begin(), items.end(), earlier);
  return items;
}

void RpcSubmission::take_records(RecordsRead::Records read) {
  const auto items = items_to_read();
  has_records_ = true;
  records_.resize(results.size());
  std::size_t told = 0;
  for (; read && told < read->size(); ++told) records_[items[told]] = std::move((*read)[told]);
  if (told == items.size()) return;
  told_ = results;
  for (; told < items.size(); ++told) {
    auto& result = told_[items[told]];
    result.state = ItemResult::State::refused;
    result.error = std::make_shared<const ledger::Error>(unread_error(
        read ? std::nullopt : std::optional(read.error()), result.time, result.sequence));
  }
}

const std::string* RpcSubmission::record_of(std::size_t item) const {
  return records_.empty() || records_[item].empty() ? nullptr : &records_[item];
}

bool RpcSubmission::write_response_portion() {
  if (!writer_) {
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (!told_results()[i].error) continue;
      auto error = told_error(i);
      if (error == told_results()[i].error) continue;
      if (told_.empty()) told_ = results;
      told_[i].error = std::move(error);
    }
    writer_.emplace(transfers(), told_results(), answer_form(), records_);
  }
  return writer_->write(kEntriesOfPortion);
}

}  // namespace sg::actors
