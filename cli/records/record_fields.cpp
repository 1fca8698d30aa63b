// Each kind of line has fields that it needs and fields that it may have. A field that has no place
// there is refused, since an import would lose it.
#include "cli/records/record_fields.hpp"

#include <google/protobuf/unknown_field_set.h>

#include <algorithm>

#include "cli/records/field_reading.hpp"
#include "cli/session/arguments.hpp"

namespace sg::cli {
namespace {

namespace wire = scalegraph::ledger;

// The bounds of the ledger, which checks them again.
constexpr std::size_t kMaxEntries = 4096;
constexpr std::size_t kMaxReferenceBytes = 1024;

constexpr std::array<std::string_view, kFields> kNames = {"format",
                                                          "version",
                                                          "ledger",
                                                          "from_sequence",
                                                          "after",
                                                          "sequence",
                                                          "time",
                                                          "kind",
                                                          "id",
                                                          "with_next",
                                                          "reference",
                                                          "key",
                                                          "name",
                                                          "role",
                                                          "participant",
                                                          "type",
                                                          "initial_balance",
                                                          "floor",
                                                          "effective_at",
                                                          "balanced",
                                                          "unique_reference",
                                                          "reverses",
                                                          "ceiling",
                                                          "clear_ceiling",
                                                          "debits_frozen",
                                                          "credits_frozen",
                                                          "status",
                                                          "sweep_to",
                                                          "allow_beyond",
                                                          "note",
                                                          "require_balanced",
                                                          "account"};

void read_participant(const RecordFields& fields, Reading& in, wire::Participant& to) {
  in.only("a participant",
          {Field::sequence, Field::time, Field::kind, Field::id, Field::name, Field::role});
  in.no_lists("a participant", true);
  in.id(fields[Field::id], "id");
  to.set_id(fields[Field::id]);
  to.set_name(fields[Field::name]);
  if (const auto wrong = wrong_name(to.name())) in.refuse("name " + *wrong);
  to.set_role(in.parsed(Field::role, parse_role));
  in.metadata(*to.mutable_metadata());
}

void read_account(const RecordFields& fields, Reading& in, wire::Account& to) {
  in.only("an account", {Field::sequence, Field::time, Field::kind, Field::id, Field::participant,
                         Field::type, Field::initial_balance, Field::floor, Field::ceiling});
  in.no_lists("an account", true);
  in.id(fields[Field::id], "id");
  to.set_id(fields[Field::id]);
  to.set_participant_id(fields[Field::participant]);
  to.set_account_type(in.parsed(Field::type, parse_account_type));
  if (to.participant_id().empty()) {
    if (to.account_type() != wire::STANDALONE) {
      in.refuse("an account without a participant has the type STANDALONE");
    }
  } else {
    in.id(to.participant_id(), "participant");
    const auto begin = to.participant_id() + ':';
    if (!to.id().starts_with(begin) || to.id().size() == begin.size()) {
      in.refuse("the id of this account of a participant has to begin with " +
                Reading::quoted(begin));
    }
  }
  to.set_balance(in.integer<std::int64_t>(Field::initial_balance));
  to.set_floor(in.integer<std::int64_t>(Field::floor));
  if (to.balance() < 0) in.refuse("initial_balance is negative");
  if (to.floor() > to.balance()) in.refuse("floor is above initial_balance");
  if (!fields[Field::ceiling].empty()) {
    to.set_ceiling(in.integer<std::int64_t>(Field::ceiling));
    if (to.ceiling() < to.balance()) in.refuse("ceiling is below initial_balance");
  }
  in.metadata(*to.mutable_metadata());
}

std::string read_seal(const RecordFields& fields, Reading& in) {
  in.only("a seal", {Field::sequence, Field::time, Field::kind, Field::key});
  in.no_lists("a seal", false);
  in.id(fields[Field::key], "key");
  return fields[Field::key];
}

// What the ledger would say of it otherwise is told by the ledger.
void read_policy(const RecordFields& fields, Reading& in, wire::PolicyAction& to) {
  const auto has = [&fields](Field field) { return !fields[field].empty(); };
  to.set_account_id(fields[Field::account]);
  if (has(Field::account)) in.id(fields[Field::account], "account");
  if (has(Field::floor)) to.set_floor(in.integer<std::int64_t>(Field::floor));
  if (has(Field::ceiling)) to.set_ceiling(in.integer<std::int64_t>(Field::ceiling));
  to.set_clear_ceiling(in.flag(Field::clear_ceiling));
  if (has(Field::debits_frozen)) to.set_debits_frozen(in.flag(Field::debits_frozen));
  if (has(Field::credits_frozen)) to.set_credits_frozen(in.flag(Field::credits_frozen));
  if (has(Field::status)) to.set_status(in.parsed(Field::status, parse_account_status));
  to.set_sweep_to(fields[Field::sweep_to]);
  if (has(Field::sweep_to)) in.id(fields[Field::sweep_to], "sweep_to");
  to.set_allow_beyond(in.flag(Field::allow_beyond));
  to.set_note(fields[Field::note]);
  if (wrong_name(to.note())) in.refuse("note is over 1 KiB or not valid UTF-8");
  if (has(Field::require_balanced)) to.set_require_balanced(in.flag(Field::require_balanced));
}

constexpr std::array kPolicyFields = {
    Field::account,       Field::floor,          Field::ceiling,         Field::clear_ceiling,
    Field::debits_frozen, Field::credits_frozen, Field::status,          Field::sweep_to,
    Field::allow_beyond,  Field::note,           Field::require_balanced};

bool sums_to_zero(const wire::Transaction& transaction) {
  __extension__ using Sum = __int128;
  Sum sum = 0;
  for (const auto& entry : transaction.entries()) sum += entry.amount();
  return sum == 0;
}

void read_transaction(const RecordFields& fields, Reading& in, Record& record) {
  in.only(
      "a transaction",
      {Field::sequence, Field::time, Field::kind, Field::id, Field::with_next, Field::reference,
       Field::key, Field::effective_at, Field::balanced, Field::unique_reference, Field::reverses,
       // Of a policy only, as is checked below.
       Field::account, Field::floor, Field::ceiling, Field::clear_ceiling, Field::debits_frozen,
       Field::credits_frozen, Field::status, Field::sweep_to, Field::allow_beyond, Field::note,
       Field::require_balanced});
  auto& to = *record.mutable_transaction();
  to.set_type(fields[Field::kind]);
  const bool is_policy = to.type() == kPolicyKind;
  if (is_policy) {
    read_policy(fields, in, *record.mutable_policy());
  } else {
    for (const auto field : kPolicyFields) {
      if (!fields[field].empty()) {
        in.refuse("only a policy has the field " + std::string(name_of(field)));
      }
    }
  }
  to.set_id(fields[Field::id]);
  to.set_timestamp(record.time());
  to.set_reference(fields[Field::reference]);
  record.set_idempotency_key(fields[Field::key]);
  if (to.reference().size() > kMaxReferenceBytes) in.refuse("reference is over 1 KiB");
  if (wrong_name(to.reference())) in.refuse("reference is not valid UTF-8");
  if (!to.id().empty()) in.id(to.id(), "id");
  if (!record.idempotency_key().empty()) in.id(record.idempotency_key(), "key");
  in.metadata(*to.mutable_metadata());
  if (!fields[Field::effective_at].empty()) {
    to.set_effective_at(in.integer<std::int64_t>(Field::effective_at));
  }
  record.set_balanced(in.flag(Field::balanced));
  record.set_unique_reference(in.flag(Field::unique_reference));
  record.set_with_next(in.flag(Field::with_next));
  if (to.type() == kReversalKind) {
    record.set_reverses_sequence(in.integer<std::uint64_t>(Field::reverses));
    if (in.is_good() &&
        (record.reverses_sequence() == 0 || record.reverses_sequence() >= record.sequence())) {
      in.refuse("reverses has to be the sequence of a transaction before this one");
    }
  } else if (!fields[Field::reverses].empty()) {
    in.refuse("only a reversal has the field reverses");
  }
  if (fields.entries.empty() && !is_policy) in.refuse("a transaction has to have entries");
  if (fields.entries.size() > kMaxEntries) in.refuse("there are over 4096 entries");
  for (const auto& entry : fields.entries) {
    if (!in.is_good()) return;
    in.id(entry.account, "the account of an entry");
    auto& added = *to.add_entries();
    added.set_account_id(entry.account);
    added.set_amount(in.integer<std::int64_t>(entry.amount, "the amount of an entry"));
    if (added.amount() == 0) in.refuse("the amount of an entry is 0");
  }
  const bool is_credit = to.type() == "credit";
  if ((is_credit || to.type() == "debit") &&
      (to.entries_size() != 1 || (to.entries(0).amount() > 0) != is_credit)) {
    in.refuse(is_credit ? "a credit has one entry, with an amount above 0"
                        : "a debit has one entry, with an amount below 0");
  }
  if (record.balanced() && !sums_to_zero(to)) {
    in.refuse("balanced is true, and the entries do not sum to zero");
  }
  if (record.unique_reference() && to.reference().empty()) {
    in.refuse("unique_reference is true, and there is no reference");
  }
}

}  // namespace

std::string_view name_of(Field field) { return kNames[static_cast<std::size_t>(field)]; }

void RecordFields::clear() {
  for (auto& text : texts) text.clear();
  entries.clear();
  metadata.clear();
}

bool has_unknown_fields(const google::protobuf::Message& message) {
  return !message.GetReflection()->GetUnknownFields(message).empty();
}

bool is_known(const Record& record) {
  if (has_unknown_fields(record)) return false;
  switch (record.record_case()) {
    case Record::kParticipant:
      return !has_unknown_fields(record.participant()) &&
             wire::ParticipantRole_IsValid(record.participant().role());
    case Record::kAccount:
      return !has_unknown_fields(record.account()) &&
             wire::AccountType_IsValid(record.account().account_type());
    case Record::kTransaction: {
      const auto& transaction = record.transaction();
      const bool has_type = transaction.type() == kTransferKind || transaction.type() == "credit" ||
                            transaction.type() == "debit" || transaction.type() == kReversalKind ||
                            transaction.type() == kPolicyKind;
      return has_type && !has_unknown_fields(record.policy()) && !has_unknown_fields(transaction) &&
             std::ranges::none_of(transaction.entries(), has_unknown_fields);
    }
    case Record::kSealedKey:
      return true;
    case Record::RECORD_NOT_SET:
      break;
  }
  return false;
}

std::int64_t imported_effective_at(const Record& record) {
  const auto said = record.transaction().effective_at();
  return said != 0 ? said : record.time();
}

namespace {

void add_policy(const wire::PolicyAction& from, RecordFields& fields) {
  const auto text = [](bool value) { return std::string(value ? "true" : "false"); };
  fields[Field::account] = from.account_id();
  if (from.has_floor()) fields[Field::floor] = std::to_string(from.floor());
  if (from.has_ceiling()) fields[Field::ceiling] = std::to_string(from.ceiling());
  if (from.clear_ceiling()) fields[Field::clear_ceiling] = text(true);
  if (from.has_debits_frozen()) fields[Field::debits_frozen] = text(from.debits_frozen());
  if (from.has_credits_frozen()) fields[Field::credits_frozen] = text(from.credits_frozen());
  if (from.status() != wire::ACCOUNT_STATUS_UNSPECIFIED) {
    fields[Field::status] = wire::AccountStatus_Name(from.status());
  }
  fields[Field::sweep_to] = from.sweep_to();
  if (from.allow_beyond()) fields[Field::allow_beyond] = text(true);
  fields[Field::note] = from.note();
  if (from.has_require_balanced()) fields[Field::require_balanced] = text(from.require_balanced());
}

}  // namespace

RecordFields to_fields(const Record& record) {
  RecordFields fields;
  fields[Field::sequence] = std::to_string(record.sequence());
  fields[Field::time] = std::to_string(record.time());
  if (record.has_participant()) {
    const auto& from = record.participant();
    fields[Field::kind] = "participant";
    fields[Field::id] = from.id();
    fields[Field::name] = from.name();
    fields[Field::role] = wire::ParticipantRole_Name(from.role());
    fields.metadata.insert(from.metadata().begin(), from.metadata().end());
  } else if (record.has_account()) {
    const auto& from = record.account();
    fields[Field::kind] = "account";
    fields[Field::id] = from.id();
    fields[Field::participant] = from.participant_id();
    fields[Field::type] = wire::AccountType_Name(from.account_type());
    fields[Field::initial_balance] = std::to_string(from.balance());
    fields[Field::floor] = std::to_string(from.floor());
    if (from.has_ceiling()) fields[Field::ceiling] = std::to_string(from.ceiling());
    fields.metadata.insert(from.metadata().begin(), from.metadata().end());
  } else if (record.has_sealed_key()) {
    fields[Field::kind] = kSealKind;
    fields[Field::key] = record.sealed_key();
  } else {
    const auto& from = record.transaction();
    fields[Field::kind] = from.type();
    fields[Field::id] = from.id();
    fields[Field::reference] = from.reference();
    fields[Field::key] = record.idempotency_key();
    if (record.with_next()) fields[Field::with_next] = "true";
    if (from.effective_at() != 0) {
      fields[Field::effective_at] = std::to_string(from.effective_at());
    }
    if (record.balanced()) fields[Field::balanced] = "true";
    if (record.unique_reference()) fields[Field::unique_reference] = "true";
    if (record.reverses_sequence() != 0) {
      fields[Field::reverses] = std::to_string(record.reverses_sequence());
    }
    if (record.has_policy()) add_policy(record.policy(), fields);
    fields.metadata.insert(from.metadata().begin(), from.metadata().end());
    fields.entries.reserve(static_cast<std::size_t>(from.entries_size()));
    for (const auto& entry : from.entries()) {
      fields.entries.push_back({entry.account_id(), std::to_string(entry.amount())});
    }
  }
  return fields;
}

tl::expected<Record, std::string> to_record(const RecordFields& fields) {
  Record record;
  Reading in(fields);
  record.set_sequence(in.integer<std::uint64_t>(Field::sequence));
  if (in.is_good() && record.sequence() == 0) in.refuse("sequence is 0, and the first one is 1");
  record.set_time(in.integer<std::int64_t>(Field::time));
  const auto& kind = in.needed(Field::kind);
  if (!in.is_good()) return tl::unexpected(in.error());
  if (kind == "participant") {
    read_participant(fields, in, *record.mutable_participant());
    record.mutable_participant()->set_created_at(record.time());
  } else if (kind == "account") {
    read_account(fields, in, *record.mutable_account());
    record.mutable_account()->set_created_at(record.time());
  } else if (kind == kTransferKind || kind == "credit" || kind == "debit" ||
             kind == kReversalKind || kind == kPolicyKind) {
    read_transaction(fields, in, record);
  } else if (kind == kSealKind) {
    record.set_sealed_key(read_seal(fields, in));
  } else {
    in.refuse(
        "kind is " + Reading::quoted(kind) +
        " and has to be participant, account, transfer, credit, debit, reversal, policy, seal or "
        "end");
  }
  if (!in.is_good()) return tl::unexpected(in.error());
  return record;
}

tl::expected<ExportHeader, std::string> to_header(const RecordFields& fields) {
  Reading in(fields);
  if (fields[Field::format] != kExportFormat) {
    return tl::unexpected("an export begins with the format " + std::string(kExportFormat));
  }
  if (fields[Field::version] != kExportVersion) {
    return tl::unexpected("it has version " + Reading::quoted(fields[Field::version]) +
                          ", and this program reads version " + std::string(kExportVersion));
  }
  in.only("the first line",
          {Field::format, Field::version, Field::ledger, Field::from_sequence, Field::after});
  in.no_lists("the first line", false);
  ExportHeader header;
  header.ledger = fields[Field::ledger];
  header.from_sequence = in.integer<std::uint64_t>(Field::from_sequence);
  header.after = in.integer<std::uint64_t>(Field::after);
  constexpr std::size_t kMaxLedgerChars = 64;
  const bool is_hex = std::ranges::all_of(
      header.ledger, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (header.ledger.size() > kMaxLedgerChars || !is_hex) {
    in.refuse("ledger has to be hexadecimal, of at most 64 digits");
  }
  if (in.is_good() && header.from_sequence == 0) in.refuse("from_sequence is 0");
  if (in.is_good() && header.after >= header.from_sequence) {
    in.refuse("after has to be below from_sequence");
  }
  if (!in.is_good()) return tl::unexpected(in.error());
  return header;
}

tl::expected<std::uint64_t, std::string> to_end(const RecordFields& fields) {
  Reading in(fields);
  in.only("the last line", {Field::kind, Field::sequence});
  in.no_lists("the last line", false);
  const auto last = in.integer<std::uint64_t>(Field::sequence);
  if (!in.is_good()) return tl::unexpected(in.error());
  return last;
}

}  // namespace sg::cli
