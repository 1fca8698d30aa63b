// What a seed chooses before its run: the ledger's form, the workload, and which faults there are.
// Each kind of fault is off in half of the seeds, so that none hides what another finds (swarm
// testing, Groce et al. 2012).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "tests/simulation/random.hpp"

namespace sg::test {

// Chances are of a million.
using Ppm = std::uint32_t;
inline constexpr Ppm kPercent = 10'000;

struct Workload {
  std::size_t accounts = 2;
  std::size_t clients = 1;
  std::size_t outstanding = 1;  // requests of a client
  std::size_t operations = 100;
  std::size_t operations_after = 50;  // without faults
  Ppm hot = 0;                        // entries on the first account
  Ppm local = 0;  // entries on the first few, so that some pages of balances rest
  Ppm keyed = 0;
  Ppm duplicate = 0;     // asks for what was asked before, with the same key
  Ppm mismatch = 0;      // uses a key for something else
  Ppm references = 0;    // has one that others have too, or that has to be unique
  Ppm reversals = 0;     // takes back what was told committed
  Ppm policies = 0;      // changes what limits an account
  Ppm key_requests = 0;  // what became of a key is asked, or it is sealed
  Ppm batch = 0;
  Ppm atomic = 0;  // of the batches
  Ppm read = 0;
  Ppm list = 10 * kPercent;  // of the reads: a list of all accounts
  Ppm create = 0;
  Ppm give_up = 0;   // a request is cancelled, and tried again with its key
  Ppm deadline = 0;  // it has one that it may miss
  Ppm lost = 0;      // its answer does not arrive
};

// Each chance is of a step, or of a time that its place is passed.
struct FaultChances {
  Ppm kill = 0;              // an actor, instead of handling its next message
  Ppm throw_at_point = 0;    // an actor, in the middle of a handler
  Ppm throw_at_derived = 0;  // the same, while it writes indexes and checkpoints only
  Ppm throw_at_commit = 0;   // the same, a coordinator that hands over what is to be committed
  Ppm end_at_point = 0;      // the process
  Ppm end = 0;               // the process, between two messages
  Ppm power = 0;             // of the ends: unsynced writes are whole, torn, absent or corrupt
  Ppm write_error = 0;
  Ppm sync_error = 0;
  Ppm ingest_error = 0;
  Ppm mark_error = 0;
  Ppm open_error = 0;
  Ppm disk_full = 0;
  Ppm slow_sync = 0;
  Ppm clock_jump = 0;  // of the wall clock
  Ppm pause = 0;       // the process is stopped, and goes on much later
  Ppm starve = 0;      // an actor is not run for a while
  Ppm hold_back = 0;   // the journal, before it handles a commit or a flush
  Ppm stall = 0;       // of a cluster: the log writer, before it tells what is committed
  Ppm hang = 0;        // an actor, in a handler, until it is left behind, and longer
};

struct Scenario {
  std::uint32_t shards = 2;
  std::size_t checkpoint_interval = 100;
  std::size_t index_chunk = 100;
  std::chrono::milliseconds lock_timeout{5000};
  std::size_t intensity = 1000;
  std::chrono::seconds liveness{10};
  std::size_t steps = 5000;  // of the phase with faults
  Ppm time = 0;              // time passes, though there is work
  Ppm burst = 0;             // the actor that ran last runs again
  Ppm late = 0;              // a step makes the oldest group under way durable; 0: each is at once
  Workload workload;
  FaultChances faults;
};

Scenario choose_scenario(Random& random);
// What was added when seeds were known by what they find: of dice of its own, so that the other
// choices of a seed stay.
void choose_more(Scenario& scenario, Random& random);

}  // namespace sg::test
