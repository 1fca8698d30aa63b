// The ceiling that gRPC sets for a measurement: a service without a ledger behind it. It parses the
// same requests as a ledger server, and answers with messages of the same shape. It is
// asynchronous, with one completion queue and one thread.
#pragma once

namespace sg::bench {

// Listens on a free port of the loopback interface, prints the port on standard output, and serves
// until standard input ends. Returns the exit code of the process: 0, or 3 if it cannot listen.
int serve_echo();

}  // namespace sg::bench
