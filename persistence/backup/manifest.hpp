// The manifest of a backup: which segments it has. What the manifest does not name is no part of
// the backup. It is a text, so that an operator can look at it:
//
//   scalegraph-backup 1
//   written 1714557600123
//   segment 1 5000 2100 67108999 1a2b3c4d 4f…e1 1714550000000 1714557500000
//   checksum 9d3c0f11
//
//   written     when the backup was last brought up to date, ms since 1970
//   segment     first and last sequence, blocks, bytes of the file, its CRC-32C, the hash of its
//               last block, and the times of its first and last block
//   checksum    CRC-32C of all lines before it
//
// Segments stand in order, without a gap. Each line ends with a newline, and numbers have no
// leading zeros: a manifest has one form only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "persistence/chain/record.hpp"

namespace sg::persistence {

struct Segment {
  Sequence first = 0;
  Sequence last = 0;
  std::uint64_t blocks = 0;
  std::uint64_t bytes = 0;  // of the file
  std::uint32_t checksum = 0;
  BlockHash hash{};  // of the last block
  TimeMs first_time = 0;
  TimeMs last_time = 0;

  bool operator==(const Segment&) const = default;
};

// "blocks-00000000000000000001": by the first sequence, so that names sort as the chain does.
std::string file_name(const Segment& segment);

struct Manifest {
  TimeMs written = 0;
  std::vector<Segment> segments;

  bool operator==(const Manifest&) const = default;
  // Where the chain of the backup ends.
  ChainEnd end() const;
};

std::string encode(const Manifest& manifest);
// The error says what is wrong, and with which line.
tl::expected<Manifest, std::string> decode_manifest(std::string_view text);

}  // namespace sg::persistence
