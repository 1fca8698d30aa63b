// Runs an import with several threads, each with one call at a time.
//
// Each item is created. If the ledger answers ALREADY_EXISTS, the existing object is read and
// compared with the file. This makes an import safe to repeat, also after an unknown outcome. The
// three groups of a plan run one after the other, because accounts need their participants.
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

// Calls under way at a time. With that many, the server writes them in groups.
constexpr std::size_t kInFlight = 16;
constexpr auto kProgressInterval = std::chrono::milliseconds(100);

// What became of one item.
enum class Outcome { not_tried, created, already_there, failed };

struct Result {
  Outcome outcome = Outcome::not_tried;
  std::vector<std::string> differences;  // with already_there
  Failure failure;                       // with failed
};

// Collects how an existing object differs from the file, as sentences.
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
    // As sorted maps, because those of protobuf cannot be compared.
    if (std::map(is.begin(), is.end()) != std::map(should_be.begin(), should_be.end())) {
      found_.push_back(subject_ + ": metadata differs");
    }
  }
  [[nodiscard]] std::vector<std::string> found() { return std::move(found_); }

 private:
  std::string subject_;
  std::vector<std::string> found_;
};

// These overloads name, create and compare one item, for each kind of request.
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

// Leaves the balance out: postings may have changed it.
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

// Tries to create first and reads only what exists: most imports create everything.
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

// Works through the groups of a plan and counts results. The public members are for one thread.
class Run {
 public:
  Run(Connection& connection, std::size_t total, const ImportProgress& progress)
      : connection_(connection), total_(total), progress_(progress) {}

  // Creates one group of items and adds the results to the report, in the order of the file.
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

  // Creates one group with kInFlight threads. Each thread takes the next item until none is left or
  // the connection is lost. Thread i writes results[i] only for items that it took, so the results
  // need no lock.
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
      // Under the lock, so that the waiting thread cannot miss the last end.
      const std::lock_guard lock(mutex_);
      --running_;
      ended_.notify_one();
    };
    // No thread runs yet, so this needs no lock.
    running_ = std::min(kInFlight, requests.size());
    std::vector<std::jthread> threads;
    for (std::size_t i = running_; i > 0; --i) threads.emplace_back(work);
    wait_and_tell();
    // Joins all threads: the results are complete and visible from here on.
    threads.clear();
    report_.connection_lost = lost_;
    return results;
  }

  // Waits until all threads have ended, and reports progress meanwhile.
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
  std::atomic<bool> lost_{false};     // stays set: later groups are not tried
  std::atomic<std::size_t> done_{0};  // items of all groups
  std::mutex mutex_;
  std::condition_variable ended_;
  std::size_t running_ = 0;  // threads that have not ended; guarded by mutex_
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
