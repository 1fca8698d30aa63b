#include "tests/overload/crowd.hpp"

#include <grpcpp/alarm.h>
#include <grpcpp/create_channel.h>

#include <algorithm>
#include <optional>

namespace sg::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kConnections = 4;
constexpr const char* kOverloaded = "RESOURCE_EXHAUSTED OVERLOADED ";

}  // namespace

struct Crowd::Client {
  std::size_t number = 0;
  std::optional<grpc::ClientContext> context;  // none: it pauses, or has not begun
  std::unique_ptr<grpc::ClientAsyncResponseReader<wire::Transaction>> reader;
  wire::Transaction answer;
  grpc::Status status;
  grpc::Alarm alarm;
  Clock::time_point sent;
  bool had_answer = false;
};

std::string crowd_account(int index) { return "crowd" + std::to_string(index); }

Crowd::Crowd(int port, std::size_t clients, std::chrono::milliseconds pause) : pause_(pause) {
  for (std::size_t i = 0; i < kConnections; ++i) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    stubs_.push_back(wire::LedgerService::NewStub(grpc::CreateCustomChannel(
        "127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials(), arguments)));
  }
  for (std::size_t i = 0; i < clients; ++i) {
    clients_.push_back(std::make_unique<Client>());
    clients_.back()->number = i;
  }
}

Crowd::~Crowd() {
  queue_.Shutdown();
  void* tag = nullptr;
  for (bool ok = false; queue_.Next(&tag, &ok);) {
  }
}

void Crowd::send(Client& client) {
  static const auto kTransfers = [] {
    std::vector<wire::TransferRequest> transfers;
    for (int i = 0; i < kCrowdAccounts; ++i) {
      transfers.push_back(
          transfer_of({{crowd_account(i), -1}, {crowd_account((i + 1) % kCrowdAccounts), 1}}));
    }
    return transfers;
  }();
  client.context.emplace();
  client.context->set_deadline(std::chrono::system_clock::now() + kPatience);
  client.sent = Clock::now();
  client.reader = stubs_[client.number % stubs_.size()]->AsyncTransfer(
      &*client.context, kTransfers[client.number % kCrowdAccounts], &queue_);
  client.reader->Finish(&client.answer, &client.status, &client);
}

void Crowd::pause(Client& client) {
  client.context.reset();
  std::uniform_real_distribution<double> jitter(0.5, 1.5);
  const auto length = std::chrono::duration_cast<std::chrono::microseconds>(pause_) *
                      static_cast<std::int64_t>(jitter(random_) * 1000) / 1000;
  client.alarm.Set(&queue_, std::chrono::system_clock::now() + length, &client);
}

void Crowd::note(const Client& client, CrowdTold& told) {
  if (client.status.ok()) {
    ++told.accepted;
    return;
  }
  const auto line = test::told(client.status);
  if (line.starts_with(kOverloaded)) {
    ++told.refused;
    told.refusals_ms.push_back(
        std::chrono::duration<double, std::milli>(Clock::now() - client.sent).count());
  } else if (told.others++ == 0) {
    told.first_other = line;
  }
}

CrowdTold Crowd::run(std::uint64_t accepted) {
  CrowdTold told;
  for (const auto& client : clients_) send(*client);
  std::size_t busy = clients_.size();  // with a call or an alarm on the queue
  std::size_t had_answer = 0;
  Clock::time_point begin;
  bool over = false;
  void* tag = nullptr;
  for (bool ok = false; busy > 0 && queue_.Next(&tag, &ok);) {
    auto& client = *static_cast<Client*>(tag);
    const bool paused = !client.context;
    if (!paused && !over) {
      note(client, told);
      if (!std::exchange(client.had_answer, true) && ++had_answer == clients_.size()) {
        told = {};
        begin = Clock::now();
      }
      if (had_answer == clients_.size() && (told.accepted >= accepted || told.others > 0)) {
        told.accepted_per_second = static_cast<double>(told.accepted) /
                                   std::chrono::duration<double>(Clock::now() - begin).count();
        over = true;
        for (const auto& other : clients_) other->alarm.Cancel();
      }
    }
    if (over) {
      client.context.reset();
      --busy;
    } else if (paused || client.status.ok() || pause_.count() == 0) {
      send(client);
    } else {
      pause(client);
    }
  }
  for (const auto& client : clients_) client->had_answer = false;
  std::sort(told.refusals_ms.begin(), told.refusals_ms.end());
  return told;
}

}  // namespace sg::test
