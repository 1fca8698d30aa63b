// One run of one command: the connection, where to write, and in which form.
#pragma once

#include <string>

#include "cli/output/console.hpp"
#include "cli/output/errors.hpp"
#include "cli/output/json.hpp"
#include "cli/session/connection.hpp"

namespace sg::cli {

class Session {
 public:
  Session(Connection& connection, Console& console, bool json)
      : connection_(connection), console_(console), json_(json) {}

  [[nodiscard]] Connection& connection() { return connection_; }
  [[nodiscard]] Console& console() { return console_; }
  [[nodiscard]] bool json() const { return json_; }
  // Progress lines overwrite themselves, which only a terminal that moves its cursor can show.
  [[nodiscard]] bool shows_progress() const { return console_.cursor_err && !json_; }

  // Connects and calls, prints the refusal if there is one, else what `render(reply, colour)` makes
  // of the reply. Returns the exit code.
  template <class Method, class Request, class Reply, class Render>
  [[nodiscard]] ExitCode ask(Method method, const Request& request, Reply& reply, Render render,
                             const Attempt& attempt = {}) {
    grpc::Status status = connection_.connect();
    if (status.ok()) status = connection_.call(method, request, &reply);
    if (!status.ok()) return fail(explain(status, attempt));
    return show(reply, render);
  }

  // Prints a message as JSON or as `render(message, colour)`.
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
