// One RPC on the gateway's thread: the base of unary calls, streams and watches.
//
// The states of a call: it is made to wait for a client (armed); a client comes (begun); requests
// and answers go back and forth as operations on the completion queue; the last event ends it. Its
// server owns it all that time, and finds it by its id. Answers of other threads come by Inbox.
//
// Concurrency: all members are called on the gateway's thread.
#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>

#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "actors/gateway/door/client.hpp"
#include "actors/gateway/transport/inbox.hpp"
#include "actors/gateway/transport/method.hpp"
#include "actors/gateway/transport/recent_writes.hpp"
#include "actors/query.hpp"
#include "ledger/error.hpp"
#include "ledger/rights.hpp"
#include "ledger/submission.hpp"

namespace sg::actors {

class RpcServer;

// `id` is unique within the server. `served` outlives the call.
class Call {
 public:
  Call(RpcServer& server, std::uint64_t id, const Served& served)
      : server_(server), id_(id), served_(served) {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  virtual ~Call() = default;

  // An answer arrived from another thread. A null completion means that the request was lost.
  virtual void completed(const Completed& completed) = 0;
  // The coordinator hangs, or the queries actor hangs, with the requests that it holds. A call that
  // waits for that actor answers with "outcome unknown".
  virtual void give_up_write() {}
  virtual void give_up_read() {}
  // The server is about to stop: calls without an end of their own end themselves.
  virtual void drain() {}
  // The serving status of some service changed.
  virtual void health_changed() {}
  // One of the call's own functions threw. The call ends with INTERNAL, and the server goes on.
  virtual void failed(const std::exception& error) = 0;
  // Does the next portion of its work. Returns true if there are more.
  bool work_on();

  RpcServer& server() { return server_; }
  // Which accounts are known to be the caller's own; empty: the caller may use every account. On
  // the gateway's thread; it may outlive the call.
  ledger::IsOwn own_accounts() const;
  // True once a client's call has come. Until then the call is armed: it waits for a client.
  bool is_begun() const { return is_begun_; }
  std::uint64_t id() const { return id_; }
  // Fills in whose write it was. One that was refused, even in part, gets the call's id.
  void describe(RecentWrite& write);
  // CLUSTER_UPGRADING for commands while some node would not know their records.
  std::optional<ledger::Error> refuse_before_upgrade(const ledger::Submission& submission) const;
  // When its client's call came.
  ledger::SteadyTime begun_at() const { return begun_at_; }

 protected:
  // Work that may take long. `portion` is called at once and, while it returns true, again between
  // events of other calls. With `large` it is not called at once, because many such calls may have
  // come together.
  void do_in_portions(std::function<bool()> portion, bool large);
  // A client's call has come. Arms another call for the next client.
  void begin();
  // Tells metrics and log how the call ends. Called once, right before its status goes to gRPC.
  // Returns the status as the client gets it: an error has the call's id with it.
  grpc::Status ended(const grpc::Status& status);
  // Lets the call in, or returns the error that it ends with. On a stream also for each request,
  // since a token may have been revoked by then.
  std::optional<ledger::Error> let_in();
  // Who sends it; null with authentication off, and before let_in().
  const ClientPtr& client() const { return client_; }
  // The participant whose accounts alone the call may read and debit; empty: every account.
  const std::string& only_participant() const;
  // Who sends it, for the chain to keep; null: nothing is kept.
  ledger::OriginPtr origin();
  // By what the other nodes' logs find the call; null if there are none.
  std::shared_ptr<const ledger::Trace> trace();
  // Tells the audit log, if there is one, what came of the call. What commits is told by the chain.
  void audit(std::string_view outcome, std::uint64_t items = 1, std::uint64_t refused = 0);
  void audit(const ledger::Error& error);
  // The same for a write that was answered: nothing is told if all of it committed.
  void audit(const ledger::Submission& submission);
  // As the client gave it, or one that is made; the same each time.
  const std::string& request_id();
  // Tells the client the call's id with the first answer already. Needs: none was sent.
  void tell_request_id();
  // What the call is about, for the audit log.
  void set_subject(std::string subject) { subject_ = std::move(subject); }
  // A place for a call that holds `bytes`, or OVERLOADED.
  ledger::Result<Admissions::Place> admit(std::size_t bytes);
  // A place for an open stream, or OVERLOADED. The requests on it need places of their own.
  ledger::Result<Admissions::Place> admit_stream();
  // For a place that cannot grow.
  ledger::Error too_many_bytes() const;
  // In a cluster, before the end: which node answers, and the sequence that its answers may show.
  // `observed`: what another node has carried out may be newer than what is here.
  void add_trailers(ledger::Sequence observed = 0);
  // How fresh its reads have to be; an error if the client says it wrongly.
  ledger::Result<Freshness> wanted_freshness() const;
  // True if the last message from the client had gRPC's flag for compression.
  bool arrived_compressed();
  // True if the remaining portions are of no use any more.
  virtual bool is_answered() const { return false; }
  bool has_portions() const { return !portions_.empty(); }

  RpcServer& server_;
  std::uint64_t id_;
  const Served& served_;
  grpc::ServerContext context_;

 private:
  void log_end(const grpc::Status& status, std::chrono::nanoseconds duration);
  void tell_audit_log(std::string caller, std::string_view outcome, std::uint64_t items,
                      std::uint64_t refused);
  // Calls the portion unless the call is answered. An exception ends the call.
  bool do_portion(const std::function<bool()>& portion);

  ClientPtr client_;
  std::string subject_;
  std::string request_id_;  // empty: it was not needed yet
  // Unfinished work, in turn; a stream may have several.
  std::vector<std::function<bool()>> portions_;
  bool is_begun_ = false;
  ledger::SteadyTime begun_at_{};
};

// The error for a submission that was not handed over because the coordinator is restarting. If it
// has a key, its outcome is unknown: an earlier attempt with that key may have committed.
ledger::Error coordinator_away_error(const ledger::Submission& submission);
// For small messages that the gateway makes itself; all others take to_answer() (answer_bytes.hpp).
// Throws std::length_error if gRPC cannot serialise the message.
grpc::ByteBuffer serialize(const google::protobuf::Message& message);
// Parses `bytes`, which is empty afterwards. Returns false if they are no such message.
bool parse(grpc::ByteBuffer& bytes, google::protobuf::Message& message);
// The same for what a client sends: the error explains what is wrong with the bytes.
std::optional<ledger::Error> parse_checked(grpc::ByteBuffer& bytes,
                                           google::protobuf::Message& message);
// A copy of the bytes in one piece.
std::string text_of(const grpc::ByteBuffer& bytes);
// UNIMPLEMENTED: the status for a client that sends a compressed message.
grpc::Status compressed_status();
// The call's deadline on the steady clock; max() if it has none, or one over a year ahead.
ledger::SteadyTime steady_deadline(const grpc::ServerContext& context);
// The error for a question that the queries actor cannot be asked, or has lost. Nothing changed.
ledger::Error queries_away_error();
// The error for a submission that cannot be handed over, since it is not known whether the caller
// may debit its accounts. An earlier attempt with its key may have committed.
ledger::Error with_outcome_of(ledger::Error error, const ledger::Submission& submission);
// The error for a request that was lost in a restart: its outcome is unknown.
ledger::Error lost_error();
// OVERLOADED, one for each limit of Admissions. The argument is the limit.
ledger::Error overloaded_error(std::size_t max_in_flight);
ledger::Error too_many_bytes_error(std::size_t max_in_flight_bytes);
ledger::Error too_many_streams_error(std::size_t max_streams);
// Logs `what` under a new correlation id. Returns INTERNAL with that id and without `what`.
ledger::Error internal_error(std::string_view what);
// Returns the error itself, unless it is INTERNAL without a correlation id: that is a bug, and is
// logged like internal_error() does.
ledger::Error with_correlation_id(const ledger::Error& error);

}  // namespace sg::actors
