// Lists that the ledger hands out in pages.
//
// Each page comes with a token, which asks for the next page. The last page has none.
#pragma once

#include <string>

#include "cli/session/connection.hpp"

namespace sg::cli {

// The most rows that the ledger puts on one page.
inline constexpr int kPageLimit = 1000;

// The ledger ends a page before it has more than this many bytes. Without this limit it would
// refuse a page of large rows.
inline constexpr int kPageBytes = 2 << 20;

// Asks for page after page until the last one. Returns OK, or the status of the first call that
// failed.
//
// `take(page, request)` is called with each page. It may change the limit in `request`, which asks
// for the next page. It returns whether to go on.
template <class Stub, class Request, class Page, class Take>
[[nodiscard]] grpc::Status each_page(Connection& connection,
                                     grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                  const Request&, Page*),
                                     Request request, Take take) {
  request.set_page_bytes(kPageBytes);
  for (;;) {
    Page page;
    const grpc::Status status = connection.call(method, request, &page);
    if (!status.ok()) return status;
    const std::string next = page.next_page_token();
    if (!take(page, request) || next.empty()) return status;
    request.set_page_token(next);
  }
}

}  // namespace sg::cli
