// Wire messages as JSON.
//
// - Fields have the names of the .proto, and every field is present. An optional field that is not
//   set is null.
// - Enum values are names. Maps are objects, sorted by key.
// - 64-bit integers are strings, as in protobuf's own JSON. JavaScript, jq and others read numbers
//   as doubles, which round beyond 2^53.
#pragma once

#include <google/protobuf/message.h>

#include <nlohmann/json.hpp>

namespace sg::cli {

// Objects keep the order in which fields were added, which is that of the .proto.
using Json = nlohmann::ordered_json;

// Works for any message, by reflection.
[[nodiscard]] Json to_json(const google::protobuf::Message& message);

// The JSON on one line, with a newline. Bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string line(const Json& json);

}  // namespace sg::cli
