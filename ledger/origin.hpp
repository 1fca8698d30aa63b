// Who sent a submission, and from where: what the chain keeps of it for auditors.
#pragma once

#include <memory>
#include <string>

namespace sg::ledger {

struct Origin {
  std::string caller;  // the name by which it was let in
  std::string peer;    // its address, as gRPC writes it: "ipv4:10.0.0.1:40000"

  bool operator==(const Origin&) const = default;
};

// Null: it is not known who sends, since authentication is off, or nothing is kept for auditors.
using OriginPtr = std::shared_ptr<const Origin>;

}  // namespace sg::ledger
