// An asynchronous gRPC server of the plainest kind. Each object is one call. It waits in the
// completion queue for a client, and its address is the tag of every event of that call. When a
// client comes, the object puts a new one in its place. When the call is over, it deletes itself.
#include "bench/echo_server.hpp"

#include <google/protobuf/arena.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <unistd.h>

#include <iostream>
#include <memory>
#include <thread>

#include "proto/ledger.grpc.pb.h"

namespace sg::bench {
namespace {

namespace wire = scalegraph::ledger;
using Service = wire::LedgerService::AsyncService;

// What a tag in the completion queue points to.
class Event {
 public:
  virtual ~Event() = default;
  // The event happened. `ok` is false if the call was cut off, or the server shuts down.
  virtual void done(bool ok) = 0;
};

// Any valid transaction id: it is as long as a real one.
constexpr const char* kId = "01M82PFJTW0000000000000004";

void echo(const wire::TransferRequest& request, wire::Transaction& response) {
  response.set_id(kId);
  response.set_type("transfer");
  response.mutable_entries()->CopyFrom(request.entries());
  response.set_timestamp(1'700'000'000'000);
  response.set_reference(request.reference());
}

void echo(const wire::TransferBatchRequest& request, wire::TransferBatchResponse& response) {
  response.mutable_results()->Reserve(request.transfers_size());
  for (const auto& transfer : request.transfers()) {
    echo(transfer, *response.add_results()->mutable_transaction());
  }
}

// One unary call. Its events are: a request has come, and the answer was sent.
template <class Request, class Response, auto Method>
class UnaryEcho final : public Event {
 public:
  UnaryEcho(Service& service, grpc::ServerCompletionQueue& queue)
      : service_(service), queue_(queue), writer_(&context_) {
    request_ = google::protobuf::Arena::CreateMessage<Request>(&arena_);
    (service_.*Method)(&context_, request_, &writer_, &queue_, &queue_, this);
  }
  void done(bool ok) override {
    if (!ok || finishing_) {
      delete this;
      return;
    }
    new UnaryEcho(service_, queue_);
    auto& response = *google::protobuf::Arena::CreateMessage<Response>(&arena_);
    echo(*request_, response);
    finishing_ = true;
    writer_.Finish(response, grpc::Status::OK, this);
  }

 private:
  Service& service_;
  grpc::ServerCompletionQueue& queue_;
  google::protobuf::Arena arena_;
  grpc::ServerContext context_;
  Request* request_ = nullptr;
  grpc::ServerAsyncResponseWriter<Response> writer_;
  bool finishing_ = false;
};

// One stream. It reads a request, writes its answer, and so on, until the client ends the stream.
class StreamEcho final : public Event {
 public:
  StreamEcho(Service& service, grpc::ServerCompletionQueue& queue)
      : service_(service), queue_(queue), stream_(&context_) {
    service_.RequestStreamTransfers(&context_, &stream_, &queue_, &queue_, this);
  }
  void done(bool ok) override {
    switch (state_) {
      case State::starting:
        if (!ok) return end();
        new StreamEcho(service_, queue_);
        return read();
      case State::reading: {
        if (!ok) {
          state_ = State::finishing;
          stream_.Finish(grpc::Status::OK, this);
          return;
        }
        wire::TransferBatchResponse response;
        echo(request_, response);
        state_ = State::writing;
        stream_.Write(response, this);
        return;
      }
      case State::writing:
        return read();
      case State::finishing:
        return end();
    }
  }

 private:
  enum class State { starting, reading, writing, finishing };
  void read() {
    state_ = State::reading;
    stream_.Read(&request_, this);
  }
  void end() { delete this; }

  Service& service_;
  grpc::ServerCompletionQueue& queue_;
  grpc::ServerContext context_;
  wire::TransferBatchRequest request_;
  grpc::ServerAsyncReaderWriter<wire::TransferBatchResponse, wire::TransferBatchRequest> stream_;
  State state_ = State::starting;
};

}  // namespace

int serve_echo() {
  Service service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.SetMaxReceiveMessageSize(64 << 20);
  builder.RegisterService(&service);
  auto queue = builder.AddCompletionQueue();
  auto server = builder.BuildAndStart();
  if (!server) return 3;
  // Several objects wait per method, so that a burst of calls does not wait for new ones.
  for (int i = 0; i < 64; ++i) {
    new UnaryEcho<wire::TransferRequest, wire::Transaction, &Service::RequestTransfer>(service,
                                                                                       *queue);
  }
  for (int i = 0; i < 8; ++i) {
    new UnaryEcho<wire::TransferBatchRequest, wire::TransferBatchResponse,
                  &Service::RequestTransferBatch>(service, *queue);
  }
  new StreamEcho(service, *queue);
  std::thread thread([&] {
    void* tag = nullptr;
    for (bool ok = false; queue->Next(&tag, &ok);) static_cast<Event*>(tag)->done(ok);
  });
  std::cout << port << std::endl;
  char byte = 0;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
  server->Shutdown(std::chrono::system_clock::now());
  queue->Shutdown();
  thread.join();
  return 0;
}

}  // namespace sg::bench
