// Rows, the list of runs, the log of a member and the high-water mark: whatever decodes is encoded
// as the same bytes.
#include "persistence/encoding/bytes.hpp"
#include "persistence/encoding/crc32c.hpp"
#include "persistence/index/run_list.hpp"
#include "persistence/log/log_store.hpp"
#include "persistence/rows/high_water_mark.hpp"
#include "persistence/rows/rows.hpp"
#include "tests/fuzz/property.hpp"

using namespace sg;
using namespace sg::persistence;
using fuzz::must;

namespace {

template <class Row>
void check_row(const std::optional<Row>& row, std::string_view bytes) {
  if (row) must(encode(*row) == bytes, "a row that decodes is encoded as the same bytes");
}

void check_account(std::string_view bytes) {
  const auto account = decode_account(bytes);
  check_row(account, bytes);
  const auto id = account_id_of(bytes);
  must(!account || id == account->id, "an id that is read alone is the account's");
}

// Of either kind.
template <class Decode>
void check_mark(std::string bytes, Decode decode) {
  constexpr std::size_t kChecksum = sizeof(std::uint32_t);
  check_row(decode(bytes), bytes);
  if (bytes.size() < kChecksum) return;
  const auto covered = bytes.size() - kChecksum;
  put_fixed(bytes.data() + covered, crc32c({bytes.data(), covered}));
  check_row(decode(bytes), bytes);
  bytes[0] = static_cast<char>(bytes[0] ^ 1);
  must(!decode(bytes), "a mark with a flipped bit is refused");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [kind, bytes] = fuzz::choice_of(fuzz::text_of(data, size));
  switch (kind % 10) {
    case 0:
      check_row(decode_participant(bytes), bytes);
      break;
    case 1:
      check_account(bytes);
      break;
    case 2:
      check_row(decode_account_id(bytes), bytes);
      break;
    case 3:
      check_row(decode_participant_account(bytes), bytes);
      break;
    case 4:
      check_row(decode_balances(be32(7), bytes), bytes);
      break;
    case 5:
      check_row(decode_run_list(bytes), bytes);
      break;
    case 6:
      check_row(decode_place(bytes), bytes);
      break;
    case 7:
      check_row(decode_log_row(bytes), bytes);
      break;
    case 8:
      check_mark(std::string(bytes), decode_log_mark);
      break;
    default:
      check_mark(std::string(bytes), decode_mark);
  }
  return 0;
}
