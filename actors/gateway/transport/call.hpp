// One RPC under way on the gateway's thread.
#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>

#include <cstdint>
#include <exception>
#include <functional>
#include <string>
#include <vector>

#include "actors/gateway/transport/inbox.hpp"
#include "actors/gateway/transport/method.hpp"
#include "ledger/error.hpp"
#include "ledger/submission.hpp"

namespace sg::actors {

class RpcServer;

// Owned by the server from the request for it to its last event. All members are called on the
// gateway's thread.
class Call {
 public:
  Call(RpcServer& server, std::uint64_t id, const Served& served)
      : server_(server), id_(id), served_(served) {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  virtual ~Call() = default;

  // An answer came; a null completion was lost on the way.
  virtual void completed(const Completed& completed) = 0;
  // Who was asked hangs, and what it was given with it: who waits for it is told so.
  virtual void give_up_write() {}
  virtual void give_up_read() {}
  // The server stops soon: calls that last for ever end themselves.
  virtual void drain() {}
  // A serving status changed.
  virtual void health_changed() {}
  // Something that it did threw: the call ends with INTERNAL.
  virtual void failed(const std::exception& error) = 0;
  // Does the next of its portions; true: it has more.
  bool work_on();

  RpcServer& server() { return server_; }
  // The client's call has come; until then this is a place that waits for one.
  bool is_begun() const { return is_begun_; }
  std::uint64_t id() const { return id_; }

 protected:
  // Work that may take long: `portion` is called at once and, while it returns true, again between
  // other events. With `large` it is not called at once: many such calls may have come together.
  void do_in_portions(std::function<bool()> portion, bool large);
  // The client's call has come: another call takes the place that waited for it.
  void begin();
  // The last message from the client had gRPC's compressed flag.
  bool arrived_compressed();
  // Its portions are of no use any more.
  virtual bool is_answered() const { return false; }
  bool has_portions() const { return !portions_.empty(); }

  RpcServer& server_;
  std::uint64_t id_;
  const Served& served_;
  grpc::ServerContext context_;

 private:
  bool do_portion(const std::function<bool()>& portion);

  std::vector<std::function<bool()>> portions_;
  bool is_begun_ = false;
};

// Of a submission that nobody takes, since the coordinator is away. With a key its outcome is
// unknown: an earlier attempt may have had its effect.
ledger::Error coordinator_away_error(const ledger::Submission& submission);
// For small messages that the gateway makes itself; to_answer() (answer_bytes.hpp) for all others.
grpc::ByteBuffer serialize(const google::protobuf::Message& message);
// False when the bytes are no such message.
bool parse(grpc::ByteBuffer& bytes, google::protobuf::Message& message);
// The bytes in one piece.
std::string text_of(const grpc::ByteBuffer& bytes);
// What a client is told that sends a compressed message.
grpc::Status compressed_status();
ledger::SteadyTime steady_deadline(const grpc::ServerContext& context);
// What a caller is told whose request was lost in a restart.
ledger::Error lost_error();
ledger::Error overloaded_error(std::size_t max_in_flight);
ledger::Error too_many_bytes_error(std::size_t max_in_flight_bytes);
ledger::Error too_many_streams_error(std::size_t max_streams);
ledger::Error internal_error(std::string_view what);
// The error itself, unless it is a bug that no correlation id was given yet: logs it under one.
ledger::Error with_correlation_id(const ledger::Error& error);

}  // namespace sg::actors
