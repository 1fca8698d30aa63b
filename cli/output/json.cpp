// Converts messages by protobuf's reflection, so that a new field in the .proto needs no code here.
#include "cli/output/json.hpp"

#include <map>
#include <string>

namespace sg::cli {
namespace {

using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// One value in a message: a single field, or one element of a repeated field. Reflection has two
// getters for each type, one for either. Only this class knows the difference.
class Value {
 public:
  Value(const Message& message, const FieldDescriptor& field, int index = kSingle)
      : message_(message), field_(field), index_(index) {}

  Json json() const {
    switch (field_.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return get(&Reflection::GetInt32, &Reflection::GetRepeatedInt32);
      // As strings: see json.hpp.
      case FieldDescriptor::CPPTYPE_INT64:
        return std::to_string(get(&Reflection::GetInt64, &Reflection::GetRepeatedInt64));
      case FieldDescriptor::CPPTYPE_UINT32:
        return get(&Reflection::GetUInt32, &Reflection::GetRepeatedUInt32);
      case FieldDescriptor::CPPTYPE_UINT64:
        return std::to_string(get(&Reflection::GetUInt64, &Reflection::GetRepeatedUInt64));
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return get(&Reflection::GetDouble, &Reflection::GetRepeatedDouble);
      case FieldDescriptor::CPPTYPE_FLOAT:
        return get(&Reflection::GetFloat, &Reflection::GetRepeatedFloat);
      case FieldDescriptor::CPPTYPE_BOOL:
        return get(&Reflection::GetBool, &Reflection::GetRepeatedBool);
      case FieldDescriptor::CPPTYPE_STRING:
        return get(&Reflection::GetString, &Reflection::GetRepeatedString);
      case FieldDescriptor::CPPTYPE_ENUM: {
        const EnumValueDescriptor* value = get(&Reflection::GetEnum, &Reflection::GetRepeatedEnum);
        return value->name();
      }
      case FieldDescriptor::CPPTYPE_MESSAGE: {
        const Reflection& reflection = *message_.GetReflection();
        return to_json(index_ == kSingle
                           ? reflection.GetMessage(message_, &field_)
                           : reflection.GetRepeatedMessage(message_, &field_, index_));
      }
    }
    return nullptr;
  }

 private:
  static constexpr int kSingle = -1;

  template <class T>
  T get(T (Reflection::*single)(const Message&, const FieldDescriptor*) const,
        T (Reflection::*element)(const Message&, const FieldDescriptor*, int) const) const {
    const Reflection& reflection = *message_.GetReflection();
    return index_ == kSingle ? (reflection.*single)(message_, &field_)
                             : (reflection.*element)(message_, &field_, index_);
  }

  const Message& message_;
  const FieldDescriptor& field_;
  int index_;
};

// Reflection shows a map as a repeated field of entries, in no particular order.
Json map_json(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  const FieldDescriptor& key = *field.message_type()->map_key();
  const FieldDescriptor& value = *field.message_type()->map_value();
  std::map<std::string, Json> sorted;
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    const Message& entry = reflection.GetRepeatedMessage(message, &field, i);
    sorted[Value(entry, key).json().get<std::string>()] = Value(entry, value).json();
  }
  Json object = Json::object();
  for (auto& [name, content] : sorted) object[name] = std::move(content);
  return object;
}

Json field_json(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  if (field.is_map()) return map_json(message, field);
  if (field.is_repeated()) {
    Json array = Json::array();
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      array.push_back(Value(message, field, i).json());
    }
    return array;
  }
  // A nested message or an `optional` field that is not set. Other fields always have a value.
  if (field.has_presence() && !reflection.HasField(message, &field)) return nullptr;
  return Value(message, field).json();
}

}  // namespace

Json to_json(const Message& message) {
  Json object = Json::object();
  const auto& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    object[type.field(i)->name()] = field_json(message, *type.field(i));
  }
  return object;
}

std::string line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace sg::cli
