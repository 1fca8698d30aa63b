// Messages of the wire as JSON: field names as in the .proto, int64 as numbers, enum values by
// name, maps as objects sorted by key, every field present (an optional one that is not set is
// null).
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
