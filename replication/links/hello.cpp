#include "replication/links/hello.hpp"

#include <algorithm>

#include "persistence/encoding/bytes.hpp"

namespace sg::replication {
namespace {

using persistence::ByteReader;
using persistence::kMaxVarintBytes;
using persistence::put_fixed;
using persistence::put_text;
using persistence::put_varint;

constexpr std::uint32_t kMagic = 0x4B4E4C53;  // "SLNK"
constexpr std::uint8_t kVersion = 3;          // 3: a forwarded call says who sent it
constexpr std::size_t kMostNameBytes = 64;
constexpr std::size_t kMostRefusalBytes = 1024;

enum class Kind : std::uint8_t {
  hello = 1,
  refusal = 2,
  ping = 3,
  pong = 4,
  behind = 5,
  fetch = 6,
  chain = 7,
};

class Writer {
 public:
  explicit Writer(Kind kind) { fixed(static_cast<std::uint8_t>(kind)); }
  template <class Value>
  Writer& fixed(Value value) {
    std::array<char, sizeof value> buffer;
    put_fixed(buffer.data(), value);
    bytes_.append(buffer.data(), buffer.size());
    return *this;
  }
  Writer& number(std::uint64_t value) {
    std::array<char, kMaxVarintBytes> buffer;
    bytes_.append(buffer.data(), put_varint(buffer.data(), value));
    return *this;
  }
  Writer& text(std::string_view value) {
    number(value.size());
    bytes_.append(value);
    return *this;
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

std::string bytes_of(const Hello& hello) {
  return Writer(Kind::hello)
      .fixed(kMagic)
      .fixed(kVersion)
      .text(hello.name)
      .fixed(hello.cluster)
      .number(hello.founder)
      .fixed(hello.store)
      .number(hello.node)
      .number(hello.to)
      .number(hello.base.sequence)
      .fixed(hello.base.hash)
      .number(hello.known_level)
      .number(hello.level)
      .number(hello.epoch)
      .take();
}
std::string bytes_of(const Refusal& refusal) {
  return Writer(Kind::refusal)
      .text(std::string_view(refusal.why).substr(0, kMostRefusalBytes))
      .take();
}
std::string bytes_of(const Behind& behind) {
  return Writer(Kind::behind).number(behind.epoch).take();
}
std::string bytes_of(const Ping& ping) { return Writer(Kind::ping).number(ping.number).take(); }
std::string bytes_of(const Pong& pong) {
  return Writer(Kind::pong)
      .number(pong.number)
      .number(pong.sequence)
      .number(pong.free_bytes)
      .take();
}

std::string bytes_of(const Fetch& fetch) {
  return Writer(Kind::fetch).number(fetch.after.sequence).fixed(fetch.after.hash).take();
}
std::string bytes_of(const Chain& chain) {
  Writer writer(Kind::chain);
  for (const auto& block : chain.blocks) writer.text(block);
  return writer.take();
}

std::optional<Hello> read_hello(ByteReader& in) {
  const auto magic = in.fixed<std::uint32_t>();
  const auto version = in.fixed<std::uint8_t>();
  if (!in.ok() || magic != kMagic || version != kVersion) return std::nullopt;
  Hello hello;
  hello.name = in.text();
  hello.cluster = in.fixed<persistence::ClusterId>();
  hello.founder = in.varint();
  hello.store = in.fixed<persistence::StoreId>();
  hello.node = in.varint();
  hello.to = in.varint();
  hello.base.sequence = in.varint();
  hello.base.hash = in.fixed<persistence::BlockHash>();
  const auto known = in.varint();
  const auto level = in.varint();
  hello.epoch = in.varint();
  constexpr std::uint64_t kMost = persistence::Level(~0);
  if (!in.at_end() || known > kMost || level > kMost || hello.name.size() > kMostNameBytes) {
    return std::nullopt;
  }
  hello.known_level = static_cast<persistence::Level>(known);
  hello.level = static_cast<persistence::Level>(level);
  return hello;
}

}  // namespace

std::string encode(const Control& message) {
  return std::visit([](const auto& one) { return bytes_of(one); }, message);
}

std::optional<Control> decode_control(std::string_view bytes) {
  ByteReader in(bytes);
  const auto whole = [&in](Control message) -> std::optional<Control> {
    if (!in.at_end()) return std::nullopt;
    return message;
  };
  switch (static_cast<Kind>(in.fixed<std::uint8_t>())) {
    case Kind::hello:
      if (auto hello = read_hello(in)) return std::move(*hello);
      return std::nullopt;
    case Kind::refusal: {
      const auto why = in.text();
      if (why.size() > kMostRefusalBytes) return std::nullopt;
      return whole(Refusal{std::string(why)});
    }
    case Kind::behind:
      return whole(Behind{in.varint()});
    case Kind::ping:
      return whole(Ping{in.varint()});
    case Kind::pong: {
      Pong pong;
      pong.number = in.varint();
      pong.sequence = in.varint();
      pong.free_bytes = in.varint();
      return whole(pong);
    }
    case Kind::fetch: {
      Fetch fetch;
      fetch.after.sequence = in.varint();
      fetch.after.hash = in.fixed<persistence::BlockHash>();
      return whole(fetch);
    }
    case Kind::chain: {
      Chain chain;
      while (in.ok() && in.left() > 0) {
        if (chain.blocks.emplace_back(in.text()).empty()) return std::nullopt;
      }
      return whole(std::move(chain));
    }
  }
  return std::nullopt;
}

std::optional<std::string> why_refused(const Hello& self, const Hello& other) {
  const auto node = [](NodeId id) { return "node " + std::to_string(id); };
  if (other.name != self.name) {
    return node(other.node) + " belongs to the cluster '" + other.name + "', " + node(self.node) +
           " to '" + self.name + "': cluster.name has to be the same on all";
  }
  if (other.to != self.node) {
    return node(other.node) + " wanted to reach " + node(other.to) + ", and this is " +
           node(self.node) + ": correct the address in cluster.seeds";
  }
  if (other.node == self.node) {
    return "both say that they are " + node(self.node) + ": each has a cluster.node_id of its own";
  }
  const persistence::ClusterId none{};
  if (self.cluster != none && other.cluster != none && self.cluster != other.cluster) {
    return node(other.node) + " is a member of another cluster that has the same name";
  }
  const auto may_fetch = [&none](const Hello& one, const Hello& from) {
    return one.cluster == none && one.base.sequence < from.base.sequence;
  };
  if (other.base != self.base && !may_fetch(self, other) && !may_fetch(other, self)) {
    return node(other.node) + " has a store that begins at sequence " +
           std::to_string(other.base.sequence) + ", " + node(self.node) + " at " +
           std::to_string(self.base.sequence) +
           ": every member but the first begins with an empty store";
  }
  if (other.known_level < self.level) {
    return "the cluster is at level " + std::to_string(self.level) + ", the program of " +
           node(other.node) + " knows levels up to " + std::to_string(other.known_level) +
           ": start it with the program of the other nodes";
  }
  return std::nullopt;
}

}  // namespace sg::replication
