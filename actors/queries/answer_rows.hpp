// Rows of answers as wire messages, and the bound on the size of an answer. The bytes of each row
// are counted while the store is read, so that no answer is built that would be too large.
//
//   PageEnd end(rows, page_bytes);
//   auto found = store.accounts(after, end.limit(), end.asked_by<ledger::Account>());
//   const auto more = end.cut(*found);   // RESULT_TOO_LARGE, or whether there is a next page
//
// Concurrency: not thread-safe; each read has its own PageEnd.
#pragma once

#include <cstddef>
#include <cstdint>

#include "actors/query.hpp"
#include "proto/ledger.pb.h"

namespace sg::actors {

namespace wire = scalegraph::ledger;

// The largest answer, in bytes. A longer list ends with a page if one was asked for, and is refused
// otherwise.
inline constexpr std::size_t kMaxAnswerBytes = 16 << 20;

// RESULT_TOO_LARGE, with advice to the caller.
ledger::Error too_large_error(const char* what_to_ask_instead);

// Fill the wire's message with a row. Needs: the message is empty.
void fill(wire::Participant& to, const ledger::Participant& from);
void fill(wire::Account& to, const AccountView& from);
// Without its metadata and reversals, which lists leave out.
void fill(wire::Transaction& to, const persistence::StoredTransaction& from);
void fill_whole(wire::Transaction& to, const persistence::StoredTransaction& from);
// What a policy has asked for.
void fill(wire::PolicyAction& to, const ledger::PolicyChange& from);

// Counts the bytes that a row takes in its list's response, tag and length included.
class RowSizes {
 public:
  std::size_t of(const ledger::Participant& row);
  // The balance is not known yet, so this counts the longest one.
  std::size_t of(const ledger::Account& row);
  std::size_t of(const persistence::StoredTransaction& row);

 private:
  // Used again for each row, because a cleared message keeps its memory.
  wire::Participant participant_;
  wire::Account account_;
  wire::Transaction transaction_;
};

// Says where a page ends. The store asks reached() after each row. So it reads at most one row that
// does not belong to the page; that row tells that there is a next page.
class PageEnd {
 public:
  // `rows`: the page has at most this many rows; 0 means any number. `page_bytes`: the page ends
  // where it would pass this many bytes, but has at least one row. With 0 there is no such page,
  // and an answer that would pass kMaxAnswerBytes is refused.
  PageEnd(std::size_t rows, std::int64_t page_bytes);

  // The most rows that the store should read.
  std::size_t limit() const;
  // The function that the store calls after each row; it must not outlive the PageEnd.
  template <class Row>
  persistence::Enough<Row> asked_by() {
    return [this](const Row& row) { return reached(row); };
  }
  // Counts the row. Returns true if the store should stop here.
  template <class Row>
  bool reached(const Row& row) {
    return reached_with(sizes_.of(row));
  }
  // Removes the row that does not belong to the page. Returns true if there was one, so that there
  // is a next page, and RESULT_TOO_LARGE if the answer must be refused.
  template <class Row>
  ledger::Result<bool> cut(std::vector<Row>& found) const {
    if (why_ == Why::none) return false;
    if (why_ == Why::too_large) {
      return tl::unexpected(too_large_error(
          "ask for fewer rows with limit, or set page_bytes and follow next_page_token"));
    }
    found.pop_back();
    return true;
  }

 private:
  // Why the page ended: it did not yet, its rows or bytes are used up, or the answer is too large.
  enum class Why : std::uint8_t { none, full, too_large };
  bool reached_with(std::size_t row_bytes);

  std::size_t max_rows_;
  bool is_paged_;          // page_bytes was set
  std::size_t max_bytes_;  // without the token of the next page
  RowSizes sizes_;
  std::size_t rows_ = 0;  // counted so far, as are bytes_
  std::size_t bytes_ = 0;
  Why why_ = Why::none;
};

}  // namespace sg::actors
