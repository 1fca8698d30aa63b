#include "cli/records/import_window.hpp"

#include <grpcpp/completion_queue.h>

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>

#include "cli/output/text_width.hpp"
#include "cli/records/creation_requests.hpp"
#include "cli/records/imported_search.hpp"
#include "cli/records/retries.hpp"

namespace sg::cli {
namespace {

namespace wire = scalegraph::ledger;

constexpr std::size_t kIdChars = 26;  // of a transaction

// Creations that are under way at a time: the server writes them in groups.
constexpr std::size_t kInFlight = 64;

// One creation under way.
struct CreateCall {
  std::size_t item = 0;
  grpc::ClientContext context;
  grpc::Status status;
  wire::Participant participant;
  wire::Account account;
  std::unique_ptr<grpc::ClientAsyncResponseReader<wire::Participant>> participant_reader;
  std::unique_ptr<grpc::ClientAsyncResponseReader<wire::Account>> account_reader;
  wire::KeyOutcome outcome;
  std::unique_ptr<grpc::ClientAsyncResponseReader<wire::KeyOutcome>> outcome_reader;

  // A key that something has committed with cannot be sealed.
  void refuse_bound() {
    if (!status.ok() || outcome.state() != wire::COMMITTED) return;
    status = {grpc::StatusCode::FAILED_PRECONDITION,
              "transaction " + outcome.transaction().id() + " of this ledger has the key"};
  }
};

void start(CreateCall& call, const Record& record, Connection& connection,
           grpc::CompletionQueue& queue) {
  call.context.set_deadline(std::chrono::system_clock::now() + connection.timeout());
  auto& participants = connection.stub<wire::ParticipantService::Stub>();
  if (record.has_participant()) {
    call.participant_reader =
        participants.AsyncCreateParticipant(&call.context, participant_of(record), &queue);
    call.participant_reader->Finish(&call.participant, &call.status, &call);
    return;
  }
  if (record.has_sealed_key()) {
    wire::SealKeyRequest request;
    request.set_key(record.sealed_key());
    call.outcome_reader =
        connection.stub<wire::CommandService::Stub>().AsyncSealKey(&call.context, request, &queue);
    call.outcome_reader->Finish(&call.outcome, &call.status, &call);
    return;
  }
  call.account_reader =
      has_to_be_opened(record.account())
          ? connection.stub<wire::AccountService::Stub>().AsyncOpenAccount(
                &call.context, opened_of(record), &queue)
      : record.account().participant_id().empty()
          ? connection.stub<wire::LedgerService::Stub>().AsyncCreateAccount(
                &call.context, standalone_of(record), &queue)
          : participants.AsyncCreateParticipantAccount(&call.context, owned_of(record), &queue);
  call.account_reader->Finish(&call.account, &call.status, &call);
}

std::string name_of(const Record& record) {
  if (record.has_participant()) return "participant " + printable(record.participant().id());
  if (record.has_account()) return "account " + printable(record.account().id());
  if (record.has_sealed_key()) return "seal of key " + printable(record.sealed_key());
  return record.transaction().type() + ' ' + printable(record.transaction().id());
}

// Creates the items at these places, many at a time. `answered` is called with the place and the
// status of each, in any order. Once it has returned false, no further one is begun. Returns how
// many were begun.
template <class Answered>
std::size_t create_all(Connection& connection, const std::vector<ImportItem>& items,
                       const std::vector<std::size_t>& places, Answered answered) {
  grpc::CompletionQueue queue;
  std::size_t begun = 0;
  std::size_t under_way = 0;
  bool goes_on = true;
  while (under_way > 0 || (goes_on && begun < places.size())) {
    while (goes_on && begun < places.size() && under_way < kInFlight) {
      auto call = std::make_unique<CreateCall>();
      call->item = places[begun++];
      start(*call, items[call->item].record, connection, queue);
      // Owned by the queue until it comes back.
      (void)call.release();
      ++under_way;
    }
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    const std::unique_ptr<CreateCall> call(static_cast<CreateCall*>(tag));
    --under_way;
    call->refuse_bound();
    if (!answered(call->item, call->status)) goes_on = false;
  }
  queue.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue.Next(&tag, &ok)) {
  }
  return begun;
}

std::string sequences_of(std::span<const ImportItem> items) {
  const auto first = std::to_string(items.front().record.sequence());
  if (items.size() == 1) return "sequence " + first;
  return "sequences " + first + " to " + std::to_string(items.back().record.sequence());
}

std::size_t bytes_of(std::span<const ImportItem> items) {
  std::size_t bytes = 0;
  for (const auto& item : items) bytes += item.record.ByteSizeLong();
  return bytes;
}

// The end of the unit that begins there.
std::size_t end_of_unit(std::span<const ImportItem> items, std::size_t begin) {
  auto end = begin + 1;
  while (end < items.size() && items[end - 1].record.with_next()) ++end;
  return end;
}

const char* const kNotOfThisExport =
    "this is not of an earlier import of the file: what stands in its way cannot be merged; import "
    "into a ledger without it";

// Whether one of them takes back a transaction from `first` on: that has to be there before, since
// its id is not known earlier.
bool takes_back(std::span<const ImportItem> items, std::uint64_t first) {
  return std::ranges::any_of(
      items, [first](const ImportItem& item) { return item.record.reverses_sequence() >= first; });
}

bool changes_policy(std::span<const ImportItem> items) {
  return std::ranges::any_of(items,
                             [](const ImportItem& item) { return item.record.has_policy(); });
}

// All of them as one batch. `ledger`: that the file comes from; `originals`: the ids here of what
// reversals take back, by the sequences that these had there.
wire::ImportRequest request_of(std::span<const ImportItem> items, const std::string& ledger,
                               const std::map<std::uint64_t, std::string>& originals) {
  wire::ImportRequest request;
  request.set_atomic(true);
  for (const auto& [record, line] : items) {
    const auto& from = record.transaction();
    auto& to = *request.add_transactions();
    if (record.has_policy()) {
      *to.mutable_policy() = record.policy();
    } else {
      *to.mutable_entries() = from.entries();
    }
    to.set_reference(from.reference());
    to.set_type(from.type());
    to.set_idempotency_key(import_key(ledger, record.sequence()));
    *to.mutable_metadata() = from.metadata();
    to.set_effective_at(imported_effective_at(record));
    to.set_balanced(record.balanced());
    to.set_unique_reference(record.unique_reference());
    if (record.reverses_sequence() == 0) continue;
    to.set_reverses(originals.at(record.reverses_sequence()));
  }
  return request;
}

// What the ledger has to take for a message of so many bytes.
std::string raise_setting(std::size_t bytes) {
  return "set server.max_message_bytes of the ledger to over " + std::to_string(bytes) +
         " until the import is done";
}

}  // namespace

RecordTally& tally_of(ImportTallies& tallies, const Record& record) {
  if (record.has_participant()) return tallies.participants;
  if (record.has_sealed_key()) return tallies.seals;
  return record.has_account() ? tallies.accounts : tallies.transactions;
}

void ImportWindow::add(ImportItem item) {
  const auto& record = item.record;
  bytes += record.ByteSizeLong();
  auto& to = record.has_participant()                    ? participants
             : record.has_sealed_key()                   ? seals
             : !record.has_account()                     ? transactions
             : record.account().participant_id().empty() ? standalone
                                                         : owned;
  to.push_back(std::move(item));
}

Failure at_item(Failure failure, const Record& record, std::size_t line) {
  failure.message = "line " + std::to_string(line) + ", sequence " +
                    std::to_string(record.sequence()) + ", " + name_of(record) + ": " +
                    failure.message;
  return failure;
}

WindowImport::WindowImport(Connection& connection, ImportedRecords& there, std::string ledger)
    : connection_(connection), there_(there), ledger_(std::move(ledger)) {}

std::optional<Failure> WindowImport::book(ImportWindow& window, ImportTallies& tallies) {
  // A standalone account whose id a later participant could own has to come before that one.
  for (auto* items : {&window.standalone, &window.participants, &window.owned}) {
    if (auto failure = create(*items, tallies)) return failure;
  }
  if (auto failure = transfer(window.transactions, tallies)) return failure;
  return create(window.seals, tallies);
}

std::optional<Failure> WindowImport::create(std::vector<ImportItem>& items,
                                            ImportTallies& tallies) {
  Backoff backoff;
  std::vector<std::size_t> existing;
  std::optional<Failure> exists;
  std::optional<std::pair<std::size_t, Failure>> refused;  // the first one of the file
  std::vector<std::size_t> places(items.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  while (!places.empty() && !refused) {
    std::vector<std::size_t> again;
    std::optional<Failure> overloaded;
    const auto begun =
        create_all(connection_, items, places, [&](std::size_t place, const grpc::Status& status) {
          const auto& [record, line] = items[place];
          if (status.ok()) {
            ++tally_of(tallies, record).imported;
            backoff.reset();
            return !overloaded && !refused;
          }
          auto failure = of_call(explain(status, {}));
          if (is_overloaded(failure)) {
            again.push_back(place);
            overloaded = std::move(failure);
          } else if (status.error_code() == grpc::StatusCode::ALREADY_EXISTS) {
            existing.push_back(place);
            exists = at_item(std::move(failure), record, line);
          } else if (!refused || place < refused->first) {
            if (is_too_large(failure)) {
              failure.hint = raise_setting(record.ByteSizeLong());
              failure = at_item(std::move(failure), record, line);
            } else if (is_refusal(failure)) {
              failure = at_item(std::move(failure), record, line);
            }
            refused = {place, std::move(failure)};
          }
          return !overloaded && !refused;
        });
    again.insert(again.end(), places.begin() + static_cast<std::ptrdiff_t>(begun), places.end());
    if (overloaded && !refused && !backoff.wait()) refused = {0, std::move(*overloaded)};
    places = std::move(again);
    std::ranges::sort(places);
  }
  if (!existing.empty()) {
    std::ranges::sort(existing);
    std::vector<ImportItem> there;
    for (const auto place : existing) there.push_back(std::move(items[place]));
    if (const auto known = take_out_known(there, tallies); !known) return known.error();
    if (!there.empty()) {
      exists->hint = kNotOfThisExport;
      return exists;
    }
  }
  if (refused) return std::move(refused->second);
  return std::nullopt;
}

tl::expected<std::size_t, Failure> WindowImport::take_out_known(std::vector<ImportItem>& items,
                                                                ImportTallies& tallies) {
  std::vector<const Record*> asked;
  for (const auto& item : items) asked.push_back(&item.record);
  const auto there = there_.look_again(asked);
  if (!there) return tl::unexpected(there.error());
  for (const auto& [record, line] : items) {
    if (auto failure = there_.refuse(record)) {
      return tl::unexpected(at_item(std::move(*failure), record, line));
    }
  }
  std::vector<ImportItem> rest;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if ((*there)[i]) {
      ++tally_of(tallies, items[i].record).already_there;
    } else {
      rest.push_back(std::move(items[i]));
    }
  }
  const auto known = items.size() - rest.size();
  items = std::move(rest);
  return known;
}

std::optional<Failure> WindowImport::transfer(std::vector<ImportItem>& items,
                                              ImportTallies& tallies) {
  Backoff backoff;
  std::optional<Failure> mismatch;
  while (!items.empty()) {
    const auto known = take_out_known(items, tallies);
    if (!known) return known.error();
    if (items.empty()) return std::nullopt;
    if (mismatch && *known == 0) {
      mismatch->hint = kNotOfThisExport;
      return mismatch;
    }
    mismatch.reset();
    const auto count = next_batch(items);
    const auto batch = std::span<const ImportItem>(items).first(count);
    auto failure = send(batch);
    if (!failure) {
      tallies.transactions.imported += count;
      backoff.reset();
      items.erase(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(count));
    } else if (is_too_large(*failure) || failure->reason == "TOO_MANY_ENTRIES") {
      if (auto why = divide(batch, *failure)) return why;
    } else if (failure->reason == "IDEMPOTENCY_MISMATCH") {
      // An earlier run's batch came between the look and this one. What it has brought is taken
      // out, as long as that gets on.
      mismatch = std::move(failure);
    } else if (!is_overloaded(*failure) || !backoff.wait()) {
      return failure;
    }
  }
  return std::nullopt;
}

std::size_t WindowImport::next_batch(const std::vector<ImportItem>& items) const {
  const std::span all(items);
  auto end = end_of_unit(all, 0);
  auto bytes = bytes_of(all.first(end));
  const auto first = items.front().record.sequence();
  while (end < items.size()) {
    const auto next = end_of_unit(all, end);
    if (takes_back(all.subspan(end, next - end), first)) break;
    // What is judged at a unit's end would be judged by the policies that its later items make.
    if (changes_policy(all.first(end)) || changes_policy(all.subspan(end, next - end))) break;
    bytes += bytes_of(all.subspan(end, next - end));
    if (bytes > most_bytes_) break;
    end = next;
  }
  return end;
}

std::optional<Failure> WindowImport::divide(std::span<const ImportItem> items,
                                            const Failure& refused) {
  if (end_of_unit(items, 0) < items.size()) {
    most_bytes_ = bytes_of(items) / 2;
    return std::nullopt;
  }
  auto failure = refused;
  failure.message = sequences_of(items) + ", which commits as one: " + failure.message;
  if (!is_too_large(refused)) return failure;
  // All ids have one length.
  std::map<std::uint64_t, std::string> any_ids;
  for (const auto& item : items) {
    any_ids.emplace(item.record.reverses_sequence(), std::string(kIdChars, '0'));
  }
  failure.hint = raise_setting(request_of(items, ledger_, any_ids).ByteSizeLong());
  return failure;
}

std::optional<Failure> WindowImport::send(std::span<const ImportItem> items) {
  std::map<std::uint64_t, std::string> originals;
  for (const auto& [record, line] : items) {
    const auto sequence = record.reverses_sequence();
    if (sequence == 0 || originals.contains(sequence)) continue;
    auto id = find_imported(connection_, ledger_, sequence);
    if (!id) return at_item(std::move(id.error()), record, line);
    originals.emplace(sequence, std::move(*id));
  }
  const auto request = request_of(items, ledger_, originals);
  const auto of_batch = [&items](Failure failure) {
    failure.message = sequences_of(items) + ": " + failure.message;
    return failure;
  };
  wire::TransferBatchResponse response;
  // A call for each batch: it holds no place in the ledger while others look and read.
  grpc::ClientContext context;
  const auto call = connection_.stub<wire::ImportService::Stub>().Import(&context);
  const bool is_answered = call->Write(request) && call->WritesDone() && call->Read(&response);
  auto status = call->Finish();
  if (!is_answered) {
    if (status.ok()) status = {grpc::StatusCode::UNAVAILABLE, "the server ended the import"};
    return of_batch(of_call(explain(status, {})));
  }
  if (response.has_error()) return of_batch(of_call(explain(response.error())));
  for (int i = 0; i < response.results_size(); ++i) {
    const auto& result = response.results(i);
    if (!result.has_error() || result.error().reason() == "BATCH_ABORTED") continue;
    auto failure = of_call(explain(result.error()));
    if (!is_refusal(failure) || static_cast<std::size_t>(i) >= items.size()) {
      return of_batch(std::move(failure));
    }
    const auto& [record, line] = items[static_cast<std::size_t>(i)];
    return at_item(std::move(failure), record, line);
  }
  const bool is_whole = response.results_size() == static_cast<int>(items.size()) &&
                        std::ranges::all_of(response.results(), [](const auto& result) {
                          return result.has_transaction();
                        });
  if (is_whole) return std::nullopt;
  return Failure{.code = "INTERNAL",
                 .reason = "ANSWER_WRONG",
                 .message = "the ledger's answer to a batch has not one result for each of it",
                 .metadata = {},
                 .hint = {}};
}

}  // namespace sg::cli
