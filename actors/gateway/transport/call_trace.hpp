// By what a call is found again in logs: the id that its client gave it, or one that is made, and
// the client's W3C trace context (https://www.w3.org/TR/trace-context/).
//
// Only what has the right form is taken, since it goes into logs and errors.
//
// Concurrency: pure functions of a call's metadata; new_request_id() may be called from any thread.
#pragma once

#include <grpcpp/server_context.h>

#include <optional>
#include <string>
#include <string_view>

namespace sg::actors {

inline constexpr std::string_view kRequestIdMetadata = "x-request-id";
inline constexpr std::string_view kTraceparentMetadata = "traceparent";

// 1 to 128 of A-Z a-z 0-9 - _ . : / + =
bool is_request_id(std::string_view text);
// "00-" 32 hexadecimal digits "-" 16 "-" 2, in lower case; neither id is all zeros.
bool is_traceparent(std::string_view text);

// 32 random hexadecimal digits.
std::string new_request_id();

// The first value of that name, if `is_right`; else the empty text.
std::string traced(const grpc::ServerContext& context, std::string_view name,
                   bool (*is_right)(std::string_view));

}  // namespace sg::actors
