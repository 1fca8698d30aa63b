// Rows that pass every call on to others: a test overrides the one that it watches.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "persistence/medium/key_value.hpp"

namespace sg::persistence::test {

class ForwardingRows : public KeyValue {
 public:
  // Needs: `below` outlives it.
  explicit ForwardingRows(KeyValue& below) : below_(below) {}

  StoreResult<std::optional<std::string>> get(Family family, std::string_view key) const override {
    return below_.get(family, key);
  }
  std::unique_ptr<Cursor> cursor(Family family) const override { return below_.cursor(family); }
  std::unique_ptr<Batch> new_batch() const override { return below_.new_batch(); }
  StoreResult<void> write(Batch& batch, bool sync) override { return below_.write(batch, sync); }
  StoreResult<void> sync() override { return below_.sync(); }
  bool takes_writes() const override { return below_.takes_writes(); }
  StoreResult<void> ingest(Family family, std::span<const KeyRow> rows) override {
    return below_.ingest(family, rows);
  }
  StoreResult<void> drop(Family family, std::string_view begin, std::string_view end) override {
    return below_.drop(family, begin, end);
  }
  std::uint64_t unflushed_bytes() const override { return below_.unflushed_bytes(); }

 private:
  KeyValue& below_;
};

}  // namespace sg::persistence::test
