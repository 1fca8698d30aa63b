// Rows of answers on the wire, and how large an answer may be.
#pragma once

#include <cstddef>
#include <cstdint>

#include "actors/query.hpp"
#include "proto/ledger.pb.h"

namespace sg::actors {

namespace wire = scalegraph::ledger;

// No answer is larger. A list that would be is refused, or ends with a page when one was asked for.
inline constexpr std::size_t kMaxAnswerBytes = 16 << 20;

ledger::Error too_large_error(const char* what_to_ask_instead);

void fill(wire::Participant& to, const ledger::Participant& from);
void fill(wire::Account& to, const AccountView& from);
void fill(wire::Transaction& to, const persistence::StoredTransaction& from);

// Tells how many bytes rows take in the response of their list.
class RowSizes {
 public:
  std::size_t of(const ledger::Participant& row);
  // Its balance is not known yet: counts the longest.
  std::size_t of(const ledger::Account& row);
  std::size_t of(const persistence::StoredTransaction& row);

 private:
  // Used again, since they keep their memory.
  wire::Participant participant_;
  wire::Account account_;
  wire::Transaction transaction_;
};

// Where a page ends. The store asks reached() after each row, so that it reads at most one row
// that the page does not have.
//
//   PageEnd end(rows, page_bytes);
//   auto found = store.accounts(after, end.limit(), end.asked_by<ledger::Account>());
//   const auto more = end.cut(*found);   // an error: the page would be too large
class PageEnd {
 public:
  // `rows`: at most so many, 0 for any number. `page_bytes`: the page ends where it would pass so
  // many bytes, after one row at least; 0: it is refused where it would pass kMaxAnswerBytes.
  PageEnd(std::size_t rows, std::int64_t page_bytes);

  // For the store.
  std::size_t limit() const;
  template <class Row>
  persistence::Enough<Row> asked_by() {
    return [this](const Row& row) { return reached(row); };
  }
  template <class Row>
  bool reached(const Row& row) {
    return reached_with(sizes_.of(row));
  }
  // Takes away the row that the page does not have; true when there was one.
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
  enum class Why : std::uint8_t { none, full, too_large };
  bool reached_with(std::size_t row_bytes);

  std::size_t max_rows_;
  bool is_paged_;
  std::size_t max_bytes_;
  RowSizes sizes_;
  std::size_t rows_ = 0;
  std::size_t bytes_ = 0;
  Why why_ = Why::none;
};

}  // namespace sg::actors
