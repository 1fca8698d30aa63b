#include "actors/gateway/call.hpp"

#include <grpcpp/impl/codegen/proto_utils.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>

#include "proto/conversion.hpp"

namespace sg::actors {

using ledger::Error;
using ledger::Outcome;
using ledger::Reason;

namespace {

constexpr const char* kCorrelationId = "correlation_id";

}  // namespace

grpc::ByteBuffer serialize(const google::protobuf::Message& message) {
  grpc::ByteBuffer bytes;
  bool own = false;
  // Fails only for messages beyond 2 GiB, far above the limit of a request.
  const auto status =
      grpc::SerializationTraits<google::protobuf::Message>::Serialize(message, &bytes, &own);
  if (!status.ok()) spdlog::error("gateway: cannot serialise: {}", status.error_message());
  return bytes;
}

bool parse(grpc::ByteBuffer& bytes, google::protobuf::Message& message) {
  return grpc::SerializationTraits<google::protobuf::Message>::Deserialize(&bytes, &message).ok();
}

Error malformed(const google::protobuf::Descriptor& type, const grpc::ByteBuffer& bytes) {
  std::vector<grpc::Slice> slices;
  std::string text;
  if (bytes.Dump(&slices).ok()) {
    for (const auto& slice : slices) {
      text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
    }
  }
  return proto::explain_malformed(type, text);
}

ledger::SteadyTime steady_deadline(const grpc::ServerContext& context) {
  using std::chrono::steady_clock;
  using std::chrono::system_clock;
  constexpr std::chrono::hours kForever{24 * 365};
  const auto left = context.deadline() - system_clock::now();
  if (left > kForever) return ledger::SteadyTime::max();
  return steady_clock::now() + std::chrono::duration_cast<steady_clock::duration>(left);
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

Error internal_error(std::string_view what) {
  static std::atomic<std::uint64_t> count{0};
  const auto started = std::chrono::steady_clock::now().time_since_epoch().count();
  const auto id = fmt::format("{:x}-{}", started, count.fetch_add(1));
  spdlog::error("gateway: internal error {}: {}", id, what);
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
