// Messages of the wire as JSON: field names as in the .proto, enum values by name, maps as objects
// sorted by key, every field present (an optional one that is not set is null).
//
// 64-bit integers are strings, as in protobuf's own JSON: JavaScript, jq and others read numbers as
// doubles, which round beyond 2^53.
#pragma once

#include <google/protobuf/message.h>

#include <nlohmann/json.hpp>

namespace sg::cli {

// Keeps the order of the fields.
using Json = nlohmann::ordered_json;

[[nodiscard]] Json to_json(const google::protobuf::Message& message);

// One line. Bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string line(const Json& json);

}  // namespace sg::cli
