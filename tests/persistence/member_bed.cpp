#include "member_bed.hpp"

#include "persistence/rocks/directory_medium.hpp"

namespace sg::persistence::test {

MemberBed::MemberBed(Backend backend, Level level) : backend_(backend), disk_(make_memory_disk()) {
  succeeded(found_group(*medium(), options_, 1, "founders", level));
  disk_->disown();
  open();
}

std::unique_ptr<Medium> MemberBed::medium() {
  return backend_ == Backend::memory ? make_memory_medium(disk_)
                                     : make_directory_medium(directory(), options_);
}

StoreResult<std::unique_ptr<MemberStore>> MemberBed::try_open() {
  auto store = std::make_unique<MemberStore>(medium(), options_, known);
  if (auto opened = store->reopen(); !opened) return tl::unexpected(opened.error());
  store->set_proposer([this](std::vector<SealedBlock> blocks) {
    if (!leads) return false;
    for (auto& block : blocks) proposed.push_back(std::move(block));
    return true;
  });
  return store;
}

void MemberBed::open() {
  close();
  disk_->disown();
  store_ = value_of(try_open());
}

std::shared_ptr<MemberBed::Told> MemberBed::append(Group group) {
  auto told = std::make_shared<Told>();
  const auto result = store_->append(std::move(group), [told](const StoreResult<void>& later) {
    told->is_told = true;
    told->is_durable = later.has_value();
  });
  if (result) {
    told->is_told = true;
    told->is_durable = result->has_value();
  }
  return told;
}

std::shared_ptr<MemberBed::Told> MemberBed::transfer(const TransferSpec& transfer) {
  Group group = store_->begin_group(now, run_ms);
  group.add(transfer.record());
  group.end_unit();
  return append(std::move(group));
}

std::shared_ptr<MemberBed::Told> MemberBed::create_account(const std::string& id, Amount initial) {
  Group group = store_->begin_group(now, run_ms);
  ledger::NewAccount wanted;
  wanted.id = id;
  wanted.initial_balance = initial;
  group.add(wanted);
  group.end_unit();
  return append(std::move(group));
}

NewEntry MemberBed::next_entry(LogTerm term, LogIndex index) {
  SealedBlock sealed = std::move(proposed.front());
  proposed.pop_front();
  return {index, {term, 0, std::move(sealed.place)}, std::move(sealed.block)};
}

StoreResult<void> MemberBed::write(LogTerm term) {
  LogAppend step{{}, {term, 1}, store_->log().applied().index};
  LogIndex index = store_->log().last_index();
  while (!proposed.empty()) step.entries.push_back(next_entry(term, ++index));
  return store_->write(step);
}

StoreResult<void> MemberBed::commit(LogIndex index) {
  const auto rows = value_of(store_->read_log(index, index + 1, 0));
  if (auto done = store_->commit(index, rows.front().term, {}); !done) {
    return tl::unexpected(done.error());
  }
  return {};
}

StoreResult<void> MemberBed::write_level(LogTerm term, Level level) {
  const LogIndex index = store_->log().last_index() + 1;
  return store_->write({{{index, {term, 0, encode_level(level)}, nullptr}}, {term, 1}, 0});
}

StoreResult<void> MemberBed::write_empty(LogTerm term) {
  const LogIndex index = store_->log().last_index() + 1;
  return store_->write({{{index, {term, 0, {}}, nullptr}}, {term, 1}, 0});
}

}  // namespace sg::persistence::test
