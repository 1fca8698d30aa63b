// Messages as bytes, there and back.
#include "replication/message_codec.hpp"

#include <rapidcheck.h>

#include <catch2/catch.hpp>

using namespace sg::replication;

namespace {

Message any_message() {
  Message message;
  message.kind = *rc::gen::element(MessageKind::append, MessageKind::append_response,
                                   MessageKind::vote, MessageKind::heartbeat,
                                   MessageKind::read_index, MessageKind::pre_vote_response);
  message.reject = *rc::gen::arbitrary<bool>();
  for (auto* number : {&message.to, &message.from, &message.term, &message.log_term, &message.index,
                       &message.commit, &message.commit_term, &message.reject_hint}) {
    *number = *rc::gen::arbitrary<std::uint64_t>();
  }
  message.priority = *rc::gen::arbitrary<std::int64_t>();
  message.context = *rc::gen::arbitrary<std::string>();
  const auto count = *rc::gen::inRange(0, 5);
  for (int i = 0; i < count; ++i) {
    const auto body = *rc::gen::arbitrary<std::string>();
    message.entries.push_back(
        {*rc::gen::arbitrary<std::uint64_t>(), *rc::gen::arbitrary<std::uint64_t>(),
         *rc::gen::element(EntryKind::data, EntryKind::changes), *rc::gen::arbitrary<std::string>(),
         body.empty() ? nullptr : std::make_shared<const std::string>(body)});
  }
  return message;
}

}  // namespace

TEST_CASE("A message survives its encoding, and no part of one is taken for a whole") {
  rc::check([] {
    const auto message = any_message();
    const auto bytes = encode(message);
    const auto back = decode_message(bytes);
    RC_ASSERT(back.has_value());
    RC_ASSERT(*back == message);
    for (std::size_t i = 0; i < message.entries.size(); ++i) {
      const auto& sent = message.entries[i].body;
      const auto& arrived = back->entries[i].body;
      RC_ASSERT(bool{sent} == bool{arrived});
      if (sent) RC_ASSERT(*sent == *arrived);
    }
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      RC_ASSERT(!decode_message(std::string_view(bytes).substr(0, size)));
    }
    RC_ASSERT(!decode_message(bytes + '\0'));
  });
}

TEST_CASE("Bytes that are no message are refused with what is wrong") {
  auto bytes = encode(Message{});
  bytes[0] = 9;
  CHECK(decode_message(bytes).error() == "a message of version 9, this node understands version 1");
  bytes = encode(Message{});
  bytes[1] = 2;  // a proposal
  CHECK(decode_message(bytes).error() == "no message that a member sends");
  // A count of entries that no memory could hold.
  bytes = encode(Message{});
  bytes.pop_back();
  bytes += "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F";
  CHECK(decode_message(bytes).error() == "a message that ends before its entries do");
}
