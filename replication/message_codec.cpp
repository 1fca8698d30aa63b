#include "replication/message_codec.hpp"

#include <algorithm>
#include <array>

#include "persistence/encoding/bytes.hpp"

namespace sg::replication {
namespace {

using persistence::ByteReader;
using persistence::kMaxVarintBytes;
using persistence::put_bytes;
using persistence::put_fixed;
using persistence::put_text;
using persistence::put_varint;

constexpr std::uint8_t kReject = 1;
constexpr std::size_t kNumbers = 9;       // varints of a message, without the length of its context
constexpr std::size_t kHeadBytes = 3;     // version, kind, flags
constexpr std::size_t kEntryNumbers = 4;  // index, term, length of the data, of the body

constexpr std::array kKinds{MessageKind::append,
                            MessageKind::append_response,
                            MessageKind::vote,
                            MessageKind::vote_response,
                            MessageKind::heartbeat,
                            MessageKind::heartbeat_response,
                            MessageKind::transfer_leader,
                            MessageKind::timeout_now,
                            MessageKind::read_index,
                            MessageKind::read_index_response,
                            MessageKind::pre_vote,
                            MessageKind::pre_vote_response};

std::size_t most_bytes(const Message& message) {
  std::size_t bytes = kHeadBytes + (kNumbers + 2) * kMaxVarintBytes + message.context.size();
  for (const Entry& entry : message.entries) {
    bytes += 1 + kEntryNumbers * kMaxVarintBytes + entry.data.size();
    if (entry.body) bytes += entry.body->size();
  }
  return bytes;
}

}  // namespace

std::string encode(const Message& message) {
  std::string bytes(most_bytes(message), '\0');
  char* to = bytes.data();
  to = put_fixed(to, kMessageVersion);
  to = put_fixed(to, static_cast<std::uint8_t>(message.kind));
  to = put_fixed(to, static_cast<std::uint8_t>(message.reject ? kReject : 0));
  for (const auto number :
       {message.to, message.from, message.term, message.log_term, message.index, message.commit,
        message.commit_term, message.reject_hint, persistence::zigzag(message.priority)}) {
    to = put_varint(to, number);
  }
  to = put_text(to, message.context);
  to = put_varint(to, message.entries.size());
  for (const Entry& entry : message.entries) {
    to = put_varint(put_varint(to, entry.index), entry.term);
    to = put_fixed(to, static_cast<std::uint8_t>(entry.kind));
    to = put_text(to, entry.data);
    to = put_varint(to, entry.body ? entry.body->size() : 0);
  }
  for (const Entry& entry : message.entries) {
    if (entry.body) to = put_bytes(to, *entry.body);
  }
  bytes.resize(static_cast<std::size_t>(to - bytes.data()));
  return bytes;
}

tl::expected<Message, std::string> decode_message(std::string_view bytes) {
  ByteReader in(bytes);
  const auto version = in.fixed<std::uint8_t>();
  if (!in.ok() || version != kMessageVersion) {
    return tl::unexpected("a message of version " + std::to_string(version) +
                          ", this node understands version " + std::to_string(kMessageVersion));
  }
  Message message;
  message.kind = static_cast<MessageKind>(in.fixed<std::uint8_t>());
  const auto flags = in.fixed<std::uint8_t>();
  message.reject = flags == kReject;
  for (auto* number : {&message.to, &message.from, &message.term, &message.log_term, &message.index,
                       &message.commit, &message.commit_term, &message.reject_hint}) {
    *number = in.varint();
  }
  message.priority = in.signed_varint();
  message.context = in.text();
  const auto count = in.varint();
  if (!in.ok() || flags > kReject ||
      std::find(kKinds.begin(), kKinds.end(), message.kind) == kKinds.end()) {
    return tl::unexpected(std::string("no message that a member sends"));
  }
  // Each entry has at least a byte for each of its fields, so a wrong count reserves no memory.
  if (count > in.left() / (kEntryNumbers + 1)) {
    return tl::unexpected(std::string("a message that ends before its entries do"));
  }
  message.entries.reserve(count);
  std::vector<std::size_t> body_bytes;
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    Entry& entry = message.entries.emplace_back();
    entry.index = in.varint();
    entry.term = in.varint();
    const auto kind = in.fixed<std::uint8_t>();
    if (kind > static_cast<std::uint8_t>(EntryKind::changes)) in.fail();
    entry.kind = static_cast<EntryKind>(kind);
    entry.data = in.text();
    body_bytes.push_back(in.varint());
  }
  for (std::size_t i = 0; i < body_bytes.size(); ++i) {
    if (body_bytes[i] == 0) continue;
    message.entries[i].body = std::make_shared<const std::string>(in.take(body_bytes[i]));
  }
  if (!in.at_end())
    return tl::unexpected(std::string("a message that ends in the middle of an entry"));
  return message;
}

}  // namespace sg::replication
