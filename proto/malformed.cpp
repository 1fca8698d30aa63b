// protobuf says of a request with a wrong string only that it does not parse. To name the field,
// the bytes are parsed again as a type of the same shape whose strings are bytes.
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>

#include "ledger/ids.hpp"
#include "proto/conversion.hpp"

namespace sg::proto {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorProto;
using google::protobuf::FieldDescriptor;
using google::protobuf::FieldDescriptorProto;
using google::protobuf::Message;

void strings_to_bytes(DescriptorProto& type) {
  for (auto& field : *type.mutable_field()) {
    if (field.type() == FieldDescriptorProto::TYPE_STRING) {
      field.set_type(FieldDescriptorProto::TYPE_BYTES);
    }
  }
  for (auto& nested : *type.mutable_nested_type()) {
    // A map's key may not be bytes: a list of pairs reads the same.
    nested.mutable_options()->clear_map_entry();
    strings_to_bytes(nested);
  }
}

// The path of the first string that is not UTF-8, e.g. "entries[2].account_id"; empty: none.
std::string find_wrong_text(const Message& message) {
  const auto& reflection = *message.GetReflection();
  const auto& type = *message.GetDescriptor();
  for (int f = 0; f < type.field_count(); ++f) {
    const auto& field = *type.field(f);
    const bool repeated = field.is_repeated();
    const int count =
        repeated ? reflection.FieldSize(message, &field) : reflection.HasField(message, &field);
    for (int i = 0; i < count; ++i) {
      const auto name =
          repeated ? field.name() + "[" + std::to_string(i) + "]" : std::string(field.name());
      if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        const auto inner =
            find_wrong_text(repeated ? reflection.GetRepeatedMessage(message, &field, i)
                                     : reflection.GetMessage(message, &field));
        if (!inner.empty()) return name + "." + inner;
      } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
        const auto text = repeated ? reflection.GetRepeatedString(message, &field, i)
                                   : reflection.GetString(message, &field);
        if (!ledger::is_utf8(text)) return name;
      }
    }
  }
  return {};
}

}  // namespace

ledger::Error explain_malformed(const Descriptor& type, std::string_view bytes) {
  google::protobuf::FileDescriptorProto file;
  type.file()->CopyTo(&file);
  for (auto& message : *file.mutable_message_type()) strings_to_bytes(message);
  google::protobuf::DescriptorPool pool;
  google::protobuf::DynamicMessageFactory factory(&pool);
  if (const auto* built = pool.BuildFile(file)) {
    const auto* same = built->FindMessageTypeByName(type.name());
    const std::unique_ptr<Message> message(factory.GetPrototype(same)->New());
    if (message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      const auto field = find_wrong_text(*message);
      if (!field.empty()) {
        return {ledger::Reason::not_utf8,
                field + " is not valid UTF-8",
                {{"field", field}},
                ledger::Outcome::none};
      }
    }
  }
  return {ledger::Reason::malformed_request,
          "the request does not parse as " + std::string(type.full_name()),
          {},
          ledger::Outcome::none};
}

}  // namespace sg::proto
