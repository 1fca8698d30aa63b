// What travels between two nodes: frames, greetings, and forwarded calls.
#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "persistence/chain/record.hpp"
#include "replication/links/calls.hpp"
#include "replication/links/frames.hpp"
#include "replication/links/hello.hpp"

namespace sg::replication {
namespace {

// The same for all channels.
Bounds bounds(std::size_t most) {
  Bounds all;
  all.fill(most);
  return all;
}

using Arrived = std::vector<std::pair<Channel, std::string>>;

Bytes bytes(std::string text) { return std::make_shared<const std::string>(std::move(text)); }

std::string written(FrameWriter& writer) {
  std::vector<char> to;
  while (writer.write_next(to)) {
  }
  return {to.begin(), to.end()};
}

Arrived read_all(std::string_view all, std::size_t portion) {
  FrameReader reader;
  Arrived arrived;
  for (std::size_t at = 0; at < all.size(); at += portion) {
    const auto read = reader.read(all.substr(at, portion), bounds(kMostMessageBytes),
                                  [&](Channel channel, std::string message) {
                                    arrived.emplace_back(channel, std::move(message));
                                  });
    REQUIRE(read);
  }
  return arrived;
}

// A submission that answers nobody.
struct Asked final : ledger::Submission {
  void on_answered() override {}
};

ledger::Error error_of(ledger::Reason reason) {
  return {reason, "why", {{"account_id", "a"}, {"balance", "-1"}}, ledger::Outcome::unknown};
}

template <class Message>
Message decoded(std::string message) {
  auto read = decode_call_message(std::move(message));
  REQUIRE(read);
  REQUIRE(std::holds_alternative<Message>(*read));
  return std::get<Message>(std::move(*read));
}

}  // namespace

TEST_CASE("Messages arrive whole and in the order of their channel, in portions of any size") {
  rc::check([](std::vector<std::pair<std::uint8_t, std::uint16_t>> sizes, std::uint8_t portion) {
    FrameWriter writer;
    std::vector<std::vector<std::string>> sent(kChannels);
    for (const auto& [channel, size] : sizes) {
      const auto to = channel % kChannels;
      sent[to].emplace_back(size, static_cast<char>('a' + sent[to].size() % 26));
      writer.put(static_cast<Channel>(to), bytes(sent[to].back()));
    }
    std::vector<std::vector<std::string>> got(kChannels);
    for (auto& [channel, message] : read_all(written(writer), portion + 1U)) {
      got[static_cast<std::size_t>(channel)].push_back(std::move(message));
    }
    RC_ASSERT(got == sent);
    RC_ASSERT(writer.empty() && writer.bytes(Channel::log) == 0);
  });
}

TEST_CASE("An urgent message overtakes a large one, and calls and log take turns") {
  FrameWriter writer;
  writer.put(Channel::log, bytes(std::string(3 * kMostPayloadBytes, 'l')));
  writer.put(Channel::calls, bytes(std::string(2 * kMostPayloadBytes, 'c')));
  std::vector<char> to;
  REQUIRE(writer.write_next(to));
  writer.put(Channel::urgent, bytes("now"));
  while (writer.write_next(to)) {
  }
  Arrived arrived = read_all({to.data(), to.size()}, 1000);
  REQUIRE(arrived.size() == 3);
  CHECK(arrived[0].second == "now");
  CHECK(arrived[1].first == Channel::calls);
  CHECK(arrived[2].second.size() == 3 * kMostPayloadBytes);
}

TEST_CASE("Bytes that no node sends end the connection, and take no memory") {
  FrameWriter writer;
  writer.put(Channel::urgent, bytes("message"));
  const auto right = written(writer);
  const auto refused = [](std::string wrong, std::size_t most = kMostMessageBytes) {
    FrameReader reader;
    bool any = false;
    const auto read = reader.read(wrong, bounds(most), [&](Channel, std::string) { any = true; });
    return !read && !any;
  };
  for (std::size_t i = 0; i < right.size(); ++i) {
    // A shorter or longer payload may wait for more; anything else is refused.
    if (i < 4) continue;
    if (i == 4) continue;  // another channel that exists
    auto wrong = right;
    wrong[i] ^= 0x40;
    CAPTURE(i);
    CHECK(refused(wrong));
  }
  CHECK(refused(std::string(kFrameHeaderBytes, '\xff')));
  CHECK(refused(right, 3));  // a message that is larger than it may be
}

TEST_CASE("Greetings survive their encoding, and nothing else is one") {
  Hello hello;
  hello.name = "ledger";
  hello.cluster.fill(7);
  hello.store.fill(9);
  hello.founder = 1;
  hello.node = 2;
  hello.to = 3;
  hello.base.sequence = 17;
  hello.known_level = 5;
  hello.level = 4;
  hello.epoch = 99;
  for (const Control& message : {Control(hello), Control(Refusal{"because"}), Control(Behind{8}),
                                 Control(Ping{300}), Control(Pong{0})}) {
    const auto encoded = encode(message);
    CHECK(decode_control(encoded) == message);
    CHECK_FALSE(decode_control(encoded + 'x'));
    for (std::size_t size = 0; size < encoded.size(); ++size) {
      CHECK_FALSE(decode_control(std::string_view(encoded).substr(0, size)));
    }
  }
  CHECK_FALSE(decode_control(""));
  CHECK_FALSE(decode_control("\x09"));
}

TEST_CASE("A node that differs is refused with what differs") {
  Hello self;
  self.name = "ledger";
  self.cluster.fill(1);
  self.node = 1;
  self.known_level = self.level = 5;
  Hello other = self;
  other.node = 2;
  other.to = 1;
  CHECK_FALSE(why_refused(self, other));
  other.cluster = {};  // it belongs to none yet
  CHECK_FALSE(why_refused(self, other));
  const auto says = [&](auto change, const std::string& text) {
    Hello changed = other;
    change(changed);
    const auto why = why_refused(self, changed);
    REQUIRE(why);
    CHECK_THAT(*why, Catch::Contains(text));
  };
  says([](Hello& h) { h.name = "other"; }, "cluster.name");
  says([](Hello& h) { h.to = 3; }, "cluster.seeds");
  says([](Hello& h) { h.node = 1; }, "cluster.node_id");
  says([](Hello& h) { h.cluster.fill(2); }, "another cluster");
  says([](Hello& h) { h.base.sequence = 5; }, "empty store");
  says([](Hello& h) { h.known_level = 4; }, "levels up to 4");
}

TEST_CASE("A forwarded call is the call that came in") {
  const std::vector<ledger::Entry> entries{{"alice", -5}, {"bob", 5}};
  Asked asked;
  ledger::TransferBatch batch;
  batch.transfers = {{ledger::TransferKind::transfer, entries, "invoice", "key", 0},
                     {ledger::TransferKind::transfer, {}, "", "", 0},
                     {ledger::TransferKind::debit, std::span(entries).first(1), "", "", 0}};
  const ledger::Details details{{{"a", ""}, {"order", "17"}}, -5, true};
  batch.transfers[0].details = &details;
  asked.operation = batch;
  asked.results.resize(3);
  asked.results[1].state = ledger::ItemResult::State::refused;
  asked.results[1].error =
      std::make_shared<const ledger::Error>(error_of(ledger::Reason::id_empty));
  asked.origin = std::make_shared<const ledger::Origin>(ledger::Origin{"ops", "ipv4:10.0.0.1:4"});
  asked.trace = std::make_shared<const ledger::Trace>(ledger::Trace{"job-7", ""});
  const auto bytes_of_call = encode_call(7, 3, std::chrono::milliseconds(250), asked);
  const auto call = decoded<std::unique_ptr<ForwardedCall>>(bytes_of_call);
  CHECK(call->id == 7);
  CHECK(call->term == 3);
  CHECK(call->left == std::chrono::milliseconds(250));
  REQUIRE(call->origin);
  CHECK(*call->origin == *asked.origin);
  REQUIRE(call->trace);
  CHECK(call->trace->request_id == "job-7");
  const auto& got = std::get<ledger::TransferBatch>(call->operation);
  REQUIRE(got.transfers.size() == 3);
  CHECK(ledger::same_content(got.transfers[0], batch.transfers[0]));
  CHECK(got.transfers[0].idempotency_key == "key");
  CHECK(got.transfers[0].key_hash != 0);
  CHECK(ledger::same_content(got.transfers[2], batch.transfers[2]));
  CHECK(call->results[1].state == ledger::ItemResult::State::refused);
  CHECK(call->results[0].state == ledger::ItemResult::State::undecided);
  // Cut off anywhere it is no call.
  for (std::size_t size = 0; size < bytes_of_call.size(); ++size) {
    CHECK_FALSE(decode_call_message(bytes_of_call.substr(0, size)));
  }

  Asked account;
  account.operation =
      ledger::NewAccount{"a", "", ledger::AccountType::standalone, 9, -3, {{"country", "SE"}}};
  account.results.resize(1);
  const auto made = decoded<std::unique_ptr<ForwardedCall>>(
      encode_call(1, 1, std::chrono::milliseconds(0), account));
  const auto& opened = std::get<ledger::NewAccount>(made->operation);
  CHECK(opened.id == "a");
  CHECK(opened.initial_balance == 9);
  CHECK(opened.floor == -3);
  CHECK(opened.metadata.at("country") == "SE");
}

TEST_CASE("Policies and ceilings are forwarded") {
  ledger::Details closes;
  auto& change = closes.policy.emplace();
  change.account_id = "a";
  change.sweep_to = "b";
  change.status = ledger::AccountStatus::closed;
  change.floor = -7;
  change.note = "why";
  ledger::Details of_ledger;
  of_ledger.policy.emplace().require_balanced = true;
  const std::vector<ledger::Entry> entries{{"a", 0}, {"b", 0}};
  ledger::TransferBatch batch;
  batch.transfers = {{ledger::TransferKind::policy, entries, "r", "key", 0, &closes},
                     {ledger::TransferKind::policy, {}, "", "", 0, &of_ledger}};
  Asked asked;
  asked.operation = batch;
  asked.results.resize(2);
  const auto encoded = [&] { return encode_call(7, 3, std::chrono::milliseconds(250), asked); };
  const auto bytes = encoded();
  const auto call = decoded<std::unique_ptr<ForwardedCall>>(bytes);
  const auto& got = std::get<ledger::TransferBatch>(call->operation);
  REQUIRE(got.transfers.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(ledger::same_content(got.transfers[i], batch.transfers[i]));
    CHECK(got.transfers[i].entries.size() == batch.transfers[i].entries.size());
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK_FALSE(decode_call_message(bytes.substr(0, size)));
  }
  // Its entries are what it locks: others, or money, cannot come with it.
  for (const auto& wrong :
       {std::vector<ledger::Entry>{{"a", 0}}, std::vector<ledger::Entry>{{"a", 0}, {"c", 0}},
        std::vector<ledger::Entry>{{"a", 5}, {"b", -5}}}) {
    batch.transfers[0].entries = wrong;
    asked.operation = batch;
    CHECK_FALSE(decode_call_message(encoded()));
  }

  Asked account;
  ledger::NewAccount opened{"a", "", ledger::AccountType::standalone, 9, -3, {}};
  opened.ceiling = 12;
  account.operation = opened;
  account.results.resize(1);
  const auto of_account = encode_call(1, 1, std::chrono::milliseconds(0), account);
  const auto made = decoded<std::unique_ptr<ForwardedCall>>(of_account);
  CHECK(std::get<ledger::NewAccount>(made->operation).ceiling == 12);
  for (std::size_t size = 0; size < of_account.size(); ++size) {
    CHECK_FALSE(decode_call_message(of_account.substr(0, size)));
  }
}

TEST_CASE("A reversal is forwarded, and what an earlier request has committed is told as such") {
  const std::vector<ledger::Entry> entries{{"alice", 5}};
  ledger::Details all;
  all.reverses = {-1, 77};
  all.reverses_all = true;
  ledger::Details part = all;
  part.reverses_all = false;
  ledger::TransferBatch batch;
  batch.transfers = {{ledger::TransferKind::reversal, {}, "", "key", 0, &all},
                     {ledger::TransferKind::reversal, entries, "", "", 0, &part}};
  Asked asked;
  asked.operation = batch;
  asked.results.resize(2);
  asked.tells_replays = true;
  const auto bytes = encode_call(7, 3, std::chrono::milliseconds(250), asked);
  const auto call = decoded<std::unique_ptr<ForwardedCall>>(bytes);
  CHECK(call->tells_replays);
  const auto& got = std::get<ledger::TransferBatch>(call->operation);
  REQUIRE(got.transfers.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(ledger::same_content(got.transfers[i], batch.transfers[i]));
  }
  CHECK(got.transfers[0].entries.empty());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK_FALSE(decode_call_message(bytes.substr(0, size)));
  }
  // One that says of nothing what it takes back, or takes back nothing.
  for (auto* wrong : {&all, &part}) {
    auto of_nothing = batch;
    ledger::Details none = *wrong;
    none.reverses.sequence = 0;
    none.effective_at = 1;
    of_nothing.transfers.front().details = &none;
    asked.operation = of_nothing;
    CHECK_FALSE(decode_call_message(encode_call(7, 3, std::chrono::milliseconds(1), asked)));
  }

  using State = ledger::ItemResult::State;
  Asked told;
  told.results.resize(2);
  for (auto& result : told.results) result.state = State::committed;
  told.results[0].sequence = 300;
  told.results[0].time = -17;
  told.results[1].replayed = true;
  // Who did not ask need not know it.
  for (const bool is_asked : {false, true}) {
    told.tells_replays = is_asked;
    const auto answer = decoded<CallAnswer>(encode_answer(4, told));
    REQUIRE(answer.results.size() == 2);
    CHECK_FALSE(answer.results[0].replayed);
    CHECK(answer.results[0].sequence == 300);
    CHECK(answer.results[0].time == -17);
    CHECK(answer.results[1].state == State::committed);
    CHECK(answer.results[1].replayed == is_asked);
  }
}

TEST_CASE("A request for a key is forwarded, and so is what became of the key") {
  for (const bool seals : {false, true}) {
    Asked asked;
    ledger::KeyRequest request{{}, seals};
    request.key_alone.idempotency_key = "order 17";
    asked.operation = request;
    asked.results.resize(1);
    const auto bytes = encode_call(7, 3, std::chrono::milliseconds(250), asked);
    const auto call = decoded<std::unique_ptr<ForwardedCall>>(bytes);
    const auto& got = std::get<ledger::KeyRequest>(call->operation);
    CHECK(got.seals == seals);
    CHECK(got.key_alone.idempotency_key == "order 17");
    CHECK(got.key_alone.key_hash == persistence::key_hash("order 17"));
    CHECK(call->results.size() == 1);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      CHECK_FALSE(decode_call_message(bytes.substr(0, size)));
    }
    CHECK_FALSE(decode_call_message(bytes + "x"));
    request.key_alone.idempotency_key = "";
    asked.operation = request;
    CHECK_FALSE(decode_call_message(encode_call(7, 3, std::chrono::milliseconds(1), asked)));
  }
  Asked told;
  told.results.resize(2);
  told.results[0].state = ledger::ItemResult::State::unbound;
  told.results[0].sequence = 300;
  told.results[1].state = ledger::ItemResult::State::sealed;
  told.results[1].sequence = 301;
  told.results[1].time = 17;
  const auto answer = decoded<CallAnswer>(encode_answer(4, told));
  REQUIRE(answer.results.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(answer.results[i].state == told.results[i].state);
    CHECK(answer.results[i].sequence == told.results[i].sequence);
    CHECK(answer.results[i].time == told.results[i].time);
  }
}

TEST_CASE("An answer has each result where it belongs") {
  Asked asked;
  asked.observed = 12;
  asked.results.resize(4);
  asked.results[0].state = ledger::ItemResult::State::committed;
  asked.results[0].sequence = 11;
  asked.results[0].time = -5;
  const auto shared =
      std::make_shared<const ledger::Error>(error_of(ledger::Reason::insufficient_funds));
  for (const std::size_t i : {1U, 2U}) {
    asked.results[i].state = ledger::ItemResult::State::refused;
    asked.results[i].error = shared;
  }
  const auto answer = decoded<CallAnswer>(encode_answer(4, asked));
  CHECK(answer.id == 4);
  CHECK(answer.observed == 12);
  REQUIRE(answer.results.size() == 4);
  CHECK(answer.results[0].sequence == 11);
  CHECK(answer.results[0].time == -5);
  CHECK(answer.results[1].error == answer.results[2].error);
  CHECK(answer.results[1].error->reason == ledger::Reason::insufficient_funds);
  CHECK(answer.results[1].error->metadata == shared->metadata);
  CHECK(answer.results[1].error->outcome == ledger::Outcome::unknown);
  CHECK(answer.results[3].state == ledger::ItemResult::State::undecided);
  CHECK(decoded<CancelledCall>(encode_cancel(300)).id == 300);
  CHECK(decoded<RejectedCall>(encode_rejection(1)).id == 1);
}

TEST_CASE("Bytes of any kind are a message of calls or none, and nothing else happens") {
  rc::check([](const std::string& noise, std::uint8_t kind) {
    (void)decode_call_message(noise);
    (void)decode_call_message(std::string(1, static_cast<char>(kind % 6)) + noise);
    (void)decode_control(std::string(1, static_cast<char>(kind % 7)) + noise);
  });
}

}  // namespace sg::replication
