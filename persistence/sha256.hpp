// SHA-256 by OpenSSL's EVP, with a context that is kept: making one costs more than a short hash.
#pragma once

#include <memory>
#include <string_view>

#include "persistence/record.hpp"

struct evp_md_ctx_st;

namespace sg::persistence {

// Not thread-safe; sha256() below keeps one for each thread.
class Sha256 {
 public:
  Sha256();
  void start();
  void add(std::string_view bytes);
  BlockHash finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

BlockHash sha256(std::string_view bytes);
std::string to_hex(const BlockHash& hash);

}  // namespace sg::persistence
