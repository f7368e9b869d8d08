// The input is a program: one byte for a call of the engine, then its arguments. Each call is also
// made on a model in memory, and whatever both answer must be the same: within a transaction, in
// those nested in it, in snapshots held meanwhile, and after the store was closed and opened again.

#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <kist/engine/database.h>
#include <kist/engine/keys.h>

#include "tests/damage/seed_stores.h"
#include "tests/support/must.h"

namespace kist::test {
namespace {

using engine::as_bytes;
using engine::as_text;
using engine::Database;

using Pair = std::pair<std::string, std::string>;
/// A table in its order; in those of one value a key, a key has one pair.
using ModelTable = std::set<Pair>;
/// The tables by number; 0 is the default table and always there.
using Model = std::array<std::optional<ModelTable>, 4>;

constexpr std::uint64_t kMostRecords = 3000;

bool is_multi(std::size_t table) {
  return table >= 2;
}

/// Reads the program; zeros behind its end.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  bool more() const { return at_ < size_; }
  std::uint8_t byte() { return more() ? data_[at_++] : 0; }

  std::string key() {
    const std::uint8_t b = byte();
    if (b < 200) return "key " + std::to_string(b);
    return b == 200 ? std::string() : std::string(90, 'x') + std::to_string(b);  // half a page
  }
  std::string value(std::size_t table) {
    const std::uint8_t b = byte();
    if (table == 3) return std::string(as_text(engine::key_of(std::uint64_t{b})));
    return std::string(b < 200 ? b : (b - 199U) * 97, static_cast<char>('a' + b % 26));
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
  std::size_t at_ = 0;
};

class Machine {
 public:
  Machine(Input& input, std::string path) : in_(input), path_(std::move(path)) {
    options_.page_size = std::array<std::uint32_t, 3>{256, 512, 4096}[in_.byte() % 3];
    options_.transaction_memory = 0;  // trees are written early
    open();
  }

  void run() {
    while (in_.more()) step();
    cursor_.reset();
    while (!levels_.empty()) levels_.pop_back();
    reopen();
    for (Reader& reader : readers_) reader.txn.reset();
    must(database_->close());
  }

 private:
  struct Level {
    engine::WriteTxn txn;
    Model model;
  };
  struct Reader {
    std::optional<engine::ReadTxn> txn;
    Model model;
  };

  void open() {
    database_.emplace(must(Database::open(path_, options_)));
    for (std::size_t i = 1; i < tables_.size(); ++i) {
      tables_[i] = must(database_->table("table " + std::to_string(i)));
    }
  }

  void reopen() {
    if (!levels_.empty()) return;
    for (Reader& reader : readers_) reader.txn.reset();
    must(database_->close());
    open();
    compare(must(database_->read()), committed_);
    require(must(database_->check()).clean(), "check() finds something");
  }

  void step() {
    const std::uint8_t op = in_.byte();
    if (op % 32 < 20) return write(op % 32);
    switch (op % 32) {
      case 20:
      case 21: {
        Reader& reader = readers_[op / 32U % readers_.size()];
        if (op % 32 == 21) return reader.txn.reset();
        reader.txn = must(database_->read());
        reader.model = committed_;
        return;
      }
      case 22:
      case 23: {
        const Reader& reader = readers_[op / 32U % readers_.size()];
        if (reader.txn) compare(*reader.txn, reader.model);
        return;
      }
      case 24:
        return reopen();
      case 25:
        require(must(database_->check()).clean(), "check() finds something");
        return;
      case 26:
        if (levels_.empty()) must(database_->sync());
        return;
      case 27:
        if (levels_.empty()) must(database_->compact({.pages = 1U + op / 32U}));
        return;
      default:
        if (!levels_.empty()) look_up(levels_.back().txn, levels_.back().model);
    }
  }

  // What needs the write transaction, which is begun where there is none.
  void write(int op) {
    if (levels_.empty()) levels_.push_back({must(database_->write()), committed_});
    Level& level = levels_.back();
    const std::size_t number = in_.byte() % tables_.size();
    const engine::Table table = tables_[number];
    std::optional<ModelTable>& model = level.model[number];
    switch (op) {
      case 0:
        return end(true);
      case 1:
        return end(false);
      case 2:
        if (levels_.size() > 4) return;
        cursor_.reset();
        levels_.push_back({must(level.txn.nested()), level.model});
        return;
      case 3:
        return create(level, number);
      case 4:
        if (!model || number == 0) return;
        if (cursor_table_ == number) cursor_.reset();
        must(level.txn.drop_table(table));
        model.reset();
        return;
      case 5:
        return compare(level.txn, level.model);
      default:
        if (!model) {
          const auto refused = level.txn.put(table, as_bytes("k"), as_bytes("12345678"));
          require(!refused && refused.error().code == ErrorCode::kTableNotFound,
                  "a table that there is not");
          return;
        }
        if (op < 14) return change(op, level.txn, number, *model);
        move_cursor(op, level.txn, number, *model);
    }
  }

  void end(bool keeps) {
    cursor_.reset();
    Level level = std::move(levels_.back());
    levels_.pop_back();
    if (!keeps) return level.txn.abort();
    must(level.txn.commit(in_.byte() % 2 == 0 ? engine::Durability::kRelaxed
                                              : engine::Durability::kDurable));
    (levels_.empty() ? committed_ : levels_.back().model) = std::move(level.model);
  }

  void create(Level& level, std::size_t number) {
    if (number == 0 || level.model[number]) return;
    engine::TableOptions options;
    options.multi = is_multi(number);
    if (number == 3) options.value_order = engine::Order::kUint64;
    must(level.txn.create_table(tables_[number], options));
    level.model[number].emplace();
  }

  static std::pair<ModelTable::iterator, ModelTable::iterator> group(ModelTable& model,
                                                                     const std::string& key) {
    const auto from = model.lower_bound({key, std::string()});
    auto to = from;
    while (to != model.end() && to->first == key) ++to;
    return {from, to};
  }

  static void put(ModelTable& model, std::size_t number, const Pair& pair) {
    if (!is_multi(number)) {
      const auto [from, to] = group(model, pair.first);
      model.erase(from, to);
    }
    model.insert(pair);
  }

  void change(int op, engine::WriteTxn& txn, std::size_t number, ModelTable& model) {
    const engine::Table table = tables_[number];
    const std::string key = in_.key();
    const auto [from, to] = group(model, key);
    const bool there = from != to;
    switch (op) {
      case 6:
      case 7:
      case 8: {
        const Pair pair(key, in_.value(number));
        if (model.size() > kMostRecords) return;
        const bool fresh = !is_multi(number) || !model.contains(pair);
        require(must(txn.put(table, as_bytes(key), as_bytes(pair.second))) == fresh, "put()");
        return put(model, number, pair);
      }
      case 9: {
        const Pair pair(key, in_.value(number));
        const bool stored =
            must(txn.put(table, as_bytes(key), as_bytes(pair.second), engine::PutMode::kIfAbsent));
        require(stored == !there, "put() if absent");
        if (stored) put(model, number, pair);
        return;
      }
      case 10:
        require(must(txn.erase(table, as_bytes(key))) == there, "erase()");
        model.erase(from, to);
        return;
      case 11: {
        const Pair pair(key, in_.value(number));
        const bool erased = must(txn.erase_pair(table, as_bytes(key), as_bytes(pair.second)));
        require(erased == (model.erase(pair) != 0), "erase_pair()");
        return;
      }
      case 12: {
        const std::string end = in_.key();
        const auto last = model.lower_bound({end, std::string()});
        const bool any = key < end;
        const auto count = any ? static_cast<std::uint64_t>(std::distance(from, last)) : 0;
        require(must(txn.erase_range(table, as_bytes(key), as_bytes(end))) == count,
                "erase_range()");
        if (any) model.erase(from, last);
        return;
      }
      default:  // many at once, so that trees get deep
        if (model.size() > kMostRecords) return;
        for (int i = 0; i < 64; ++i) {
          const Pair pair(key + "/" + std::to_string(i * 7 % 64), in_.value(number));
          must(txn.put(table, as_bytes(pair.first), as_bytes(pair.second)));
          put(model, number, pair);
          if (!in_.more()) return;
        }
    }
  }

  // One cursor that stays while other calls change its table.
  void move_cursor(int op, engine::WriteTxn& txn, std::size_t number, ModelTable& model) {
    if (op < 16 || !cursor_ || cursor_table_ != number) {
      cursor_.reset();
      cursor_.emplace(must(txn.cursor(tables_[number])));
      cursor_table_ = number;
      const std::string key = in_.key();
      const auto found = model.lower_bound({key, std::string()});
      require(must(cursor_->seek(as_bytes(key))) == (found != model.end()), "seek()");
      return stand(model, found);
    }
    // Where one value a key is stored, it stands on the key, whatever its value becomes.
    const auto [from, to] =
        is_multi(number) ? std::pair(model.lower_bound(position_), model.upper_bound(position_))
                         : group(model, position_.first);
    if (op == 19) {
      require(must(cursor_->erase()) == (from != to), "the cursor erases what is not there");
      model.erase(from, to);
      return;
    }
    if (op == 18) {
      require(must(cursor_->prev()) == (from != model.begin()), "prev()");
      return stand(model, from == model.begin() ? model.end() : std::prev(from));
    }
    require(must(cursor_->next()) == (to != model.end()), "next()");
    stand(model, to);
  }

  // A cursor that has left the table at one of its ends is given up.
  void stand(const ModelTable& model, ModelTable::const_iterator at) {
    if (at == model.end()) return cursor_.reset();
    require(as_text(cursor_->key()) == at->first, "the cursor has another key");
    require(as_text(must(cursor_->value())) == at->second, "the cursor has another value");
    position_ = *at;
  }

  void look_up(const engine::Txn& txn, const Model& model) {
    const std::size_t number = in_.byte() % tables_.size();
    const std::string key = in_.key();
    if (!model[number]) return;
    ModelTable table = *model[number];
    const auto [from, to] = group(table, key);
    const auto found = must(txn.get(tables_[number], as_bytes(key)));
    require(found.has_value() == (from != to), "get()");
    if (found) require(as_text(*found) == from->second, "get() finds another value");
    require(must(txn.count_values(tables_[number], as_bytes(key))) ==
                static_cast<std::uint64_t>(std::distance(from, to)),
            "count_values()");
    const auto rank = static_cast<std::uint64_t>(std::distance(table.begin(), from));
    require(must(txn.rank(tables_[number], as_bytes(key))) == rank, "rank()");
    const auto record = must(txn.nth(tables_[number], rank));
    require(record.has_value() == (from != table.end()), "nth()");
    if (record) require(as_text(record->key) == from->first, "nth() finds another key");
  }

  void compare(const engine::Txn& txn, const Model& model) {
    for (std::size_t number = 0; number < tables_.size(); ++number) {
      require(must(txn.exists(tables_[number])) == model[number].has_value(), "exists()");
      if (!model[number]) continue;
      require(must(txn.count(tables_[number])) == model[number]->size(), "count()");
      engine::Cursor cursor = must(txn.cursor(tables_[number]));
      for (const Pair& pair : *model[number]) {
        require(must(cursor.next()), "a walk ends early");
        require(as_text(cursor.key()) == pair.first, "a walk finds another key");
        require(as_text(must(cursor.value())) == pair.second, "a walk finds another value");
      }
      require(!must(cursor.next()), "a walk finds too much");
    }
  }

  Input& in_;
  const std::string path_;
  engine::Options options_;
  std::optional<Database> database_;
  std::array<engine::Table, 4> tables_;
  Model committed_{ModelTable()};
  std::array<Reader, 3> readers_;
  std::vector<Level> levels_;
  std::optional<engine::Cursor> cursor_;  // of the innermost write transaction
  std::size_t cursor_table_ = 0;
  Pair position_;  // where it stands, or stood
};

}  // namespace
}  // namespace kist::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kist::test;
  const std::string path = scratch_directory() + "/api";
  try {
    Input input(data, size);
    Machine(input, path).run();
  } catch (const std::exception& error) {
    std::cerr << error.what() << std::endl;
    std::abort();
  }
  std::filesystem::remove(path);
  std::filesystem::remove(path + "-lock");
  return 0;
}
