#include "cli/output/render_explanation.hpp"

#include <absl/strings/str_format.h>

#include <algorithm>

#include "cli/output/table.hpp"
#include "cli/output/text_width.hpp"
#include "command_line/time_text.hpp"

namespace sg::cli {
namespace {

namespace wire = scalegraph::ledger;

constexpr int kBarWidth = 40;

// "120 us", "3.4 ms": three digits are enough to compare stages.
std::string time_of(std::int64_t nanoseconds) {
  const auto value = static_cast<double>(nanoseconds);
  if (nanoseconds < 1'000'000) return absl::StrFormat("%.0f us", value / 1e3);
  if (nanoseconds < 1'000'000'000) return absl::StrFormat("%.1f ms", value / 1e6);
  return absl::StrFormat("%.1f s", value / 1e9);
}

// Each stage's bar stands where its time lies in the whole.
std::string stages(const wire::ExplainTransactionResponse& write, bool colour) {
  std::int64_t whole = 0;
  for (const auto& stage : write.stages()) whole += stage.duration_ns();
  const auto column = [whole](std::int64_t at) {
    return whole == 0 ? 0 : static_cast<int>(at * kBarWidth / whole);
  };
  Table table({{"STAGE"}, {"TIME", Align::right}, {"", Align::left}});
  std::int64_t before = 0;
  for (const auto& stage : write.stages()) {
    const auto from = column(before);
    before += stage.duration_ns();
    const auto length = std::max(1, column(before) - from);
    std::string bar(static_cast<std::size_t>(from), ' ');
    for (int i = 0; i < length; ++i) bar += "▇";
    table.add({stage.name(), time_of(stage.duration_ns()), bar});
  }
  return table.text(colour);
}

std::string facts(const wire::ExplainTransactionResponse& write, bool colour) {
  Fields fields;
  fields.add("method", write.method());
  fields.add("received", command_line::iso_8601(write.received_at()));
  if (!write.request_id().empty()) fields.add("request id", write.request_id());
  if (!write.caller().empty()) fields.add("caller", write.caller());
  fields.add("committed",
             std::to_string(write.committed()) + " of " + std::to_string(write.items()));
  std::string ranges;
  for (const auto& range : write.ranges()) {
    if (!ranges.empty()) ranges += ", ";
    ranges += std::to_string(range.first());
    if (range.last() != range.first()) ranges += " to " + std::to_string(range.last());
  }
  if (!ranges.empty()) fields.add("sequences", ranges);
  std::string shards;
  for (const auto shard : write.shards()) {
    shards += (shards.empty() ? "" : ", ") + std::to_string(shard);
  }
  if (!shards.empty()) fields.add("shards", shards);
  return fields.text(colour);
}

}  // namespace

std::string render_explanation(const wire::ExplainTransactionResponse& write, bool colour) {
  std::string out = facts(write, colour);
  if (!write.stages().empty()) out += "\n" + stages(write, colour);
  if (!write.waits().empty()) {
    Table waits({{"WAITED FOR THE LOCK OF"},
                 {"SHARD", Align::right},
                 {"UNDECIDED DEBITS", Align::right},
                 {"UNDECIDED CREDITS", Align::right}});
    for (const auto& wait : write.waits()) {
      waits.add({wait.account_id(), std::to_string(wait.shard()),
                 std::to_string(wait.undecided_debits()),
                 std::to_string(wait.undecided_credits())});
    }
    out += "\n" + waits.text(colour);
  }
  if (!write.refusals().empty()) {
    Table refusals({{"REFUSED ITEM", Align::right}, {"REASON"}, {"MESSAGE"}});
    for (const auto& refusal : write.refusals()) {
      refusals.add(
          {std::to_string(refusal.item()), refusal.error().reason(), refusal.error().message()});
    }
    out += "\n" + refusals.text(colour);
  }
  return out;
}

}  // namespace sg::cli
