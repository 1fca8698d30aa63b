#include "tests/replication/truth.hpp"

#include <algorithm>

namespace sg::test {

using replication::Entry;
using replication::Index;
using replication::NodeId;
using replication::Term;

void Truth::breach(std::string what) { breaches_.push_back(std::move(what)); }

void Truth::leads(NodeId node, Term term) {
  const auto [first, is_new] = leaders_.emplace(term, node);
  if (is_new || first->second == node) return;
  breach("term " + std::to_string(term) + " has two leaders: " + std::to_string(first->second) +
         " and " + std::to_string(node));
}

void Truth::votes(NodeId node, Term term, NodeId candidate) {
  const auto [first, is_new] = votes_.emplace(std::pair{node, term}, candidate);
  if (is_new || first->second == candidate) return;
  breach("in term " + std::to_string(term) + " node " + std::to_string(node) + " votes for " +
         std::to_string(first->second) + " and for " + std::to_string(candidate));
}

void Truth::proposes(const Entry& entry) {
  const auto [first, is_new] = proposed_.emplace(std::pair{entry.term, entry.index}, entry.data);
  if (is_new || first->second == entry.data) return;
  breach("two entries at term " + std::to_string(entry.term) + ", index " +
         std::to_string(entry.index) + ": '" + first->second + "' and '" + entry.data + "'");
}

void Truth::applies(NodeId node, const Entry& entry) {
  if (entry.index == entries_.size() + 1) {
    entries_.push_back(entry);
  } else if (entry.index > entries_.size()) {
    breach("node " + std::to_string(node) + " applies index " + std::to_string(entry.index) +
           ", nobody has applied the one before it");
  } else if (entries_[entry.index - 1] != entry) {
    const Entry& other = entries_[entry.index - 1];
    breach("index " + std::to_string(entry.index) + " is '" + other.data + "' of term " +
           std::to_string(other.term) + ", but node " + std::to_string(node) + " applies '" +
           entry.data + "' of term " + std::to_string(entry.term));
  }
}

void Truth::reads(NodeId node, Index index, Index asked_at) {
  if (index >= asked_at) return;
  breach("a read of node " + std::to_string(node) + " sees up to " + std::to_string(index) +
         ", but " + std::to_string(asked_at) + " was committed before it was asked for");
}

void Truth::has(NodeId node, Index applied, const std::string& fingerprint) {
  const auto [first, is_new] = fingerprints_.emplace(applied, fingerprint);
  if (is_new || first->second == fingerprint) return;
  breach("node " + std::to_string(node) + " holds something else than others at index " +
         std::to_string(applied));
}

bool Truth::is_committed(const std::string& data) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [&](const Entry& entry) { return entry.data == data; });
}

}  // namespace sg::test
