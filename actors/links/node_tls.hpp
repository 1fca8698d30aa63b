// The files of TLS between nodes, as they are now.
//
// Concurrency: the links actor's. They are small, and are read again only when they have changed.
#pragma once

#include <array>
#include <filesystem>
#include <optional>

#include "config/settings.hpp"
#include "security/tls_session.hpp"

namespace sg::actors {

class NodeTls {
 public:
  explicit NodeTls(const config::Cluster& cluster) : cluster_(cluster) {}

  bool is_on() const { return cluster_.uses_tls(); }
  // For the next connection. While the files are wrong, what was read before stays in use and the
  // log says why; null if there is nothing.
  security::TlsContext context();

 private:
  using Times = std::array<std::filesystem::file_time_type, 3>;
  std::optional<Times> times() const;

  const config::Cluster& cluster_;
  std::optional<Times> read_at_;
  security::TlsContext context_;
};

}  // namespace sg::actors
