// How load is made.
//
// Calls (modes unary and batch). There are options.in_flight slots, each for one call at a time.
// Without --rate the loop is closed: a slot sends its next call as soon as its last one is
// answered. The server sets the pace, and in_flight calls are under way at any time.
//
// With --rate the loop is open: calls are due at fixed times. A call that finds no free slot is
// sent late, but its latency counts from the time it was due. If it counted from the sending, a
// server that stops for a second would spoil one call per slot only. The calls that should have
// been sent in that second would be missing from the figures (coordinated omission).
//
// Stream. One stream carries all requests, and the answers come in their order. A request is sent
// when fewer than in_flight are unanswered.
#include "bench/driver.hpp"

#include <google/protobuf/arena.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>

#include <chrono>
#include <optional>

#include "bench/workload.hpp"
#include "proto/ledger.grpc.pb.h"

namespace sg::bench {
namespace {

namespace wire = scalegraph::ledger;
using Clock = std::chrono::steady_clock;

// One committed transaction in so many is looked up after the run. 997 is prime, so the samples of
// batches stand at different places.
constexpr std::uint64_t kSampleEvery = 997;

std::uint32_t micros_since(Clock::time_point start) {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start).count());
}

// Counts answers into an Outcome.
class Tally {
 public:
  explicit Tally(Outcome& outcome) : outcome_(outcome) {}
  void committed(const wire::Transaction& transaction) {
    if (outcome_.committed++ % kSampleEvery == 0) outcome_.sample.push_back(transaction.id());
  }
  void refused(const std::string& why) {
    ++outcome_.refused;
    note(why);
  }
  void failed(const std::string& why) {
    ++outcome_.failed;
    note(why);
  }
  // Counts each item of a batch. An error beside the items counts as one failed call.
  void results(const wire::TransferBatchResponse& response) {
    if (response.has_error()) failed(response.error().message());
    for (const auto& result : response.results()) {
      if (result.has_transaction()) {
        committed(result.transaction());
      } else {
        refused(result.error().message());
      }
    }
  }
  void call(Clock::time_point start) { outcome_.latencies_us.push_back(micros_since(start)); }

 private:
  void note(const std::string& why) {
    if (outcome_.first_error.empty()) outcome_.first_error = why;
  }
  Outcome& outcome_;
};

// When calls are due in an open loop: the n-th is due n / rate seconds after the start.
class Pace {
 public:
  Pace(double rate, Clock::time_point start) : rate_(rate), start_(start) {}
  bool is_open_loop() const { return rate_ > 0; }
  Clock::time_point due() const {
    return start_ + std::chrono::duration_cast<Clock::duration>(
                        std::chrono::duration<double>(static_cast<double>(sent_) / rate_));
  }
  void sent() { ++sent_; }

 private:
  double rate_;
  Clock::time_point start_;
  std::uint64_t sent_ = 0;
};

// A place for one call in flight. Its address is the call's tag in the completion queue.
template <class Request, class Response>
struct Slot {
  std::optional<grpc::ClientContext> context;
  std::unique_ptr<google::protobuf::Arena> arena;
  Request* request = nullptr;    // in the arena
  Response* response = nullptr;  // in the arena
  grpc::Status status;
  std::unique_ptr<grpc::ClientAsyncResponseReader<Response>> reader;
  Clock::time_point start;  // what the latency counts from
};

void fill(wire::TransferRequest& request, Workload& workload, const Options&) {
  workload.next(request);
}

void fill(wire::TransferBatchRequest& request, Workload& workload, const Options& options) {
  request.mutable_transfers()->Reserve(static_cast<int>(options.batch));
  for (std::uint32_t i = 0; i < options.batch; ++i) workload.next(*request.add_transfers());
}

void count(const wire::Transaction& response, Tally& tally) { tally.committed(response); }
void count(const wire::TransferBatchResponse& response, Tally& tally) { tally.results(response); }

// The codes by which the ledger refuses a transfer. Any other error counts as failed.
bool is_refusal(const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::OUT_OF_RANGE:
    case grpc::StatusCode::NOT_FOUND:
    case grpc::StatusCode::ALREADY_EXISTS:
      return true;
    default:
      return false;
  }
}

// Drives unary calls. `prepare` makes one call, and is the only part that depends on the method.
template <class Request, class Response, class Prepare>
Outcome drive_calls(const Options& options, Prepare prepare) {
  Outcome outcome;
  Tally tally(outcome);
  Workload workload(options);
  grpc::CompletionQueue queue;
  std::vector<Slot<Request, Response>> slots(options.in_flight);
  const auto start = Clock::now();
  const auto end = start + std::chrono::duration_cast<Clock::duration>(
                               std::chrono::duration<double>(options.seconds));
  Pace pace(options.rate, start);
  std::uint32_t busy = 0;

  const auto send = [&](Slot<Request, Response>& slot, Clock::time_point counted_from) {
    slot.context.emplace();
    slot.arena = std::make_unique<google::protobuf::Arena>();
    slot.request = google::protobuf::Arena::CreateMessage<Request>(slot.arena.get());
    slot.response = google::protobuf::Arena::CreateMessage<Response>(slot.arena.get());
    fill(*slot.request, workload, options);
    // In an open loop this is when the call was due, see the top of the file.
    slot.start = counted_from;
    ++busy;
    pace.sent();
    slot.reader = prepare(&*slot.context, *slot.request, &queue);
    slot.reader->StartCall();
    slot.reader->Finish(slot.response, &slot.status, &slot);
  };
  std::vector<Slot<Request, Response>*> free;
  for (auto& slot : slots) free.push_back(&slot);
  const auto send_due = [&] {
    while (!free.empty()) {
      const auto now = Clock::now();
      if (now >= end || (pace.is_open_loop() && pace.due() > now)) return;
      auto& slot = *free.back();
      free.pop_back();
      send(slot, pace.is_open_loop() ? pace.due() : now);
    }
  };

  for (send_due(); busy > 0 || Clock::now() < end; send_due()) {
    void* tag = nullptr;
    bool ok = false;
    // In an open loop with a free slot, wake up when the next call is due, or at the end of the
    // run. Otherwise wait for an answer; ten seconds are only the bound of one wait.
    const auto wake = pace.is_open_loop() && busy < slots.size()
                          ? std::chrono::system_clock::now() +
                                (std::min(pace.due(), std::max(end, Clock::now())) - Clock::now())
                          : std::chrono::system_clock::now() + std::chrono::seconds(10);
    if (queue.AsyncNext(&tag, &ok, wake) != grpc::CompletionQueue::GOT_EVENT) continue;
    auto& slot = *static_cast<Slot<Request, Response>*>(tag);
    free.push_back(&slot);
    --busy;
    tally.call(slot.start);
    if (slot.status.ok()) {
      count(*slot.response, tally);
    } else if (is_refusal(slot.status)) {
      tally.refused(slot.status.error_message());
    } else {
      tally.failed(slot.status.error_message());
    }
  }
  outcome.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  queue.Shutdown();
  return outcome;
}

// Drives one stream. gRPC allows one read and one write at a time: `writing` tells whether a write
// is under way; a read always is.
Outcome drive_stream(wire::LedgerService::Stub& stub, const Options& options) {
  Outcome outcome;
  Tally tally(outcome);
  Workload workload(options);
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  enum Tag : std::intptr_t { kStarted = 1, kWrote, kRead, kClosed, kFinished };
  const auto tag_of = [](Tag tag) { return reinterpret_cast<void*>(tag); };
  const auto start = Clock::now();
  const auto end = start + std::chrono::duration_cast<Clock::duration>(
                               std::chrono::duration<double>(options.seconds));
  auto stream = stub.AsyncStreamTransfers(&context, &queue, tag_of(kStarted));
  wire::TransferBatchResponse response;
  grpc::Status status;
  std::vector<Clock::time_point> sent;  // of the unanswered, oldest first
  bool writing = false;
  bool closed = false;  // the time is over: no further request
  bool over = false;    // the server ended the stream

  const auto write = [&] {
    if (writing || closed || over) return;
    if (Clock::now() >= end) {
      closed = true;
      stream->WritesDone(tag_of(kClosed));
    } else if (sent.size() < options.in_flight) {
      google::protobuf::Arena arena;
      auto& request = *google::protobuf::Arena::CreateMessage<wire::TransferBatchRequest>(&arena);
      fill(request, workload, options);
      writing = true;
      sent.push_back(Clock::now());
      stream->Write(request, tag_of(kWrote));
    }
  };

  void* tag = nullptr;
  for (bool ok = false, finished = false; !finished && queue.Next(&tag, &ok);) {
    switch (static_cast<Tag>(reinterpret_cast<std::intptr_t>(tag))) {
      case kStarted:
        if (ok) {
          stream->Read(&response, tag_of(kRead));
          write();
        } else {
          stream->Finish(&status, tag_of(kFinished));
        }
        break;
      case kWrote:
        writing = false;
        write();
        break;
      case kRead:
        if (ok) {
          // Answers come in the order of the requests, so this one is for the oldest.
          tally.call(sent.front());
          sent.erase(sent.begin());
          tally.results(response);
          stream->Read(&response, tag_of(kRead));
          write();
        } else {
          over = true;
          stream->Finish(&status, tag_of(kFinished));
        }
        break;
      case kClosed:
        break;
      case kFinished:
        finished = true;
        if (!status.ok()) tally.failed(status.error_message());
        break;
    }
  }
  outcome.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  // gRPC wants the queue to be empty before it is destroyed. `closed` is only a place to write to.
  queue.Shutdown();
  while (queue.Next(&tag, &closed)) {
  }
  return outcome;
}

}  // namespace

Outcome drive(const std::shared_ptr<grpc::Channel>& channel, const Options& options) {
  const auto stub = wire::LedgerService::NewStub(channel);
  switch (options.mode) {
    case Mode::unary:
      return drive_calls<wire::TransferRequest, wire::Transaction>(
          options, [&](auto* context, const auto& request, auto* queue) {
            return stub->PrepareAsyncTransfer(context, request, queue);
          });
    case Mode::batch:
      return drive_calls<wire::TransferBatchRequest, wire::TransferBatchResponse>(
          options, [&](auto* context, const auto& request, auto* queue) {
            return stub->PrepareAsyncTransferBatch(context, request, queue);
          });
    case Mode::stream:
      break;
  }
  return drive_stream(*stub, options);
}

namespace {

bool has_account(wire::LedgerService::Stub& stub, std::uint32_t index) {
  grpc::ClientContext context;
  wire::GetAccountRequest request;
  request.set_account_id(account_name(index));
  wire::Account account;
  return stub.GetAccount(&context, request, &account).ok();
}

}  // namespace

std::string create_accounts(const std::shared_ptr<grpc::Channel>& channel, const Options& options) {
  struct Creation {
    grpc::ClientContext context;
    wire::Account account;
    grpc::Status status;
    std::unique_ptr<grpc::ClientAsyncResponseReader<wire::Account>> reader;
  };
  constexpr std::uint32_t kInFlight = 256;
  const auto stub = wire::LedgerService::NewStub(channel);
  grpc::CompletionQueue queue;
  std::uint32_t next = 0;
  std::uint32_t busy = 0;
  std::string error;
  // Accounts are created in order, at most kInFlight at a time. If the last one exists, an earlier
  // run may have failed to create some close to it, but none further away.
  if (has_account(*stub, options.accounts - 1))
    next = options.accounts - std::min(options.accounts, 2 * kInFlight);
  const auto send = [&] {
    auto* creation = new Creation;  // owned by the loop below, which gets it back as the tag
    wire::CreateAccountRequest request;
    request.set_account_id(account_name(next++));
    request.set_initial_balance(kInitialBalance);
    creation->reader = stub->AsyncCreateAccount(&creation->context, request, &queue);
    creation->reader->Finish(&creation->account, &creation->status, creation);
    ++busy;
  };
  while (next < options.accounts && busy < kInFlight) send();
  while (busy > 0) {
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    const std::unique_ptr<Creation> creation(static_cast<Creation*>(tag));
    --busy;
    if (!creation->status.ok() &&
        creation->status.error_code() != grpc::StatusCode::ALREADY_EXISTS) {
      error = creation->status.error_message();
    }
    if (error.empty() && next < options.accounts) send();
  }
  queue.Shutdown();
  return error;
}

}  // namespace sg::bench
