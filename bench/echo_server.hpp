// The ceiling: a service that parses the same requests and answers messages of the same shape, with
// nothing of a ledger behind it. Asynchronous, one completion queue, one thread.
#pragma once

namespace sg::bench {

// Serves on a free loopback port, prints it, until standard input ends.
int serve_echo();

}  // namespace sg::bench
