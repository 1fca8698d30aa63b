#include "cli/import/import_run.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "cli/output/render.hpp"
#include "cli/output/text_width.hpp"

namespace sg::cli {
namespace {

namespace wire = scalegraph::ledger;
using Participants = wire::ParticipantService::Stub;
using Ledger = wire::LedgerService::Stub;

// Calls under way at a time: enough that the server writes them in groups.
constexpr std::size_t kInFlight = 16;
constexpr auto kProgressInterval = std::chrono::milliseconds(100);

enum class Outcome { not_tried, created, already_there, failed };

struct Result {
  Outcome outcome = Outcome::not_tried;
  std::vector<std::string> differences;
  Failure failure;
};

// Collects how an existing object differs from the file.
class Comparison {
 public:
  explicit Comparison(std::string subject) : subject_(std::move(subject)) {}

  void text(const char* field, const std::string& is, const std::string& should_be) {
    if (is != should_be) {
      found_.push_back(subject_ + ": " + field + " is " + printable(is) + ", the file says " +
                       printable(should_be));
    }
  }
  using Metadata = google::protobuf::Map<std::string, std::string>;
  void metadata(const Metadata& is, const Metadata& should_be) {
    if (std::map(is.begin(), is.end()) != std::map(should_be.begin(), should_be.end())) {
      found_.push_back(subject_ + ": metadata differs");
    }
  }
  [[nodiscard]] std::vector<std::string> found() { return std::move(found_); }

 private:
  std::string subject_;
  std::vector<std::string> found_;
};

std::string subject(const wire::CreateParticipantRequest& request) {
  return "participant " + printable(request.id());
}
std::string subject(const wire::CreateParticipantAccountRequest& request) {
  return "account " + printable(account_id(request));
}
std::string subject(const wire::CreateAccountRequest& request) {
  return "account " + printable(request.account_id());
}

grpc::Status create(Connection& connection, const wire::CreateParticipantRequest& request) {
  wire::Participant reply;
  return connection.call(&Participants::CreateParticipant, request, &reply);
}
grpc::Status create(Connection& connection, const wire::CreateParticipantAccountRequest& request) {
  wire::Account reply;
  return connection.call(&Participants::CreateParticipantAccount, request, &reply);
}
grpc::Status create(Connection& connection, const wire::CreateAccountRequest& request) {
  wire::Account reply;
  return connection.call(&Ledger::CreateAccount, request, &reply);
}

grpc::Status compare(Connection& connection, const wire::CreateParticipantRequest& request,
                     Comparison& comparison) {
  wire::GetParticipantRequest question;
  question.set_participant_id(request.id());
  wire::Participant existing;
  const auto status = connection.call(&Participants::GetParticipant, question, &existing);
  if (!status.ok()) return status;
  comparison.text("name", existing.name(), request.name());
  comparison.text("role", name_of(existing.role()), name_of(request.role()));
  comparison.metadata(existing.metadata(), request.metadata());
  return status;
}

template <class Request>
grpc::Status compare_account(Connection& connection, const std::string& id,
                             const std::string& participant, wire::AccountType type,
                             const Request& request, Comparison& comparison) {
  wire::GetAccountRequest question;
  question.set_account_id(id);
  wire::Account existing;
  const auto status = connection.call(&Ledger::GetAccount, question, &existing);
  if (!status.ok()) return status;
  comparison.text("participant", existing.participant_id(), participant);
  comparison.text("type", name_of(existing.account_type()), name_of(type));
  comparison.text("floor", std::to_string(existing.floor()), std::to_string(request.floor()));
  comparison.metadata(existing.metadata(), request.metadata());
  return status;
}
grpc::Status compare(Connection& connection, const wire::CreateParticipantAccountRequest& request,
                     Comparison& comparison) {
  return compare_account(connection, account_id(request), request.participant_id(),
                         request.account_type(), request, comparison);
}
grpc::Status compare(Connection& connection, const wire::CreateAccountRequest& request,
                     Comparison& comparison) {
  return compare_account(connection, request.account_id(), "", wire::STANDALONE, request,
                         comparison);
}

template <class Request>
Result create_or_compare(Connection& connection, const Request& request) {
  Result result;
  grpc::Status status = create(connection, request);
  result.outcome = Outcome::created;
  if (status.error_code() == grpc::StatusCode::ALREADY_EXISTS) {
    Comparison comparison(subject(request));
    status = compare(connection, request, comparison);
    result.outcome = Outcome::already_there;
    result.differences = comparison.found();
  }
  if (!status.ok()) {
    result.outcome = Outcome::failed;
    result.failure = explain(status, {Effect::creation, {}});
  }
  return result;
}

// Works through all items of the plan with kInFlight threads and counts them.
class Run {
 public:
  Run(Connection& connection, std::size_t total, const ImportProgress& progress)
      : connection_(connection), total_(total), progress_(progress) {}

  template <class Request>
  void all(const std::vector<Request>& requests, ImportTally& tally) {
    const std::vector<Result> results = in_parallel(requests);
    for (std::size_t i = 0; i < results.size(); ++i) {
      const Result& result = results[i];
      ++count(tally, result.outcome);
      report_.differences.insert(report_.differences.end(), result.differences.begin(),
                                 result.differences.end());
      if (result.outcome == Outcome::failed) {
        report_.failures.push_back({subject(requests[i]), result.failure});
      }
    }
  }

  ImportReport& report() { return report_; }

 private:
  static std::size_t& count(ImportTally& tally, Outcome outcome) {
    switch (outcome) {
      case Outcome::created:
        return tally.created;
      case Outcome::already_there:
        return tally.already_there;
      case Outcome::failed:
        return tally.failed;
      case Outcome::not_tried:
        break;
    }
    return tally.not_tried;
  }

  // Each thread takes the next item until none is left or the connection is lost.
  template <class Request>
  std::vector<Result> in_parallel(const std::vector<Request>& requests) {
    std::vector<Result> results(requests.size());
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
      for (std::size_t i = next++; i < requests.size() && !lost_; i = next++) {
        results[i] = create_or_compare(connection_, requests[i]);
        if (results[i].failure.exit_code == kUnreachable) lost_ = true;
        ++done_;
      }
      const std::lock_guard lock(mutex_);
      --running_;
      ended_.notify_one();
    };
    running_ = std::min(kInFlight, requests.size());
    std::vector<std::jthread> threads;
    for (std::size_t i = running_; i > 0; --i) threads.emplace_back(work);
    wait_and_tell();
    threads.clear();
    report_.connection_lost = lost_;
    return results;
  }

  void wait_and_tell() {
    std::unique_lock lock(mutex_);
    while (!ended_.wait_for(lock, kProgressInterval, [this] { return running_ == 0; })) {
      progress_(done_, total_);
    }
  }

  Connection& connection_;
  std::size_t total_;
  const ImportProgress& progress_;
  ImportReport report_;
  std::atomic<bool> lost_{false};
  std::atomic<std::size_t> done_{0};
  std::mutex mutex_;
  std::condition_variable ended_;
  std::size_t running_ = 0;  // guarded by mutex_
};

}  // namespace

ImportReport run_import(Connection& connection, const ImportPlan& plan,
                        const ImportProgress& progress) {
  const std::size_t total =
      plan.participants.size() + plan.participant_accounts.size() + plan.accounts.size();
  Run run(connection, total, progress);
  run.all(plan.participants, run.report().participants);
  run.all(plan.participant_accounts, run.report().accounts);
  run.all(plan.accounts, run.report().accounts);
  return std::move(run.report());
}

}  // namespace sg::cli
