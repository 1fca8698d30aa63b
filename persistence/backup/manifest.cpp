#include "persistence/backup/manifest.hpp"

#include <array>
#include <charconv>
#include <optional>

#include "persistence/encoding/crc32c.hpp"

namespace sg::persistence {
namespace {

constexpr std::string_view kTitle = "scalegraph-backup ";
constexpr std::string_view kVersion = "1";
constexpr std::string_view kWritten = "written ";
constexpr std::string_view kSegment = "segment";
constexpr std::string_view kChecksum = "checksum ";
constexpr std::size_t kSegmentFields = 8;
constexpr int kHex = 16;

// Eight digits.
std::string hex_of(std::uint32_t number) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (int shift = 28; shift >= 0; shift -= 4) text += kDigits[(number >> shift) & 0xF];
  return text;
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<BlockHash> parse_hash(std::string_view text) {
  BlockHash hash{};
  if (text.size() != 2 * hash.size()) return std::nullopt;
  for (std::size_t i = 0; i < hash.size(); ++i) {
    const auto* at = text.data() + 2 * i;
    const auto [end, error] = std::from_chars(at, at + 2, hash[i], kHex);
    if (error != std::errc{} || end != at + 2) return std::nullopt;
  }
  return hash;
}

std::optional<Segment> parse_segment(std::string_view line) {
  std::array<std::string_view, kSegmentFields> fields;
  for (auto& field : fields) {
    if (!line.starts_with(' ')) return std::nullopt;
    line.remove_prefix(1);
    const auto end = std::min(line.find(' '), line.size());
    field = line.substr(0, end);
    line.remove_prefix(end);
  }
  if (!line.empty()) return std::nullopt;
  const auto first = parse_number<Sequence>(fields[0]);
  const auto last = parse_number<Sequence>(fields[1]);
  const auto blocks = parse_number<std::uint64_t>(fields[2]);
  const auto bytes = parse_number<std::uint64_t>(fields[3]);
  std::uint32_t checksum = 0;
  const auto [end, error] =
      std::from_chars(fields[4].data(), fields[4].data() + fields[4].size(), checksum, kHex);
  const auto hash = parse_hash(fields[5]);
  const auto first_time = parse_number<TimeMs>(fields[6]);
  const auto last_time = parse_number<TimeMs>(fields[7]);
  if (!first || !last || !blocks || !bytes || error != std::errc{} || !hash || !first_time ||
      !last_time) {
    return std::nullopt;
  }
  return Segment{*first, *last, *blocks, *bytes, checksum, *hash, *first_time, *last_time};
}

// The next line, without its newline; nullopt: there is none that is whole.
std::optional<std::string_view> take_line(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const auto line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

tl::unexpected<std::string> wrong(std::string what) { return tl::unexpected(std::move(what)); }

}  // namespace

std::string file_name(const Segment& segment) {
  constexpr std::size_t kDigits = 20;
  const auto number = std::to_string(segment.first);
  return "blocks-" + std::string(kDigits - number.size(), '0') + number;
}

ChainEnd Manifest::end() const {
  if (segments.empty()) return {};
  return {segments.back().last, segments.back().hash};
}

std::string encode(const Manifest& manifest) {
  std::string text;
  text.append(kTitle).append(kVersion).append("\n");
  text.append(kWritten).append(std::to_string(manifest.written)).append("\n");
  for (const Segment& segment : manifest.segments) {
    text.append(kSegment);
    for (const auto number : {segment.first, segment.last, segment.blocks, segment.bytes}) {
      text.append(" ").append(std::to_string(number));
    }
    text.append(" ").append(hex_of(segment.checksum)).append(" ").append(to_hex(segment.hash));
    text.append(" ").append(std::to_string(segment.first_time));
    text.append(" ").append(std::to_string(segment.last_time)).append("\n");
  }
  const auto checksum = crc32c(text);
  return text.append(kChecksum).append(hex_of(checksum)).append("\n");
}

tl::expected<Manifest, std::string> decode_manifest(std::string_view text) {
  const auto whole = text;
  const auto title = take_line(text);
  if (!title || !title->starts_with(kTitle)) return wrong("it is no manifest of a backup");
  if (const auto version = title->substr(kTitle.size()); version != kVersion) {
    return wrong("it has version " + std::string(version) + ", and this program knows version " +
                 std::string(kVersion) + ": use the program that wrote it");
  }
  const auto written = take_line(text);
  const auto time = written && written->starts_with(kWritten)
                        ? parse_number<TimeMs>(written->substr(kWritten.size()))
                        : std::nullopt;
  if (!time) return wrong("its second line does not say when it was written");
  Manifest manifest{*time, {}};
  ChainEnd end;
  for (auto line = take_line(text);; line = take_line(text)) {
    if (!line) return wrong("its end is missing");
    if (line->starts_with(kChecksum)) break;
    const auto segment =
        line->starts_with(kSegment) ? parse_segment(line->substr(kSegment.size())) : std::nullopt;
    if (!segment || segment->last < segment->first) {
      return wrong("line " + std::to_string(manifest.segments.size() + 3) + " is no segment");
    }
    if (segment->first != end.sequence + 1) {
      return wrong("its segments have a gap behind sequence " + std::to_string(end.sequence));
    }
    end = {segment->last, segment->hash};
    manifest.segments.push_back(*segment);
  }
  // What was written is what is read: this compares the checksum too.
  if (encode(manifest) != whole) return wrong("its checksum does not match its lines");
  return manifest;
}

}  // namespace sg::persistence
