#include "bed.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "persistence/rocks/directory_medium.hpp"

namespace sg::persistence::test {

std::ostream& operator<<(std::ostream& out, Backend backend) {
  return out << (backend == Backend::memory ? "memory" : "rocksdb");
}

TransferRecord TransferSpec::record() const {
  return {kind, postings, reference, key, key_hash(key)};
}

Bed::Bed(Backend backend, StoreOptions options)
    : backend_(backend), options_(options), disk_(make_memory_disk()) {
  open();
}

StoreResult<std::unique_ptr<Store>> Bed::try_open() {
  return backend_ == Backend::memory ? open_memory_store(disk_, options_)
                                     : open_store(directory(), options_);
}

void Bed::open() {
  close();
  store_ = value_of(try_open());
}

void Bed::append(Group group) {
  const Sequence last = group.last_sequence();
  succeeded(store_->append_now(std::move(group)));
  REQUIRE(store_->durable() == last);
}

ledger::Account Bed::create_account(const std::string& id, Amount initial, Amount floor) {
  Group group = store_->begin_group(now, run_ms);
  ledger::NewAccount wanted;
  wanted.id = id;
  wanted.initial_balance = initial;
  wanted.floor = floor;
  auto created = group.add(wanted);
  group.end_unit();
  append(std::move(group));
  return created;
}

Sequence Bed::transfer(const TransferSpec& transfer) { return transfers({transfer}).front(); }

std::vector<Sequence> Bed::transfers(const std::vector<TransferSpec>& all) {
  Group group = store_->begin_group(now, run_ms);
  std::vector<Sequence> sequences;
  for (const auto& one : all) {
    sequences.push_back(group.add(one.record()));
    group.end_unit();
  }
  append(std::move(group));
  return sequences;
}

void Bed::index_all() {
  while (value_of(store_->index_some(true))) {
  }
  REQUIRE(store_->unindexed() == 0);
}

std::vector<Sequence> found_by_hand(const std::vector<Mention>& mentions, Term term,
                                    const MentionRange& range) {
  std::vector<Sequence> found;
  for (const auto& mention : mentions) {
    if (mention.term == term && mention.sequence >= range.first &&
        mention.sequence < range.before) {
      found.push_back(mention.sequence);
    }
  }
  std::sort(found.begin(), found.end(), std::greater<>());
  if (found.size() > range.limit) found.resize(range.limit);
  return found;
}

std::vector<std::pair<std::string, std::string>> files_under(
    const std::filesystem::path& directory) {
  std::vector<std::pair<std::string, std::string>> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    const auto path = entry.path().lexically_relative(directory).string();
    if (path == "lock") continue;
    std::string bytes = "directory";
    if (entry.is_regular_file()) {
      std::ifstream in(entry.path(), std::ios::binary);
      bytes.assign(std::istreambuf_iterator<char>(in), {});
    }
    files.emplace_back(path, std::move(bytes));
  }
  std::sort(files.begin(), files.end());
  return files;
}

void edit_rows(const std::filesystem::path& store, const std::function<void(KeyValue&)>& edit) {
  const auto medium = make_directory_medium(store, {});
  succeeded(medium->prepare(Access::read_write));
  const auto rows = value_of(medium->open(Access::read_write));
  edit(*rows);
}

void put(KeyValue& rows, Family family, std::string_view key, std::string_view value) {
  const auto batch = rows.new_batch();
  batch->put(family, key, value);
  succeeded(rows.write(*batch, true));
}

}  // namespace sg::persistence::test
