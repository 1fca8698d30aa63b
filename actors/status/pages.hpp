// What the HTTP server of the status actor answers: metrics, the JSON that the status page is made
// of, and the page's own files.
//
//   GET /metrics                            Prometheus' text format
//   GET /api/state                          the process, the tree, the cluster, what was measured
//   GET /api/accounts?limit=L&token=T       a page of accounts with their balances
//   GET /api/history?id=ID&limit=L          an account's history, with its balance over time
//   GET /                                   the page
//
// Amounts are texts, since JavaScript's numbers are too small for them. Errors have a status of
// HTTP and {"error":{"reason":...,"message":...}}.
//
// Concurrency: respond() may be called from any thread, several at once. It waits for actors, for a
// bounded time.
#pragma once

#include <caf/actor.hpp>
#include <functional>
#include <memory>
#include <mutex>

#include "actors/runtime.hpp"
#include "security/authenticator.hpp"
#include "telemetry/http_server.hpp"

namespace sg::actors {

// Whom the pages ask; null while it is down.
class StatusSources {
 public:
  struct Handles {
    caf::actor root;
    caf::actor queries;
    caf::actor cluster;
  };
  Handles get() const {
    const std::lock_guard lock(mutex_);
    return handles_;
  }
  void set(Handles handles) {
    const std::lock_guard lock(mutex_);
    handles_ = std::move(handles);
  }

 private:
  mutable std::mutex mutex_;
  Handles handles_;
};

class StatusPages {
 public:
  // Null: nobody is let in at the moment. Asked only if [auth] is on.
  using Authenticators = std::function<std::shared_ptr<const security::Authenticator>()>;

  StatusPages(RuntimePtr runtime, std::shared_ptr<const StatusSources> sources,
              Authenticators authenticators)
      : runtime_(std::move(runtime)),
        sources_(std::move(sources)),
        authenticators_(std::move(authenticators)) {}

  telemetry::HttpResponse respond(const telemetry::HttpRequest& request) const;

 private:
  bool is_our_name(const std::string& host) const;
  // Nothing if the caller may see all pages; otherwise the answer to it.
  std::optional<telemetry::HttpResponse> refuse(const telemetry::HttpRequest& request) const;
  telemetry::HttpResponse metrics() const;
  telemetry::HttpResponse state() const;
  telemetry::HttpResponse accounts(const telemetry::HttpRequest& request) const;
  telemetry::HttpResponse history(const telemetry::HttpRequest& request) const;

  RuntimePtr runtime_;
  std::shared_ptr<const StatusSources> sources_;
  Authenticators authenticators_;
};

}  // namespace sg::actors
