#include "tests/faults/load.hpp"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <string_view>
#include <utility>

namespace sg::test {
namespace {

constexpr int kBatch = 10;
constexpr std::int64_t kLargest = 300;  // often more than an account has
constexpr std::chrono::seconds kCallDeadline{5};
constexpr int kReconnectMs = 20;

void prepare(grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + kCallDeadline);
  context.set_wait_for_ready(true);  // while the gateway is away
}

// The answer is no answer to the question what became of the transfer, or says that it may be tried
// again.
bool leaves_open(std::string_view line) {
  constexpr std::array<std::string_view, 5> kOpen{"UNAVAILABLE", "DEADLINE_EXCEEDED",
                                                  "RESOURCE_EXHAUSTED", "CANCELLED", "INTERNAL"};
  return std::any_of(kOpen.begin(), kOpen.end(),
                     [&](std::string_view code) { return line.starts_with(code); });
}

}  // namespace

std::string account_name(int index) { return "account" + std::to_string(index); }

std::shared_ptr<grpc::Channel> connect(int port) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kReconnectMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMs);
  return grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(port),
                                   grpc::InsecureChannelCredentials(), arguments);
}

Load::Load(int port, int clients) : port_(port) {
  for (int i = 0; i <= clients; ++i) clients_.push_back(std::make_unique<Client>());
  for (int i = 0; i < clients; ++i) {
    auto& client = *clients_[static_cast<std::size_t>(i)];
    client.thread = std::thread([this, &client, i] {
      if (i % 2 == 0) {
        run_unary(client, i);
      } else {
        run_batches(client, i);
      }
    });
  }
  auto& reader = *clients_.back();
  reader.thread = std::thread([this, &reader] { run_reader(reader); });
}

void open_accounts(LedgerClient& client) {
  for (int i = 0; i < kAccounts; ++i) {
    REQUIRE(told(client.create_account(account_name(i), kOpeningBalance)) == "OK");
  }
}

Load::~Load() {
  stopping_ = true;
  for (const auto& client : clients_) {
    if (client->thread.joinable()) client->thread.join();
  }
}

void Load::progressed(Client& client, std::uint64_t answers) {
  const std::lock_guard lock(mutex_);
  client.answers += answers;
  moved_.notify_all();
}

bool Load::await_progress(std::uint64_t answers) {
  std::unique_lock lock(mutex_);
  std::vector<std::uint64_t> goals;
  for (const auto& client : clients_) goals.push_back(client->answers + answers);
  return moved_.wait_for(lock, kPatience, [&] {
    for (std::size_t i = 0; i < goals.size(); ++i) {
      if (clients_[i]->answers < goals[i]) return false;
    }
    return true;
  });
}

Outcomes Load::finish() {
  stopping_ = true;
  Outcomes all;
  for (const auto& client : clients_) {
    client->thread.join();
    auto& one = client->outcomes;
    all.committed.merge(one.committed);
    all.refused.merge(one.refused);
    all.retries += one.retries;
    std::move(one.complaints.begin(), one.complaints.end(), std::back_inserter(all.complaints));
  }
  return all;
}

bool Load::note(Outcomes& outcomes, const std::string& key, const std::string& line,
                const std::string& id) {
  if (line == "OK") {
    outcomes.committed[key] = id;
  } else if (leaves_open(line)) {
    ++outcomes.retries;
    return false;
  } else {
    outcomes.refused[key] = line;
    const bool expected =
        line.starts_with("FAILED_PRECONDITION INSUFFICIENT_FUNDS") || line.starts_with("ABORTED");
    if (!expected) outcomes.complaints.push_back(key + ": " + line);
  }
  return true;
}

// Two or three accounts; what goes out comes in.
wire::TransferRequest Load::any_transfer(std::mt19937& random, const std::string& key) const {
  std::uniform_int_distribution<int> account(0, kAccounts - 1);
  std::uniform_int_distribution<std::int64_t> amount(1, kLargest);
  const auto paid = amount(random);
  const auto payer = account(random);
  Entries entries{{account_name(payer), -paid}};
  if (paid % 3 == 0) entries.emplace_back(account_name((payer + 1) % kAccounts), 1);
  const auto rest = paid % 3 == 0 ? paid - 1 : paid;
  entries.emplace_back(account_name((payer + 2 + account(random) % 9) % kAccounts), rest);
  return transfer_of(entries, key, key);
}

void Load::run_unary(Client& client, int number) {
  const auto stub = wire::LedgerService::NewStub(connect(port_));
  std::mt19937 random(static_cast<std::uint32_t>(number));
  for (int n = 0; !stopping_; ++n) {
    const auto key = "u" + std::to_string(number) + "-" + std::to_string(n);
    const auto request = any_transfer(random, key);
    for (bool is_open = true; is_open;) {
      grpc::ClientContext context;
      prepare(context);
      wire::Transaction transaction;
      const auto status = stub->Transfer(&context, request, &transaction);
      is_open = !note(client.outcomes, key, told(status), transaction.id());
    }
    progressed(client, 1);
  }
}

void Load::run_batches(Client& client, int number) {
  const auto stub = wire::LedgerService::NewStub(connect(port_));
  std::mt19937 random(static_cast<std::uint32_t>(number));
  for (int n = 0; !stopping_; ++n) {
    std::vector<wire::TransferRequest> open;
    const bool atomic = n % 2 == 0;
    for (int i = 0; i < (atomic ? 2 : kBatch); ++i) {
      open.push_back(any_transfer(random, (atomic ? "a" : "b") + std::to_string(number) + "-" +
                                              std::to_string(n) + "-" + std::to_string(i)));
    }
    const auto size = open.size();
    while (!open.empty()) {
      grpc::ClientContext context;
      prepare(context);
      wire::TransferBatchResponse response;
      const auto status = stub->TransferBatch(&context, batch_of(open, atomic), &response);
      if (!status.ok()) {
        const auto line = told(status);
        ++client.outcomes.retries;
        if (!leaves_open(line)) client.outcomes.complaints.push_back("batch: " + line);
        continue;
      }
      std::vector<wire::TransferRequest> again;
      for (int i = 0; i < response.results_size(); ++i) {
        const auto& result = response.results(i);
        const auto& request = open[static_cast<std::size_t>(i)];
        if (!note(client.outcomes, request.idempotency_key(), told(result),
                  result.transaction().id())) {
          again.push_back(request);
        }
      }
      if (atomic && !again.empty() && again.size() != open.size()) {
        client.outcomes.complaints.push_back("half of an atomic batch is left open");
      }
      open = std::move(again);
    }
    progressed(client, size);
  }
}

// No balance below the floor, and the sum is the same at every moment.
void Load::run_reader(Client& client) {
  const auto channel = connect(port_);
  const auto ledger = wire::LedgerService::NewStub(channel);
  const auto admin = wire::AdminService::NewStub(channel);
  const auto sum = std::to_string(kAccounts * kOpeningBalance);
  auto& complaints = client.outcomes.complaints;
  for (int n = 0; !stopping_; ++n) {
    grpc::ClientContext context;
    prepare(context);
    wire::GetBalanceRequest request;
    wire::GetBalanceResponse response;
    request.set_account_id(account_name(n % kAccounts));
    const auto read = ledger->GetBalance(&context, request, &response);
    if (read.ok() && response.balance() < 0) complaints.push_back("a balance below the floor");
    if (!read.ok() && !leaves_open(told(read))) complaints.push_back("balance: " + told(read));

    grpc::ClientContext sheet_context;
    prepare(sheet_context);
    wire::GetBalanceSheetResponse sheet;
    const auto all = admin->GetBalanceSheet(&sheet_context, {}, &sheet);
    if (all.ok() && (sheet.total() != sum || sheet.sum_of_postings() != sum)) {
      complaints.push_back("the balances add up to " + sheet.total());
    }
    if (!all.ok() && !leaves_open(told(all))) complaints.push_back("sheet: " + told(all));
    if (read.ok() && all.ok()) progressed(client, 1);
  }
}

}  // namespace sg::test
