// How a verification goes on after damage. A block that cannot be read is reported, and the walk
// continues with the next block. From then on two things are unknown:
//
// - knows_before_: whether the next block follows the one before it. It is known again one block
//   later.
// - knows_balances_: the balances. A record was lost, so they stay unknown, and neither floors nor
//   the checkpoint are compared any more. Otherwise one lost block would give a problem for each
//   account.
//
// Floors are checked only at the end of a unit: within an atomic batch a balance may fall below its
// floor, since the batch is netted.
#include "persistence/verifier.hpp"

#include <algorithm>

#include "persistence/chain/block_contents.hpp"
#include "persistence/chain/extension.hpp"
#include "persistence/chain/format.hpp"
#include "persistence/chain/mentions.hpp"
#include "persistence/encoding/sha256.hpp"
#include "persistence/log/log_store.hpp"
#include "persistence/rows/high_water_mark.hpp"
#include "persistence/rows/meta.hpp"
#include "persistence/rows/page_stamps.hpp"
#include "persistence/rows/rows.hpp"

namespace sg::persistence {
namespace {

constexpr std::size_t kMaxProblems = 100;

}  // namespace

void Verifier::problem(std::string what) {
  if (problems_.size() < kMaxProblems) {
    problems_.push_back(std::move(what));
  } else if (problems_.size() == kMaxProblems) {
    problems_.emplace_back("further problems are not listed");
  }
}

StoreResult<bool> Verifier::start(const KeyValue& rows, const RecordIndex& index,
                                  const std::function<ChainHead()>& head) {
  // Read the marker before the pages. If it were younger than they are, they would seem too old.
  const auto marker = read_meta(rows, kMetaCheckpoint);
  if (!marker) return tl::unexpected(marker.error());
  marker_ = *marker;
  std::vector<BalancePage> pages;
  const auto cursor = rows.cursor(Family::balances);
  for (cursor->seek({}); cursor->valid(); cursor->next()) {
    if (auto page = decode_balances(cursor->key(), cursor->value())) {
      pages.push_back(std::move(*page));
    } else {
      problem("checkpointed balances do not decode");
    }
  }
  if (auto status = cursor->status(); !status) {
    problem("the checkpointed balances cannot be read: " + status.error().message);
  }
  const auto list = read_page_list(rows, marker_);
  if (!list) problem(list.error().message);
  PageStamps found;
  until_ = head();
  // After the head: it rises with a block, and never falls.
  const auto format = read_format(rows);
  if (!format) return tl::unexpected(format.error());
  format_ = *format;
  index_.start(index, until_.sequence);
  for (const auto& page : pages) {
    const std::uint64_t first = std::uint64_t{page.page} * kBalancesOfPage;
    const std::uint64_t end = first + page.balances.size();
    // The walk creates accounts as the chain does, so it never meets such an account.
    if (end > until_.accounts) {
      problem("account number " + std::to_string(end - 1) +
              " has a checkpointed balance but was never created");
      continue;
    }
    note_page(found, page, encode(page));
    // Accounts on a missing page are marked by `stands`.
    checkpointed_.resize(first);
    for (const Amount balance : page.balances) {
      checkpointed_.push_back({balance, page.sequence, true});
    }
  }
  if (list && *list) {
    if (auto missing = missing_pages(**list, found)) problem(std::move(*missing));
  }
  return next_ <= until_.sequence;
}

StoreResult<bool> Verifier::walk(const KeyValue& rows, std::size_t blocks) {
  BlockCursor cursor(rows);
  BlockCursor earlier(rows);
  auto found = cursor.seek_at_or_after(next_);
  for (; blocks > 0 && next_ <= until_.sequence; --blocks, found = cursor.next()) {
    if (found && !*found) {
      problem("the chain ends at " + std::to_string(next_ - 1) + ", before its head " +
              std::to_string(until_.sequence));
      knows_balances_ = false;
      lose_records(until_.sequence);
      return false;
    }
    if (!found) {
      problem(found.error().message);
      knows_before_ = knows_balances_ = false;
      if (!cursor.is_on_block()) {
        // The database cannot go on, so the rest of the chain is lost.
        problem("blocks from sequence " + std::to_string(next_) + " on cannot be read");
        lose_records(until_.sequence);
        return false;
      }
      // How many records the block has is unknown: the next block tells by where it begins.
      lose_records(cursor.key());
      next_ = cursor.key() + 1;
      continue;
    }
    const BlockView& block = cursor.block();
    // The records of a damaged or missing block before this one.
    lose_records(block.first() - 1);
    check_place(block);
    check_records(rows, earlier, block);
    hash_ = block.hash();
    before_ = block.stamp();
    knows_before_ = true;
    next_ = block.last() + 1;
    ++blocks_;
    if (block.last() == at_.state && knows_balances_) {
      state_at_ = StateHashes{hash_, hash_of_balances()};
    }
  }
  return next_ <= until_.sequence;
}

void Verifier::check_place(const BlockView& block) {
  const BlockStamp& stamp = block.stamp();
  const std::string name = name_of_block(block.first(), block.count());
  if (block.format() > format_) {
    problem(name + " has format " + std::to_string(block.format()) + ", the store says " +
            std::to_string(format_));
  }
  if (!knows_before_) {
    // Nothing to compare with. Totals go on from what this block says.
    totals_ = stamp.totals;
    return;
  }
  if (block.first() != next_) {
    // Records are missing in between, or appear twice.
    problem(name + " does not follow sequence " + std::to_string(next_ - 1));
    knows_balances_ = false;
  }
  if (stamp.previous != hash_) problem(name + " does not carry the hash of the block before it");
  if (stamp.time < before_.time) problem(name + " is older than the block before it");
  if (stamp.run_ms < before_.run_ms) problem(name + " has a smaller run clock than the one before");
  if (knows_balances_ && stamp.accounts_before != accounts_.size()) {
    problem(name + " counts " + std::to_string(stamp.accounts_before) + " accounts before it, " +
            std::to_string(accounts_.size()) + " were created");
  }
}

void Verifier::check_details(const ledger::Details& details, const std::string& name) {
  if (!is_transaction(record_.kind)) return problem(name + " is no transaction and has details");
  if (!details.balanced) return;
  WideAmount sum = 0;
  for (const Posting& posting : record_.postings) sum += posting.amount;
  if (sum != 0) problem(name + " is said to be balanced, and sums to " + ledger::to_text(sum));
}

void Verifier::check_records(const KeyValue& rows, BlockCursor& earlier, const BlockView& block) {
  const std::string name = name_of_block(block.first(), block.count());
  ChainTotals totals = totals_;
  OriginReader origins;
  for (std::uint32_t i = 0; i < block.count(); ++i) {
    if (!block.read_record(i, record_)) {
      problem(name + ": record " + std::to_string(block.first() + i) + " does not decode");
      // The other records of the block can still be read: each has its place in the block.
      knows_balances_ = false;
      index_.skip(block.first() + i, block.first() + i);
      catalog_.lose_record();
      seals_.lose_record();
      reversals_.lose_record();
      continue;
    }
    const bool has_extension = !record_.extension.empty();
    const auto origin = origins.take(record_.extension);
    const auto details = read_details(record_.extension);
    const auto named = [&] { return name + ": record " + std::to_string(record_.sequence); };
    if (!details) {
      problem(named() + " has fields that this program does not know");
    } else if (has_extension && !origin && has_origin(record_.extension)) {
      problem(named() + " names a caller that the block does not have");
    } else if (!details->empty()) {
      if (block.format() < kFormatOfCommands) problem(named() + " has details in an older block");
      check_details(*details, named());
    }
    const auto check_by = [&](auto& verifier, auto& from) {
      std::vector<std::string> found;
      verifier.check(from, record_, found);
      for (auto& text : found) problem(std::move(text));
    };
    ++records_;
    if (is_transaction(record_.kind)) {
      ++totals.transactions;
      for (const Posting& posting : record_.postings) totals.postings += posting.amount;
      check_policies(rows, record_);
      apply_transaction(record_);
      add_mentions(record_);
    } else if (record_.kind == RecordKind::seal) {
      if (block.format() < kFormatOfCommands) problem(named() + " is a seal in an older block");
      add_mentions(record_);
    } else {
      if (record_.kind == RecordKind::account) {
        totals.postings += record_.account.initial_balance;
        apply_account(record_);
      }
      check_by(catalog_, rows);
    }
    if (is_transaction(record_.kind)) check_by(reversals_, earlier);
    if (has_mentions(record_.kind) && !record_.key.empty()) check_by(seals_, rows);
    if (record_.ends_unit) end_unit(record_.sequence);
  }
  if (!record_.ends_unit) problem(name + " ends within a unit");
  const ChainTotals& stated = block.stamp().totals;
  // Behind a block that was lost there are no totals to add to.
  if (!knows_before_) return;
  if (stated.transactions != totals.transactions || stated.postings != totals.postings) {
    problem(name + " states other totals than its records make");
  }
  totals_ = stated;
}

// An account that a record names twice has the record once in its history.
void Verifier::add_mentions(const DecodedRecord& record) {
  if (record.kind == RecordKind::seal) {
    index_.add_link(link_text(LinkKind::seal, record.key), record.sequence);
    return index_.add_link(link_text(LinkKind::any_seal, {}), record.sequence);
  }
  mentioned_.clear();
  for (const Posting& posting : record.postings) mentioned_.push_back(posting.account);
  std::sort(mentioned_.begin(), mentioned_.end());
  mentioned_.erase(std::unique(mentioned_.begin(), mentioned_.end()), mentioned_.end());
  for (const auto account : mentioned_) index_.add(Index::history, {account, record.sequence});
  if (!record.key.empty()) index_.add(Index::keys, {key_hash(record.key), record.sequence});
  if (!record.reference.empty()) {
    index_.add_link(link_text(LinkKind::reference, record.reference), record.sequence);
  }
  if (const auto original = original_of(record)) {
    index_.add_link(link_text(LinkKind::reversal, sequence_text(original)), record.sequence);
  }
}

void Verifier::lose_records(Sequence last) {
  if (last < next_) return;
  index_.skip(next_, last);
  catalog_.lose_record();
  seals_.lose_record();
  reversals_.lose_record();
}

// A start applies only the records after the marker. So a page must hold all records of its
// accounts up to the marker.
void Verifier::check_freshness(AccountNumber number, AccountState& account, Sequence sequence) {
  const Checkpointed& page = account.checkpoint;
  if (!page.stands || account.is_stale || sequence <= page.sequence || sequence > marker_) return;
  account.is_stale = true;
  problem("the checkpointed balance of account number " + std::to_string(number) +
          " is that of sequence " + std::to_string(page.sequence) + ", but record " +
          std::to_string(sequence) + ", before the checkpoint at " + std::to_string(marker_) +
          ", changes it");
}

// The row is compared once, when the walk leaves the page's sequence.
void Verifier::compare_checkpoint(AccountNumber number, AccountState& account) {
  account.has_checkpoint = false;
  if (account.balance == account.checkpoint.balance) return;
  problem("the checkpointed balance of account number " + std::to_string(number) + " at sequence " +
          std::to_string(account.checkpoint.sequence) + " is " +
          std::to_string(account.checkpoint.balance) + ", its records make " +
          ledger::to_text(account.balance));
}

bool Verifier::read_derived(const KeyValue& rows, std::size_t count) {
  std::vector<std::string> found;
  // First the indexes, then the catalog: || reads the second only once the first has ended.
  const bool goes_on =
      index_.read(rows, count, found) || catalog_.read(rows, until_.sequence, count, found);
  for (auto& text : found) problem(std::move(text));
  return goes_on;
}

StoreResult<bool> Verifier::finish(const KeyValue& rows, const Medium& medium) {
  if (knows_balances_) {
    for (AccountNumber number = 0; number < accounts_.size(); ++number) {
      // Accounts that no record has changed since their page was written.
      AccountState& account = accounts_[number];
      if (account.has_checkpoint) compare_checkpoint(number, account);
      if (account.checkpoint.sequence > until_.sequence) {
        problem("the checkpointed balance of account number " + std::to_string(number) +
                " is past the chain's head");
      }
    }
    if (accounts_.size() != until_.accounts) problem("the head counts other accounts");
  }
  if (knows_before_ && hash_ != until_.hash) {
    problem("the chain's last block has hash " + to_hex(hash_) + ", its head was " +
            to_hex(until_.hash));
  }
  const auto indexed = read_meta(rows, kMetaIndexed);
  if (!indexed) return tl::unexpected(indexed.error());
  // Compare with the current head: groups that are younger than the start may be indexed already.
  const auto head = read_head(rows);
  if (head && *indexed > head->sequence) {
    problem("the index reaches sequence " + std::to_string(*indexed) + ", past the chain's end");
  }
  check_mark(medium);
  return true;
}

void Verifier::check_mark(const Medium& medium) {
  // The journal may be writing the mark at this moment, so a damaged one is read once more.
  std::optional<HighWaterMark> mark;
  for (int attempt = 0; attempt < 2 && !mark; ++attempt) {
    const auto bytes = medium.read_mark();
    if (!bytes) return problem("the high-water mark cannot be read: " + bytes.error().message);
    if (!*bytes) continue;
    mark = decode_mark(**bytes);
    // That of a member says how far its log reaches, which is not less than what is committed.
    if (const auto log = decode_log_mark(**bytes)) {
      mark = HighWaterMark{log->chain.sequence, log->chain.hash};
    }
  }
  if (!mark) return problem("the high-water mark is missing or fails its checksum");
  // It may be ahead: the chain has grown since the start.
  if (mark->sequence < until_.sequence) {
    return problem("the high-water mark is at sequence " + std::to_string(mark->sequence) +
                   ", behind the chain's head " + std::to_string(until_.sequence));
  }
  if (mark->sequence == until_.sequence && mark->hash != until_.hash) {
    problem("the high-water mark has another hash than the chain's head");
  }
}

VerifyProgress Verifier::progress() const {
  return {blocks_, records_, until_.sequence, index_.entries(), index_.entries_total()};
}

std::vector<Amount> Verifier::balances() const {
  std::vector<Amount> balances;
  balances.reserve(accounts_.size());
  for (const AccountState& account : accounts_) {
    balances.push_back(static_cast<Amount>(account.balance));
  }
  return balances;
}

BlockHash Verifier::hash_of_balances() const {
  std::string bytes(accounts_.size() * sizeof(Amount), '\0');
  char* to = bytes.data();
  for (const AccountState& account : accounts_) {
    to = put_fixed(to, static_cast<Amount>(account.balance));
  }
  return sha256(bytes);
}

VerifyReport Verifier::report() const {
  VerifyReport report;
  report.blocks = blocks_;
  report.records = records_;
  report.accounts = accounts_.size();
  report.sum_of_postings = totals_.postings;
  report.balances = balances();
  report.balances_at = balances_at_;
  report.state_at = state_at_;
  report.sequence = next_ - 1;
  report.head_hash = hash_;
  report.problems = problems_;
  return report;
}

}  // namespace sg::persistence
