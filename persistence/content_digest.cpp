// What an idempotency key is bound to.
//
//   content := kind:u8 count:u32 entry* text(reference)
//   entry   := text(account id) amount:i64
//   text    := length:u32 bytes
//
// Lengths come first, so no two transfers have the same encoding.
#include <algorithm>

#include "persistence/bytes.hpp"
#include "persistence/record.hpp"
#include "persistence/sha256.hpp"

namespace sg::persistence {

Digest content_digest(const ledger::Transfer& transfer) {
  thread_local ByteBuffer buffer;
  buffer.clear();
  std::size_t bound = 16 + transfer.reference.size();
  for (const auto& entry : transfer.entries) bound += 12 + entry.account_id.size();
  const auto put_sized = [](char* to, std::string_view text) {
    return put_bytes(put_fixed(to, static_cast<std::uint32_t>(text.size())), text);
  };
  char* to = buffer.reserve(bound);
  to = put_fixed(to, static_cast<std::uint8_t>(transfer.kind));
  to = put_fixed(to, static_cast<std::uint32_t>(transfer.entries.size()));
  for (const auto& entry : transfer.entries) {
    to = put_fixed(put_sized(to, entry.account_id), entry.amount);
  }
  buffer.set_end(put_sized(to, transfer.reference));

  const BlockHash hash = sha256(buffer.slice(0, buffer.size()));
  Digest digest;
  std::copy_n(hash.begin(), digest.size(), digest.begin());
  return digest;
}

std::uint64_t key_hash(std::string_view key) {
  return get_fixed<std::uint64_t>(reinterpret_cast<const char*>(sha256(key).data()));
}

}  // namespace sg::persistence
