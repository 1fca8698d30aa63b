// The options of a command line that say how to get past a ledger's door.
#pragma once

#include <CLI/CLI.hpp>

#include "client/channel.hpp"

namespace sg::client {

// Needs: `options` outlives the parsing.
inline void add_channel_options(CLI::App& app, ChannelOptions& options) {
  constexpr auto kGroup = "TLS and authentication";
  const auto add = [&](const char* name, const char* variable, std::string& value,
                       const char* description) {
    app.add_option(name, value, description)->type_name("FILE")->envname(variable)->group(kGroup);
  };
  app.add_flag("--tls", options.tls, "encrypt, and check the server against this machine's roots")
      ->group(kGroup);
  add("--tls-ca", "SCALEGRAPH_TLS_CA", options.ca,
      "encrypt, and check the server against these certificates, in PEM");
  add("--tls-certificate", "SCALEGRAPH_TLS_CERTIFICATE", options.certificate,
      "show the server this certificate, in PEM");
  add("--tls-key", "SCALEGRAPH_TLS_KEY", options.key, "the private key of that certificate");
  app.add_option("--tls-name", options.server_name,
                 "the name in the server's certificate, if it is not the address's host")
      ->type_name("NAME")
      ->envname("SCALEGRAPH_TLS_NAME")
      ->group(kGroup);
  add("--token-file", "SCALEGRAPH_TOKEN_FILE", options.token_file,
      "the first line of this file is the bearer token that says who calls");
}

}  // namespace sg::client
