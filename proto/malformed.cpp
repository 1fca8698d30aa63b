// Explains why a request does not parse.
//
// protobuf says only that a request does not parse. So its bytes are walked over once more, led by
// the descriptor of the message type. The walk builds nothing, and allocates nothing until there is
// an error to report. A refusal must not cost more than a valid request does.
//
// field_stream.hpp describes the wire format. Fields that the type does not know are skipped.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/unknown_field_set.h>
#include <google/protobuf/wire_format_lite.h>

#include <array>
#include <string>
#include <vector>

#include "ledger/ids.hpp"
#include "ledger/transfer.hpp"
#include "proto/conversion.hpp"
#include "proto/field_stream.hpp"

namespace sg::proto {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;

// Elements of repeated fields are counted for the first fields of a type only, to name the element
// in a path. No request has more fields.
constexpr int kCountedFields = 16;

// One walk over the bytes of one message. After a wrong text the path to it is put together while
// the calls return, from the inside out.
class Walk {
 public:
  explicit Walk(std::string_view bytes) : in_(bytes) {}

  // True if the bytes up to the current limit are a message of that type.
  bool message(const Descriptor& type) {
    std::array<int, kCountedFields> seen{};
    while (const auto tag = in_.next_tag()) {
      // Bounds the work for a request of many tiny fields.
      if (in_.fields() > kMaxFieldsOfRequest) return false;
      const auto* field = type.FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag));
      const bool has_length =
          WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
      bool good = false;
      // A known field with another wire type than its own is skipped, as an unknown one.
      if (field != nullptr && has_length && field->type() == FieldDescriptor::TYPE_MESSAGE) {
        good = in_.nested([&] { return message(*field->message_type()); });
      } else if (field != nullptr && has_length && field->type() == FieldDescriptor::TYPE_STRING) {
        good = text();
      } else {
        good = in_.skip(tag, kMaxFieldsOfRequest);
      }
      const bool is_counted = field != nullptr && field->index() < kCountedFields;
      if (!good) {
        if (field != nullptr) add_to_path(*field, is_counted ? seen[index_of(*field)] : 0);
        return false;
      }
      if (is_counted) ++seen[index_of(*field)];
    }
    return in_.is_at_end();
  }

  // The path of the text that is not UTF-8, such as "metadata[2].key". Empty if something else is
  // wrong.
  std::string wrong_text() const { return is_wrong_text_ ? path_ : std::string(); }

 private:
  static std::size_t index_of(const FieldDescriptor& field) {
    return static_cast<std::size_t>(field.index());
  }

  // Puts a field in front of the path. Paths are needed for wrong texts only.
  void add_to_path(const FieldDescriptor& field, int element) {
    if (!is_wrong_text_) return;
    auto name = field.name();
    if (field.is_repeated()) name += "[" + std::to_string(element) + "]";
    path_ = path_.empty() ? name : name + "." + path_;
  }

  // A text: a size, then bytes that have to be UTF-8.
  bool text() {
    std::string_view bytes;
    if (!in_.read_bytes(bytes)) return false;
    is_wrong_text_ = !ledger::is_utf8(bytes);
    return !is_wrong_text_;
  }

  FieldStream in_;
  bool is_wrong_text_ = false;  // the walk ended at a text that is not UTF-8
  std::string path_;            // of that text, as far as it is known
};

}  // namespace

std::optional<ledger::Error> check_shape(const Descriptor& type, std::string_view bytes) {
  Walk walk(bytes);
  if (walk.message(type)) return std::nullopt;
  auto field = walk.wrong_text();
  return field.empty() ? malformed_request(type) : not_utf8(std::move(field));
}

ledger::Error explain_malformed(const Descriptor& type, std::string_view bytes) {
  // The walk may find no fault where the parser found one. The parser is right: it refused the
  // request.
  return check_shape(type, bytes).value_or(malformed_request(type));
}

ledger::Error malformed_request(const Descriptor& type) {
  return {ledger::Reason::malformed_request,
          "the request does not parse as " + std::string(type.full_name()),
          {},
          ledger::Outcome::none};
}

ledger::Error not_utf8(std::string field) {
  auto message = field + " is not valid UTF-8";
  return {ledger::Reason::not_utf8,
          std::move(message),
          {{"field", std::move(field)}},
          ledger::Outcome::none};
}

ledger::Error unknown_field(std::string field) {
  auto message = "the request has a field that this server does not know: " + field;
  return {ledger::Reason::field_unknown,
          std::move(message),
          {{"field", std::move(field)}},
          ledger::Outcome::none};
}

ledger::Error missing_action(std::string field) {
  auto message = field + " is missing: a command has one, such as transfer";
  return {ledger::Reason::action_missing,
          std::move(message),
          {{"field", std::move(field)}},
          ledger::Outcome::none};
}

ledger::Error unknown_type(std::string field, std::string_view name) {
  auto message = field + (name.empty() ? std::string(" is missing") : " is unknown") +
                 ": it is credit, debit or transfer";
  return {ledger::Reason::enum_value_unknown,
          std::move(message),
          {{"field", std::move(field)}},
          ledger::Outcome::none};
}

std::optional<ledger::Error> refuse_unknown_fields(const google::protobuf::Message& message) {
  const auto& reflection = *message.GetReflection();
  if (const auto& unknown = reflection.GetUnknownFields(message); !unknown.empty()) {
    return unknown_field(std::to_string(unknown.field(0).number()));
  }
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const auto* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const auto& nested = field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                                : reflection.GetMessage(message, field);
      if (auto error = refuse_unknown_fields(nested)) return error;
    }
  }
  return std::nullopt;
}

ledger::Error too_many_transfers(const Descriptor& batch) {
  const auto most = std::to_string(ledger::kMaxBatchTransfers);
  const auto& list = batch.field(0)->name();
  return {ledger::Reason::too_many_transfers,
          list + " has more than " + most + ": at most " + most + " are allowed",
          {{"field", list}},
          ledger::Outcome::none};
}

}  // namespace sg::proto
