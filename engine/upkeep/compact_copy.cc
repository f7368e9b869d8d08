#include "engine/upkeep/compact_copy.h"

#include <map>

#include <fmt/format.h>

#include "engine/txn/database_access.h"
#include "engine/txn/table_options.h"
#include "engine/txn/write_state.h"
#include "engine/upkeep/arrival_order.h"
#include "engine/upkeep/build_environment.h"
#include "engine/upkeep/pinned_state.h"
#include "engine/upkeep/table_copy.h"

namespace kist::engine {
namespace {

/// Fills a new environment.
class Rebuild {
 public:
  Rebuild(PinnedState& state, const Database& to, Pace& pace)
      : snapshot_(state.snapshot),
        slot_(state.slot),
        from_(*state.snapshot.environment),
        to_(to),
        pace_(pace),
        arrival_(from_.page_size) {}

  Result<void> run() {
    KIST_ASSIGN(WriteTxn txn, to_.write());
    KIST_ASSIGN(Snapshot * written, TxnAccess::snapshot(txn));
    written->write->trim = Trim::kAll;
    KIST_ASSIGN(const std::vector<std::string> names, table_names());
    KIST_TRY(carry_over(slot_, txn));
    KIST_TRY(copy(txn, {}, {}));
    for (const std::string& name : names) {
      KIST_ASSIGN(const Table here, from_.intern(name));
      KIST_ASSIGN(const Table there, to_.table(name));
      KIST_TRY(copy(txn, here, there));
    }
    KIST_TRY(txn.commit(Durability::kDurable));
    return {};
  }

 private:
  Result<std::vector<std::string>> table_names() {
    std::vector<std::string> names;
    TableRead catalog(snapshot_.view, snapshot_.catalog.root, {});
    for (;;) {
      KIST_ASSIGN(const bool more, catalog.next());
      if (!more) return names;
      KIST_ASSIGN(const Record record, catalog.record());
      names.push_back(to_string(record.key));
    }
  }

  Result<void> copy(WriteTxn& txn, Table here, Table there) {
    KIST_ASSIGN(const TableState* found, snapshot_.existing(here));
    const TableState state = *found;
    const TableOptions options = options_of(state);
    bool by_arrival = false;
    for (const std::string& name : {options.key_comparator, options.value_comparator}) {
      if (name.empty()) continue;
      KIST_ASSIGN(const bool stands_in, know(name));
      by_arrival |= stands_in;
    }
    if (there.index() != 0) KIST_TRY(txn.create_table(there, options));
    if (state.record.sequence != 0) KIST_TRY(txn.advance_sequence(there, state.record.sequence));
    std::function<void(const Record&)> told;
    if (by_arrival) told = [this](const Record& record) { arrival_.arrives(record); };
    TableRead read(snapshot_.view, state.record.root, {state.shape, state.values});
    TableAppend append(txn, there, told);
    KIST_ASSIGN(const std::uint64_t copied, copy_records(read, append, pace_));
    KIST_ASSIGN(const std::uint64_t stored, txn.count(there));
    if (copied == stored && copied == state.record.root.count) return {};
    return fail(ErrorCode::kDamaged,
                fmt::format("{}: table '{}' has {} records, {} were found, and {} are different",
                            from_.path, from_.table_name(here.index()), state.record.root.count,
                            copied, stored));
  }

  /// Makes a comparator known to the new environment. Whether it is a stand-in.
  Result<bool> know(const std::string& name) {
    const auto known = comparators_.find(name);
    if (known != comparators_.end()) return known->second;
    const Comparator* registered = from_.comparators.find(name);
    KIST_TRY(
        to_.register_comparator(name, registered != nullptr ? *registered : arrival_.comparator()));
    return comparators_[name] = registered == nullptr;
  }

  Snapshot& snapshot_;
  const MetaSlot& slot_;
  Environment& from_;
  const Database& to_;
  Pace& pace_;
  ArrivalOrder arrival_;
  std::map<std::string, bool> comparators_;  // those that the new environment has: stand-ins?
};

}  // namespace

Result<BackupReport> compact_copy(const Database& database, const std::string& path,
                                  const BackupOptions& options) {
  KIST_ASSIGN(auto environment, DatabaseAccess::environment(database));
  KIST_ASSIGN(const auto state, pin_newest_state(std::move(environment)));
  const Environment& from = state->environment();
  BackupReport report;
  report.point = point_of(state->slot);
  Pace pace(options.progress, options.bytes_per_second);
  std::uint64_t records = state->slot.main.root.count;
  TableRead catalog(state->snapshot.view, state->snapshot.catalog.root, {});
  for (;;) {
    KIST_ASSIGN(const bool more, catalog.next());
    if (!more) break;
    KIST_ASSIGN(const Record record, catalog.record());
    if (const auto table = decode_table_record(record.value)) records += table->root.count;
  }
  pace.expect(records);

  Options created;
  created.page_size = from.page_size;
  created.file_mode = options.file_mode;
  created.durability = Durability::kRelaxed;
  created.transaction_memory = std::uint64_t{64} << 20;
  created.observer = from.options.observer;
  const auto fill = [&](const Database& to) -> Result<void> {
    KIST_TRY(Rebuild(*state, to, pace).run());
    KIST_ASSIGN(const EnvironmentStats stats, to.stats());
    report.bytes = stats.file_pages * stats.page_size;
    report.pages = stats.file_pages - stats.free_pages - stats.pending_pages;
    return {};
  };
  KIST_TRY(build_environment(path, created, fill));
  return report;
}

}  // namespace kist::engine
