// Pages and footers of the indexes. A page that decodes is in the order of an index and is written
// as the same bytes again; whatever a look-up finds in a run lies in the range that was asked for.
#include <algorithm>
#include <map>

#include "persistence/encoding/bytes.hpp"
#include "persistence/index/run.hpp"
#include "tests/fuzz/property.hpp"

using namespace sg::persistence;
using sg::fuzz::must;

namespace {

constexpr std::uint32_t kRun = 1;
constexpr std::size_t kMaxPages = 4;

// Rows of one family: what a run needs of a store.
class Rows final : public KeyValue {
 public:
  StoreResult<std::optional<std::string>> get(Family, std::string_view key) const override {
    const auto row = rows_.find(key);
    if (row == rows_.end()) return std::nullopt;
    return row->second;
  }
  StoreResult<void> ingest(Family, std::span<const KeyRow> rows) override {
    for (const auto& row : rows) rows_.insert_or_assign(std::string(row.key), row.value);
    return {};
  }
  std::unique_ptr<Cursor> cursor(Family) const override { return nullptr; }
  std::unique_ptr<Batch> new_batch() const override { return nullptr; }
  StoreResult<void> write(Batch&, bool) override { return {}; }
  StoreResult<void> sync() override { return {}; }
  bool takes_writes() const override { return true; }
  StoreResult<void> drop(Family, std::string_view, std::string_view) override { return {}; }
  std::uint64_t unflushed_bytes() const override { return 0; }

 private:
  std::map<std::string, std::string, std::less<>> rows_;
};

void put(Rows& rows, std::uint32_t page, std::string_view bytes) {
  const auto key = run_key(kRun, page);
  const KeyRow row{key, bytes};
  (void)rows.ingest(Family::history, {&row, 1});
}

RunFacts facts() {
  RunFacts facts;
  facts.id = kRun;
  return facts;
}

void check_written_again(std::span<const Mention> mentions, std::string_view bytes) {
  Rows rows;
  RunWriter writer(Family::history, facts(), mentions.size());
  for (const auto& mention : mentions) writer.add(mention);
  const auto run = writer.finish(rows);
  must(run.has_value(), "a run is written");
  // A page that is longer than the writer's own would be cut.
  if ((*run)->pages() != 1) return;
  must(rows.get(Family::history, run_key(kRun, 0)).value() == bytes,
       "a page that decodes is written as the same bytes");
  const auto again = Run::load(rows, Family::history, facts());
  must(again.has_value() && (*again)->pages() == 1 && (*again)->terms() == (*run)->terms(),
       "a footer is read as it was written");
  for (const auto& mention : mentions) {
    std::vector<Sequence> found;
    must((*again)->collect(rows, mention.term, {}, found).has_value(), "a whole run is searched");
    must(std::find(found.begin(), found.end(), mention.sequence) != found.end() ||
             mention.sequence == 0 || mention.sequence == ~Sequence{0},
         "a mention is found");
  }
}

void check_page(std::string_view bytes) {
  Rows rows;
  put(rows, 0, bytes);
  const Run run(Family::history, facts(), {Mention{}}, 1, TermFilter(1));
  std::vector<Mention> mentions;
  if (!run.read_page(rows, 0, mentions)) return;
  must(!mentions.empty(), "a page holds a mention");
  must(std::adjacent_find(mentions.begin(), mentions.end(),
                          [](const auto& a, const auto& b) { return !precedes(a, b); }) ==
           mentions.end(),
       "a page is in the order of an index");
  check_written_again(mentions, bytes);
}

// A footer, and pages that need not agree with it.
void check_run(std::string_view bytes) {
  Rows rows;
  const auto footer_bytes = bytes.size() / 2;
  put(rows, kFooterPage, bytes.substr(0, footer_bytes));
  const auto pages = bytes.substr(footer_bytes);
  for (std::uint32_t page = 0; page < kMaxPages; ++page) {
    put(rows, page, pages.substr(pages.size() * page / kMaxPages, pages.size() / kMaxPages));
  }
  const auto run = Run::load(rows, Family::history, facts());
  if (!run) return;
  const MentionRange range{3, 1'000'000, 5};
  for (Term term = 0; term < 8; ++term) {
    std::vector<Sequence> found;
    if (!(*run)->collect(rows, term, range, found)) continue;
    must(found.size() <= range.limit, "a look-up finds no more than its limit");
    must(std::all_of(found.begin(), found.end(),
                     [&](auto s) { return s >= range.first && s < range.before; }),
         "a look-up finds what is in its range");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [kind, bytes] = sg::fuzz::choice_of(sg::fuzz::text_of(data, size));
  kind % 2 == 0 ? check_page(bytes) : check_run(bytes);
  return 0;
}
