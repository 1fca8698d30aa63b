// Lists that come in pages.
#pragma once

#include <string>

#include "cli/session/connection.hpp"

namespace sg::cli {

// The largest page that the ledger gives.
inline constexpr int kPageLimit = 1000;

// A page ends before it passes so many bytes. Large rows would make the ledger refuse it otherwise.
inline constexpr int kPageBytes = 2 << 20;

// Asks for page after page. `take(page, request)` keeps what it wants, may change the limit of the
// next request and returns whether to go on. Ends at the last page or with the first error.
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
