// Long work in portions: the gateway has one thread, and a batch of 10,000 transfers is
// milliseconds of work. So large requests are parsed and answered in portions, and the server does
// one portion between events of other calls. A call's portions take turns: a function that is not
// finished goes to the end of the call's queue.
#include "actors/gateway/transport/call.hpp"

#include <grpcpp/impl/codegen/proto_utils.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>

#include "actors/gateway/transport/call_trace.hpp"
#include "actors/gateway/transport/freshness.hpp"
#include "actors/gateway/transport/rpc_server.hpp"
#include "proto/conversion.hpp"
#include "telemetry/log.hpp"

// gRPC's core library exports this function, but none of its public headers declares it.
std::uint32_t grpc_call_test_only_get_message_flags(grpc_call* call);

namespace sg::actors {

using telemetry::log;
using telemetry::Module;

using ledger::Error;
using ledger::Outcome;
using ledger::Reason;

namespace {

// The key under which an error tells its place in the log.
constexpr const char* kCorrelationId = "correlation_id";

// Bits of a message's flags that gRPC's core reserves for itself.
constexpr std::uint32_t kIsCompressed = 0x8000'0000;
constexpr std::uint32_t kWasCompressed = 0x4000'0000;

// A field takes at least two bytes, so a request up to this size has few fields whatever they are.
constexpr std::size_t kMostBytesUnlooked = 2 * proto::kMaxFieldsOfRequest;

}  // namespace

void Call::begin() {
  is_begun_ = true;
  begun_at_ = std::chrono::steady_clock::now();
  server_.call_begun();
  server_.arm(served_);
}

grpc::Status Call::ended(const grpc::Status& status) {
  const auto code = static_cast<std::size_t>(status.error_code());
  const auto duration = std::chrono::steady_clock::now() - begun_at_;
  served_.calls.by_code[std::min(code, telemetry::kCodeNames.size() - 1)].add();
  served_.calls.duration.record(duration);
  const bool is_logged = log(Module::calls).should_log(spdlog::level::debug);
  if (is_logged || !status.ok()) (void)request_id();
  if (request_id_.empty()) request_id_ = traced(context_, kRequestIdMetadata, is_request_id);
  if (!request_id_.empty()) {
    context_.AddTrailingMetadata(std::string(kRequestIdMetadata), request_id_);
  }
  if (is_logged) log_end(status, duration);
  // Those of gRPC itself have none.
  const bool has_details = !status.error_details().empty();
  return has_details ? proto::with_request_id(status, request_id_) : status;
}

const std::string& Call::request_id() {
  if (request_id_.empty()) request_id_ = traced(context_, kRequestIdMetadata, is_request_id);
  if (request_id_.empty()) request_id_ = new_request_id();
  return request_id_;
}

void Call::tell_request_id() {
  context_.AddInitialMetadata(std::string(kRequestIdMetadata), request_id());
}

void Call::describe(RecentWrite& write) {
  write.method = served_.method.name;
  if (client_) write.caller = client_->caller->name;
  write.ended = std::chrono::duration_cast<std::chrono::milliseconds>(
                    std::chrono::system_clock::now().time_since_epoch())
                    .count();
  const bool needs_id = !request_id_.empty() || !write.refusals.empty();
  write.request_id = needs_id ? request_id() : traced(context_, kRequestIdMetadata, is_request_id);
}

void Call::log_end(const grpc::Status& status, std::chrono::nanoseconds duration) {
  const auto microseconds = std::to_string(duration.count() / 1'000);
  const auto traceparent = traced(context_, kTraceparentMetadata, is_traceparent);
  const auto code = static_cast<std::size_t>(status.error_code());
  const auto peer = context_.peer();
  const std::string caller = client_ ? client_->caller->name : std::string();
  telemetry::log_with(
      Module::calls, spdlog::level::debug, served_.method.name,
      {{"service", served_.method.service},
       {"code", telemetry::kCodeNames[std::min(code, telemetry::kCodeNames.size() - 1)]},
       {"duration_us", microseconds, true},
       {"request_id", request_id_},
       {"traceparent", traceparent},
       {"caller", caller},
       {"peer", peer}});
}

std::optional<ledger::Error> Call::let_in() {
  auto client =
      server_.gatekeeper().let_in(context_, served_.method.permission, served_.method.name);
  if (!client) return client.error();
  // Its places are those of the client that it began with.
  if (client_ && client_ != *client) {
    return ledger::Error{ledger::Reason::unauthenticated,
                         "what the caller may do has changed: open a new stream",
                         {},
                         ledger::Outcome::none};
  }
  client_ = std::move(*client);
  return std::nullopt;
}

ledger::OriginPtr Call::origin() {
  if (!client_ || server_.audit_log() == nullptr) return nullptr;
  return client_->origin_at(context_.peer());
}

std::shared_ptr<const ledger::Trace> Call::trace() {
  if (server_.node() == 0 || !server_.knows_commands()) return nullptr;
  return std::make_shared<const ledger::Trace>(
      ledger::Trace{request_id(), traced(context_, kTraceparentMetadata, is_traceparent)});
}

std::optional<ledger::Error> Call::refuse_before_upgrade(
    const ledger::Submission& submission) const {
  if (server_.knows_commands()) return std::nullopt;
  return with_outcome_of({ledger::Reason::cluster_upgrading,
                          "this node does not know yet that all nodes of the cluster have programs "
                          "that know commands: try again, with the same key if there is one",
                          {},
                          ledger::Outcome::none},
                         submission);
}

void Call::audit(std::string_view outcome, std::uint64_t items, std::uint64_t refused) {
  tell_audit_log(client_ ? client_->caller->name : std::string(), outcome, items, refused);
}

void Call::tell_audit_log(std::string caller, std::string_view outcome, std::uint64_t items,
                          std::uint64_t refused) {
  auto* log = server_.audit_log();
  if (log == nullptr || served_.method.effect == Effect::probes) return;
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  log->add({now.count(), std::move(caller), context_.peer(), std::string(served_.method.name),
            std::exchange(subject_, {}), std::string(outcome), items, refused});
}

// One that is known and not let in has its name in the error.
void Call::audit(const ledger::Error& error) {
  std::string caller = client_ ? client_->caller->name : std::string();
  for (const auto& [name, value] : error.metadata) {
    if (caller.empty() && name == "caller") caller = value;
    if (subject_.empty() && (name == "account_id" || name == "participant_id")) subject_ = value;
  }
  tell_audit_log(std::move(caller), to_string(error.reason), 1, 1);
}

void Call::audit(const ledger::Submission& submission) {
  if (server_.audit_log() == nullptr) return;
  std::uint64_t refused = 0;
  std::optional<std::size_t> first;
  for (std::size_t i = 0; i < submission.results.size(); ++i) {
    if (submission.results[i].is_answer()) continue;
    ++refused;
    if (!first) first = i;
  }
  if (!first) return;
  const auto transfers = submission.transfers();
  if (*first < transfers.size() && !transfers[*first].entries.empty()) {
    subject_ = transfers[*first].entries.front().account_id;
  }
  const auto& error = submission.results[*first].error;
  audit(error ? to_string(error->reason) : "UNKNOWN", submission.results.size(), refused);
}

const std::string& Call::only_participant() const {
  static const std::string everybody;
  return client_ ? client_->only_participant() : everybody;
}

ledger::IsOwn Call::own_accounts() const {
  if (only_participant().empty()) return {};
  return [client = client_](std::string_view id) { return client->own_accounts.contains(id); };
}

ledger::Result<Admissions::Place> Call::admit(std::size_t bytes) {
  auto place = (client_ ? client_->calls : server_.admissions()).admit(bytes);
  if (place) {
    server_.show_load();
    return std::move(*place);
  }
  const auto [limit, most] = place.error();
  return tl::unexpected(limit == Admissions::Limit::bytes ? too_many_bytes_error(most)
                                                          : overloaded_error(most));
}

ledger::Result<Admissions::Place> Call::admit_stream() {
  auto place = (client_ ? client_->streams : server_.streams()).admit(0);
  if (place) {
    server_.show_load();
    return std::move(*place);
  }
  return tl::unexpected(too_many_streams_error(place.error().most));
}

ledger::Error Call::too_many_bytes() const {
  const auto all = server_.settings().max_in_flight_bytes;
  const auto own = client_ ? client_->calls.max_bytes() : 0;
  return too_many_bytes_error(own == 0 ? all : std::min(own, all));
}

void Call::add_trailers(ledger::Sequence observed) {
  if (server_.node() == 0) return;
  const auto sequence = std::max(observed, server_.settled());
  context_.AddTrailingMetadata("x-scalegraph-node", std::to_string(server_.node()));
  context_.AddTrailingMetadata("x-scalegraph-sequence", std::to_string(sequence));
}

ledger::Result<Freshness> Call::wanted_freshness() const {
  const auto& metadata = context_.client_metadata();
  const auto wanted = metadata.find(grpc::string_ref(kReadMetadata.data(), kReadMetadata.size()));
  if (wanted == metadata.end()) return Freshness(LinearizableRead{});
  return parse_freshness({wanted->second.data(), wanted->second.size()});
}

// A client may set the compressed flag without naming an encoding that gRPC knows. Then gRPC hands
// over the message as if it were plain. Only this function tells the difference.
bool Call::arrived_compressed() {
  const auto flags = grpc_call_test_only_get_message_flags(context_.c_call());
  return (flags & (kIsCompressed | kWasCompressed)) != 0;
}

grpc::Status compressed_status() {
  return {grpc::StatusCode::UNIMPLEMENTED,
          "compressed messages are not taken: send them with grpc-encoding identity"};
}

void Call::do_in_portions(std::function<bool()> portion, bool large) {
  // If others wait already, the new portion queues behind them.
  if (large || !portions_.empty() || do_portion(portion)) {
    portions_.push_back(std::move(portion));
    // The server lists each call once, for all of its portions.
    if (portions_.size() == 1) server_.work_later(id_);
  }
}

bool Call::work_on() {
  if (portions_.empty()) return false;
  const auto portion = std::move(portions_.front());
  portions_.erase(portions_.begin());
  if (do_portion(portion)) portions_.push_back(portion);
  return !portions_.empty();
}

bool Call::do_portion(const std::function<bool()>& portion) {
  try {
    return !is_answered() && portion();
  } catch (const std::exception& error) {
    failed(error);
    return false;
  }
}

ledger::Error coordinator_away_error(const ledger::Submission& submission) {
  if (ledger::has_any_key(submission)) {
    return {ledger::Reason::node_unavailable,
            "the coordinator is restarting, so what the idempotency key did is unknown: try again "
            "with the same key",
            {},
            ledger::Outcome::unknown};
  }
  return {ledger::Reason::node_unavailable,
          "the coordinator is restarting: nothing changed, try again",
          {},
          ledger::Outcome::none};
}

grpc::ByteBuffer serialize(const google::protobuf::Message& message) {
  grpc::ByteBuffer bytes;
  bool own = false;
  const auto status =
      grpc::SerializationTraits<google::protobuf::Message>::Serialize(message, &bytes, &own);
  // An empty buffer would pass as a valid message without fields.
  if (!status.ok()) throw std::length_error("cannot write a message: " + status.error_message());
  return bytes;
}

bool parse(grpc::ByteBuffer& bytes, google::protobuf::Message& message) {
  return grpc::SerializationTraits<google::protobuf::Message>::Deserialize(&bytes, &message).ok();
}

std::string text_of(const grpc::ByteBuffer& bytes) {
  std::vector<grpc::Slice> slices;
  std::string text;
  text.reserve(bytes.Length());
  if (bytes.Dump(&slices).ok()) {
    for (const auto& slice : slices) {
      text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
    }
  }
  return text;
}

std::optional<ledger::Error> parse_checked(grpc::ByteBuffer& bytes,
                                           google::protobuf::Message& message) {
  const auto& type = *message.GetDescriptor();
  // The parser builds an object for each field, and a request could have millions. Check its shape
  // first.
  if (bytes.Length() > kMostBytesUnlooked) {
    if (auto error = proto::check_shape(type, text_of(bytes))) return error;
  }
  // Parsing empties the buffer. The copy shares its bytes, for the explanation of an error.
  const grpc::ByteBuffer copy(bytes);
  if (parse(bytes, message)) return std::nullopt;
  return proto::explain_malformed(type, text_of(copy));
}

ledger::SteadyTime steady_deadline(const grpc::ServerContext& context) {
  // Computed in gRPC's own type: the longest deadlines pass the range of system_clock's
  // nanoseconds, and would come out as times in the past.
  constexpr std::int64_t kForeverSeconds = 365 * 24 * 3'600;
  const auto left =
      gpr_time_sub(gpr_convert_clock_type(context.raw_deadline(), GPR_CLOCK_MONOTONIC),
                   gpr_now(GPR_CLOCK_MONOTONIC));
  if (left.tv_sec > kForeverSeconds) return ledger::SteadyTime::max();
  return std::chrono::steady_clock::now() + std::chrono::seconds(left.tv_sec) +
         std::chrono::nanoseconds(left.tv_nsec);
}

Error queries_away_error() {
  return {
      Reason::node_unavailable, "the queries actor is restarting: try again", {}, Outcome::none};
}

Error with_outcome_of(Error error, const ledger::Submission& submission) {
  error.outcome = ledger::has_any_key(submission) ? Outcome::unknown : Outcome::none;
  return error;
}

Error lost_error() {
  return {Reason::node_unavailable,
          "the request was lost in a restart: the outcome is unknown, retry with the same "
          "idempotency key",
          {},
          Outcome::unknown};
}

Error overloaded_error(std::size_t max_in_flight) {
  return {Reason::overloaded,
          "more than " + std::to_string(max_in_flight) + " calls are in flight: try again later",
          {{"max_in_flight", std::to_string(max_in_flight)}},
          Outcome::none};
}

Error too_many_bytes_error(std::size_t max_in_flight_bytes) {
  const auto most = std::to_string(max_in_flight_bytes);
  return {Reason::overloaded,
          "calls in flight hold " + most + " bytes: try again later",
          {{"max_in_flight_bytes", most}},
          Outcome::none};
}

Error too_many_streams_error(std::size_t max_streams) {
  const auto most = std::to_string(max_streams);
  return {Reason::overloaded,
          most + " streams are open: close some, or try again later",
          {{"max_streams", most}},
          Outcome::none};
}

Error internal_error(std::string_view what) {
  static std::atomic<std::uint64_t> count{0};
  // The steady clock's time and a count, in hexadecimal: "TIME-COUNT".
  const auto started = std::chrono::steady_clock::now().time_since_epoch().count();
  const auto id = fmt::format("{:x}-{}", started, count.fetch_add(1));
  log(Module::gateway).error("internal error {}: {}", id, what);
  return {Reason::internal,
          "an internal error, logged as " + id,
          {{kCorrelationId, id}},
          Outcome::unknown};
}

Error with_correlation_id(const Error& error) {
  const bool has_id = std::any_of(error.metadata.begin(), error.metadata.end(),
                                  [](const auto& fact) { return fact.first == kCorrelationId; });
  if (error.reason != Reason::internal || has_id) return error;
  auto logged = internal_error(error.message);
  logged.outcome = error.outcome;
  return logged;
}

}  // namespace sg::actors
