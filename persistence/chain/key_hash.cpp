// How the key index knows an idempotency key.
#include "persistence/chain/record.hpp"
#include "persistence/encoding/bytes.hpp"
#include "persistence/encoding/sha256.hpp"

namespace sg::persistence {

std::uint64_t key_hash(std::string_view key) {
  return get_fixed<std::uint64_t>(reinterpret_cast<const char*>(sha256(key).data()));
}

}  // namespace sg::persistence
