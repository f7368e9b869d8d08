// Everything as text: engine/docs/dump.md.

#include <fmt/format.h>

#include <kist/engine/dump.h>

#include "engine/txn/database_access.h"
#include "engine/txn/table_options.h"
#include "engine/upkeep/dump_text.h"
#include "engine/upkeep/pinned_state.h"
#include "engine/upkeep/table_copy.h"

namespace kist::engine {
namespace {

class Dumper {
 public:
  Dumper(PinnedState& state, const ByteSink& sink, const ProgressCallback& progress)
      : snapshot_(state.snapshot), slot_(state.slot), out_(sink), pace_(progress, 0) {}

  Result<DumpReport> run() {
    report_.transaction = slot_.id;
    KIST_ASSIGN(const auto tables, all_tables());
    std::uint64_t records = 0;
    for (const auto& [name, table] : tables) records += table.record.root.count;
    pace_.expect(records);
    KIST_TRY(out_.line(kDumpTitle, std::to_string(kDumpVersion)));
    KIST_TRY(out_.line("page-size ", std::to_string(slot_.page_size)));
    KIST_TRY(environment());
    for (const auto& [name, table] : tables) KIST_TRY(dump(name, table));
    KIST_TRY(out_.finish());
    return report_;
  }

 private:
  Result<std::vector<std::pair<std::string, TableState>>> all_tables() {
    std::vector<std::pair<std::string, TableState>> tables;
    tables.emplace_back(std::string(), snapshot_.tables[0]);
    TableRead catalog(snapshot_.view, snapshot_.catalog.root, {});
    for (;;) {
      KIST_ASSIGN(const bool more, catalog.next());
      if (!more) return tables;
      KIST_ASSIGN(const Record record, catalog.record());
      KIST_ASSIGN(const Table table, snapshot_.environment->intern(as_text(record.key)));
      KIST_ASSIGN(const TableState* state, snapshot_.existing(table));
      tables.emplace_back(to_string(record.key), *state);
    }
  }

  /// What the user says of the whole.
  Result<void> environment() {
    if (slot_.domain_version != 0) {
      KIST_TRY(out_.line("domain-version ", std::to_string(slot_.domain_version)));
    }
    if (slot_.markers != decltype(slot_.markers){}) {
      KIST_TRY(out_.line("markers ", fmt::format("{} {} {}", slot_.markers[0], slot_.markers[1],
                                                 slot_.markers[2])));
    }
    const Metadata& metadata = slot_.metadata;
    if (metadata.size == 0) return {};
    return out_.escaped("metadata ", Bytes(metadata.bytes).first(metadata.size));
  }

  Result<void> dump(const std::string& name, const TableState& table) {
    ++report_.tables;
    const TableOptions options = options_of(table);
    KIST_TRY(out_.line("table"));
    if (!name.empty()) KIST_TRY(out_.escaped("name ", as_bytes(name)));
    KIST_TRY(out_.line("key-order ", order_word(options.key_order)));
    if (!options.key_comparator.empty()) {
      KIST_TRY(out_.escaped("key-comparator ", as_bytes(options.key_comparator)));
    }
    if (options.multi) {
      KIST_TRY(out_.line("multi"));
      KIST_TRY(out_.line("value-order ", order_word(options.value_order)));
      if (!options.value_comparator.empty()) {
        KIST_TRY(out_.escaped("value-comparator ", as_bytes(options.value_comparator)));
      }
      if (options.value_size != 0) {
        KIST_TRY(out_.line("value-size ", std::to_string(options.value_size)));
      }
    }
    if (table.record.sequence != 0) {
      KIST_TRY(out_.line("sequence ", std::to_string(table.record.sequence)));
    }
    KIST_TRY(out_.line("records ", std::to_string(table.record.root.count)));
    return records(table);
  }

  Result<void> records(const TableState& table) {
    TableRead read(snapshot_.view, table.record.root, {table.shape, table.values});
    std::string key;
    for (std::uint64_t number = 0;; ++number) {
      KIST_ASSIGN(const bool more, read.next());
      if (!more) break;
      KIST_ASSIGN(const Record record, read.record());
      // The values of one key stand behind each other.
      if (number == 0 || !table.record.multi || as_text(record.key) != key) {
        KIST_TRY(out_.escaped(" ", record.key));
        key = to_string(record.key);
      }
      KIST_TRY(value(record.value));
      ++report_.records;
      KIST_TRY(pace_.report(1, record.key.size() + record.value.size()));
    }
    return out_.line("end");
  }

  Result<void> value(Bytes value) {
    if (value.size() <= kDumpPart) return out_.escaped("=", value);
    KIST_TRY(out_.line("#", std::to_string(value.size())));
    for (; !value.empty(); value = value.subspan(std::min(value.size(), kDumpPart))) {
      KIST_TRY(out_.escaped("+", value.first(std::min(value.size(), kDumpPart))));
    }
    return {};
  }

  Snapshot& snapshot_;
  const MetaSlot& slot_;
  DumpWriter out_;
  Pace pace_;
  DumpReport report_;
};

}  // namespace

Result<DumpReport> dump(const Database& database, const ByteSink& sink,
                        const ProgressCallback& progress) {
  KIST_ASSIGN(auto environment, DatabaseAccess::environment(database));
  KIST_ASSIGN(const auto state, pin_newest_state(std::move(environment)));
  return Dumper(*state, sink, progress).run();
}

}  // namespace kist::engine
