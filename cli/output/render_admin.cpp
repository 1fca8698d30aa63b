#include "cli/output/render_admin.hpp"

#include "cli/output/render.hpp"
#include "cli/output/table.hpp"
#include "cli/output/text_width.hpp"
#include "command_line/time_text.hpp"

namespace sg::cli {
namespace {

namespace wire = scalegraph::ledger;

// Adds the line of a node, then those of its children. `branch` is drawn in front of this node.
// `lead` is drawn in front of everything below it: it continues the lines of the levels above.
void add_node(Table& table, const wire::TreeNode& node, const std::string& branch,
              const std::string& lead) {
  table.add({branch + node.id(), node.type(), node.state(), std::to_string(node.incarnation()),
             std::to_string(node.restarts_in_window()), command_line::duration(node.uptime_ms()),
             // Not every actor can tell how many messages wait for it.
             node.has_mailbox_depth() ? std::to_string(node.mailbox_depth()) : "-",
             node.last_exit_reason()});
  for (int i = 0; i < node.children_size(); ++i) {
    const bool last = i + 1 == node.children_size();
    add_node(table, node.children(i), lead + (last ? "└── " : "├── "),
             // Below the last child no line goes on.
             lead + (last ? "    " : "│   "));
  }
}

}  // namespace

std::string render_tree(const wire::GetTreeResponse& tree, bool colour) {
  Table table({{"ACTOR"},
               {"TYPE"},
               {"STATE"},
               {"STARTS", Align::right},
               {"RESTARTS", Align::right},
               {"UPTIME", Align::right},
               {"MAILBOX", Align::right},
               {"LAST EXIT"}});
  add_node(table, tree.root(), "", "");
  return table.text(colour);
}

bool sound(const wire::VerifyResponse& last) {
  // Sums are compared as texts: they may be beyond the int64 range.
  return last.done() && last.problems().empty() && last.sum_of_balances() == last.sum_of_postings();
}

std::string render_verification(const wire::VerifyResponse& last, bool colour) {
  Fields fields;
  fields.add("blocks", std::to_string(last.blocks()));
  fields.add("records", std::to_string(last.records()));
  fields.add("accounts", std::to_string(last.accounts()));
  fields.add("sum of balances", last.sum_of_balances());
  fields.add("sum of postings", last.sum_of_postings());
  fields.add("head", last.head_hash());
  std::string out = fields.text(colour);
  for (const auto& problem : last.problems()) out += "problem: " + printable(problem) + "\n";
  // Every verdict NOT SOUND has a reason above it.
  if (last.problems().empty() && !sound(last)) {
    out += "problem: the balances do not add up to the postings\n";
  }
  return out + (sound(last) ? "chain and balances agree\n" : "NOT SOUND\n");
}

std::string progress_text(const wire::VerifyResponse& progress) {
  std::string out = std::to_string(progress.records());
  if (progress.records_total() > 0) {
    // In floating point: records * 100 may be beyond 64 bits.
    const double share =
        static_cast<double>(progress.records()) / static_cast<double>(progress.records_total());
    out += " of " + std::to_string(progress.records_total()) + " records, " +
           std::to_string(static_cast<int>(share * 100)) + " %";
    return out;
  }
  return out + " records";
}

bool sound(const wire::GetBalanceSheetResponse& sheet) {
  return sheet.total() == sheet.sum_of_postings();
}

std::string render_balance_sheet(const wire::GetBalanceSheetResponse& sheet, bool colour) {
  Table table({{"PARTICIPANT"}, {"TYPE"}, {"ACCOUNTS", Align::right}, {"TOTAL", Align::right}});
  for (const auto& line : sheet.lines()) {
    table.add({line.participant_id().empty() ? "-" : line.participant_id(),
               name_of(line.account_type()), std::to_string(line.accounts()), line.total()});
  }
  Fields fields;
  fields.add("total", sheet.total());
  fields.add("sum of postings", sheet.sum_of_postings());
  fields.add("transactions", std::to_string(sheet.transactions()));
  std::string out =
      (table.empty() ? "no accounts\n" : table.text(colour)) + "\n" + fields.text(colour);
  if (!sound(sheet)) out += "NOT SOUND: the balances do not add up to the postings\n";
  return out;
}

}  // namespace sg::cli
