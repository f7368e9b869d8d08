#include "tests/model/world.h"

#include <algorithm>
#include <cstdio>
#include <iterator>

namespace kist::test::model {

using engine::as_bytes;
using engine::CountOf;
using engine::Table;

std::string printable(std::string_view bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string result;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7F) {
      result += c;
    } else {
      result += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return result;
}

std::string show(std::string_view bytes) {
  static constexpr std::size_t kShown = 40;
  if (bytes.size() <= kShown) return "'" + printable(bytes) + "'";
  return "'" + printable(bytes.substr(0, kShown / 2)) + "'...'" +
         printable(bytes.substr(bytes.size() - kShown / 2)) + "' (" + std::to_string(bytes.size()) +
         " bytes)";
}

const std::vector<std::string>& table_names() {
  static const std::vector<std::string> kNames{"one",  "two",  std::string("a\0b", 3),
                                               "four", "five", "the sixth"};
  return kNames;
}

std::ostream& operator<<(std::ostream& out, const Figures& figures) {
  return out << figures.operations << " operations in " << figures.transactions
             << " transactions and " << figures.rounds << " rounds, " << figures.checks
             << " checks, " << figures.compared << " records compared, deepest tree "
             << figures.deepest << " levels, stores of up to " << figures.largest
             << " and on average "
             << figures.sum_of_sizes / std::max<std::uint64_t>(figures.transactions, 1)
             << " records";
}

World::World(std::string file, const RoundOptions& options, Figures& totals)
    : path(std::move(file)),
      round(options),
      figures(totals),
      random(options.seed),
      words(random, options.page_size) {
  // Stores of some pages and of some thousand records, transactions of a few and of many calls.
  most_records = std::uint64_t{10} << random.below(page_size_allows_many() ? 10 : 7);
  mean_transaction = std::uint64_t{3} << random.below(8);
  transaction_memory_ = random.one_in(3) ? 1 : std::uint64_t{64} << 20;
  committed.create("", TableModel(heap_, round.page_size, {}, words.style()));
  open();
}

bool World::page_size_allows_many() const {
  return round.page_size <= 4096;
}

void World::open() {
  call("open", path, round.page_size, transaction_memory_);
  database = std::make_unique<engine::Database>(must(engine::Database::open(
      path, {.page_size = round.page_size, .transaction_memory = transaction_memory_})));
  if (random.one_in(3)) miss_comparators();
  register_comparators();
  const engine::ReadTxn txn = must(database->read());
  if (newest_id != 0) require(txn.id() == newest_id, "opening changed the newest id");
  newest_id = txn.id();
}

void World::miss_comparators() {
  call("use of tables whose comparators are missing");
  const engine::ReadTxn txn = must(database->read());
  for (const auto& [name, table] : committed.tables()) {
    const bool custom = table->options().key_order == engine::Order::kCustom;
    const Result<std::optional<engine::Bytes>> value = txn.get(handle(name), as_bytes("key"));
    if (custom) refused(value, ErrorCode::kNoComparator);
    same(txn.exists(handle(name)), true);
  }
  check();
}

void World::register_comparators() {
  for (const auto& [name, compare] : comparators()) {
    call("register_comparator", name);
    must(database->register_comparator(name, compare));
  }
}

void World::reopen() {
  readers.clear();
  if (random.one_in(2)) {
    call("close");
    must(database->close());
  }
  database.reset();
  open();
  check();
}

Table World::handle(const std::string& table) {
  return table.empty() ? Table() : must(database->table(table));
}

View World::writer() {
  Level& inner = level();
  return {&inner.txn, &inner.txn, &inner.state, &inner.cursors, inner.txn.id()};
}

View World::view_of(Reader& reader) {
  return {&reader.txn, nullptr, &reader.state, &reader.cursors, reader.id};
}

View World::some_view() {
  if (!levels.empty()) {
    auto& uncommitted = level().uncommitted;
    if (!uncommitted.empty() && random.one_in(5)) {
      return view_of(*uncommitted[random.below(uncommitted.size())]);
    }
    if (readers.empty() || !random.one_in(5)) return writer();
  }
  if (readers.empty()) return view_of(begin_reader());
  return view_of(*readers[random.below(readers.size())]);
}

std::string World::some_table(const State& state) {
  if (random.one_in(3)) return {};
  const std::size_t which = random.below(state.tables().size());
  return std::next(state.tables().begin(), static_cast<std::ptrdiff_t>(which))->first;
}

std::string World::some_table_name() {
  return table_names()[random.below(table_names().size())];
}

TableModel World::new_table(const engine::TableOptions& options) {
  return {heap_, round.page_size, options, words.style()};
}

Reader& World::begin_reader() {
  call("read");
  readers.push_back(std::make_unique<Reader>(must(database->read()), committed, newest_id));
  require(readers.back()->txn.id() == newest_id,
          "read() begins on another snapshot than the newest");
  return *readers.back();
}

void World::check() {
  call("check");
  ++figures.checks;
  const engine::CheckReport report = must(database->check());
  std::string all;
  for (const engine::Violation& violation : report.violations) {
    all += "\n  page " + std::to_string(violation.page) + ", " + printable(violation.where) + ": " +
           printable(violation.what);
  }
  require(report.clean(), "check() found violations:" + all);
}

void World::compare(const View& view) {
  call("table_names");
  std::vector<std::string> names = must(view.txn->table_names());
  for (const auto& [name, table] : view.state->tables()) {
    compare_table(view, name);
    if (name.empty()) continue;
    const auto found = std::ranges::find(names, name);
    require(found != names.end(), "table_names() lacks " + show(name));
    names.erase(found);
  }
  require(names.empty(), "table_names() has too many");
}

void World::compare_table(const View& view, const std::string& name) {
  const TableModel& table = *view.state->find(name);
  call("compare", name, table.size());
  same(view.txn->exists(handle(name)), true);
  same(view.txn->count(handle(name)), table.size());
  walk_forward(view, name, table);
  walk_backward(view, name, table);
}

void World::walk_forward(const View& view, const std::string& name, const TableModel& table) {
  engine::Cursor cursor = must(view.txn->cursor(handle(name)));
  for (const Pair* pair : table.pairs()) {
    same(cursor.next(), true);
    require(engine::as_text(cursor.key()) == pair->key, "a walk comes to " +
                                                            show(engine::as_text(cursor.key())) +
                                                            " instead of " + show(pair->key));
    same(cursor.value(), pair->value);
  }
  same(cursor.next(), false);
  figures.compared += table.size();
}

void World::walk_backward(const View& view, const std::string& name, const TableModel& table) {
  engine::Cursor cursor = must(view.txn->cursor(handle(name)));
  bool on = must(cursor.last());
  for (auto pair = table.pairs().rbegin(); pair != table.pairs().rend(); ++pair) {
    require(on, "a walk backward ends early");
    require(engine::as_text(cursor.key()) == (*pair)->key, "a walk backward comes to " +
                                                               show(engine::as_text(cursor.key())) +
                                                               " instead of " + show((*pair)->key));
    same(cursor.value(), (*pair)->value);
    on = must(cursor.prev());
  }
  require(!on, "a walk backward does not end");
  figures.compared += table.size();
}

void World::print(const char* name, std::initializer_list<std::string> arguments) const {
  std::string line = std::to_string(operations) + " " + std::string(2 * levels.size(), ' ') + name;
  const char* separator = " ";
  for (const std::string& argument : arguments) {
    line += separator + argument;
    separator = ", ";
  }
  std::fprintf(stderr, "%s\n", line.c_str());
}

}  // namespace kist::test::model
