// All that the records of a group, or of a block, mention: what is pushed into the indexes.
//
//   mentions.add(sequence, postings, reference, key_hash);
//   index.push(mentions, last, run_ms);
//
// Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/chain/mention.hpp"
#include "persistence/encoding/bytes.hpp"

namespace sg::persistence {

// What a record may be found by beside its accounts and its key: the first byte of a link's text.
enum class LinkKind : char {
  reference = 'r',
  seal = 's',      // of that key
  any_seal = 'n',  // without a text: the youngest is found, and it has a number
  reversal = 'v',  // of the transaction with the sequence that sequence_text() writes
};

// A sequence as the text of a link.
inline std::string sequence_text(Sequence sequence) {
  std::string text(sizeof sequence, '\0');
  put_fixed(text.data(), sequence);
  return text;
}

struct Mentions {
  // A record's text in `texts`, its kind first. The index makes a term of it (record_index.hpp).
  struct Link {
    Sequence sequence = 0;
    std::uint32_t bytes = 0;
  };

  // Sequences ascend in all lists.
  std::vector<Mention> history;  // an account twice in a transfer stands twice
  std::vector<Mention> keys;
  std::vector<Link> links;
  std::string texts;  // of the links, one after the other
  bool has_seals = false;

  // A transaction. `key`: the hash of its key, if it has one; `reverses`: what it takes back, or 0.
  void add(Sequence sequence, std::span<const Posting> postings, std::string_view reference,
           std::optional<Term> key, Sequence reverses = 0) {
    for (const Posting& posting : postings) history.push_back({posting.account, sequence});
    if (key) keys.push_back({*key, sequence});
    if (!reference.empty()) add_link(LinkKind::reference, reference, sequence);
    if (reverses != 0) add_link(LinkKind::reversal, sequence_text(reverses), sequence);
  }
  void add_seal(Sequence sequence, std::string_view key) {
    add_link(LinkKind::seal, key, sequence);
    add_link(LinkKind::any_seal, {}, sequence);
    has_seals = true;
  }
  void add_link(LinkKind kind, std::string_view text, Sequence sequence) {
    links.push_back({sequence, static_cast<std::uint32_t>(1 + text.size())});
    texts += static_cast<char>(kind);
    texts += text;
  }
  // Calls visit(text, sequence) for each link.
  template <class Visit>
  void for_each_link(Visit visit) const {
    std::size_t at = 0;
    for (const Link& link : links) {
      visit(std::string_view(texts).substr(at, link.bytes), link.sequence);
      at += link.bytes;
    }
  }
  // Keeps the memory.
  void clear() {
    history.clear();
    keys.clear();
    links.clear();
    texts.clear();
    has_seals = false;
  }
};

// The text of a link, as Mentions has it.
inline std::string link_text(LinkKind kind, std::string_view text) {
  return std::string(1, static_cast<char>(kind)).append(text);
}

}  // namespace sg::persistence
