#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>

#include "persistence/encoding/crc32c.hpp"
#include "persistence/encoding/sha256.hpp"

namespace sg::persistence {

TEST_CASE("CRC-32C gives the values of RFC 3720, appendix B.4") {
  std::string ascending;
  std::string descending;
  for (char byte = 0; byte < 32; ++byte) {
    ascending += byte;
    descending += static_cast<char>(31 - byte);
  }
  const std::vector<std::pair<std::string, std::uint32_t>> vectors{
      {std::string(32, '\0'), 0x8A9136AA},
      {std::string(32, '\xFF'), 0x62A8AB43},
      {ascending, 0x46DD794E},
      {descending, 0x113FDB5C},
      {"123456789", 0xE3069283},
      {"", 0},
  };
  for (const auto& [bytes, checksum] : vectors) {
    CHECK(crc32c(bytes) == checksum);
    CHECK(crc32c_by_table(bytes) == checksum);
  }
}

TEST_CASE("CRC-32C by table and by instruction agree") {
  rc::prop("for any bytes",
           [](const std::string& bytes) { RC_ASSERT(crc32c(bytes) == crc32c_by_table(bytes)); });
}

TEST_CASE("SHA-256 gives the values of FIPS 180-4, also when its context is used again") {
  for (int round = 0; round < 2; ++round) {
    CHECK(to_hex(sha256("abc")) ==
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(to_hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  }
}

}  // namespace sg::persistence
