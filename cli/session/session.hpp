// One run of one command: the connection to the ledger, where to write, and in which form.
//
// Commands print through a session, so that all of them agree on JSON, colours and exit codes:
//
//   wire::Account reply;
//   return session.ask(&Ledger::GetAccount, request, reply, render_account);
//
// Concurrency: for one thread.
#pragma once

#include <string>

#include "cli/output/console.hpp"
#include "cli/output/errors.hpp"
#include "cli/output/json.hpp"
#include "cli/session/connection.hpp"

namespace sg::cli {

class Session {
 public:
  // Needs: connection and console outlive the session. With `json` all output is JSON, one line
  // each.
  Session(Connection& connection, Console& console, bool json)
      : connection_(connection), console_(console), json_(json) {}

  [[nodiscard]] Connection& connection() { return connection_; }
  [[nodiscard]] Console& console() { return console_; }
  [[nodiscard]] bool json() const { return json_; }
  // Whether to show progress on stderr. Progress lines overwrite themselves, so they need a
  // terminal that moves its cursor. They would break JSON.
  [[nodiscard]] bool shows_progress() const { return console_.cursor_err && !json_; }

  // Connects, makes one unary call and prints the result. Returns the exit code.
  //
  // Prints `render(reply, colour)` or the reply as JSON, or the failure on stderr. `attempt` tells
  // what the call would have changed, for the advice after an unknown outcome. `reply` stays with
  // the caller.
  template <class Method, class Request, class Reply, class Render>
  [[nodiscard]] ExitCode ask(Method method, const Request& request, Reply& reply, Render render,
                             const Attempt& attempt = {}) {
    grpc::Status status = connection_.connect();
    if (status.ok()) status = connection_.call(method, request, &reply);
    if (!status.ok()) return fail(explain(status, attempt));
    return show(reply, render);
  }

  // Prints a message on stdout, as JSON or as `render(message, colour)`. Returns kDone.
  template <class Message, class Render>
  ExitCode show(const Message& message, Render render) {
    if (json_) {
      console_.out << line(to_json(message));
    } else {
      console_.out << render(message, console_.colour_out);
    }
    return kDone;
  }

  // Prints a failure on stderr and returns its exit code.
  ExitCode fail(const Failure& failure) {
    console_.err << (json_ ? line(to_json(failure)) : text(failure, console_.colour_err));
    return failure.exit_code;
  }

 private:
  Connection& connection_;
  Console& console_;
  bool json_;
};

}  // namespace sg::cli
