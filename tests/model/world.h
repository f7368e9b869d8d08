#pragma once

#include <deque>
#include <initializer_list>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <kist/engine/database.h>

#include "tests/model/agree.h"
#include "tests/model/position.h"
#include "tests/model/state.h"
#include "tests/model/words.h"
#include "tests/support/random.h"

namespace kist::test::model {

struct LiveCursor {
  engine::Cursor cursor;
  std::string table;
  std::uint64_t identity;  ///< Of the table, whose name another may take.
  Position position;
};

/// A read transaction and what it must show for as long as it lives.
struct Reader {
  engine::ReadTxn txn;
  State state;
  std::uint64_t id = 0;  ///< Of the snapshot.
  std::vector<LiveCursor> cursors = {};
};

struct Mark {
  engine::Savepoint savepoint;
  State state;
};

/// The write transaction, or one nested in another.
struct Level {
  engine::WriteTxn txn;
  State state;
  std::uint64_t left = 0;  ///< Operations until it ends.
  bool touched = false;    ///< By any call that may change something.
  std::vector<LiveCursor> cursors = {};
  std::vector<Mark> marks = {};
  std::vector<std::unique_ptr<Reader>> uncommitted = {};
};

/// One open transaction, whatever its kind.
struct View {
  engine::Txn* txn;
  engine::WriteTxn* write;  ///< Null in a read transaction.
  State* state;
  std::vector<LiveCursor>* cursors;
  std::uint64_t id;

  const TableModel* find(const std::string& table) const { return state->find(table); }
};

/// What was done, over all rounds.
struct Figures {
  std::uint64_t operations = 0;
  std::uint64_t transactions = 0;
  std::uint64_t rounds = 0;
  std::uint64_t checks = 0;
  std::uint64_t compared = 0;  ///< Records, by walks over whole tables; not among the operations.
  std::uint64_t deepest = 0;   ///< Levels of a tree.
  std::uint64_t largest = 0;   ///< Records of a store.
  std::uint64_t sum_of_sizes = 0;  ///< Records after each commit, added up.
};

std::ostream& operator<<(std::ostream& out, const Figures& figures);

/// What one round is like.
struct RoundOptions {
  std::uint32_t page_size = 4096;
  std::uint64_t seed = 0;
  std::uint64_t operations = 40'000;
  std::uint64_t trace_from = ~std::uint64_t{0};  ///< First operation that is printed.
};

/// One store, all that is open on it, and what the model says of it. Everything throws when the two
/// differ.
class World {
 public:
  World(std::string path, const RoundOptions& round, Figures& figures);

  /// Counts one call of the public interface, and prints it when this is wanted.
  template <typename... Args>
  void call(const char* name, const Args&... args) {
    ++figures.operations;
    if (++operations > round.trace_from) print(name, {show(args)...});
  }

  engine::Table handle(const std::string& table);
  /// The innermost write transaction; there must be one.
  Level& level() { return levels.back(); }
  View writer();
  /// Some transaction that may be used: the innermost write transaction, or any reader. Begins a
  /// reader where there is nothing.
  View some_view();
  /// A table of the state, mostly one of a few favourites.
  std::string some_table(const State& state);
  std::string some_table_name();
  TableModel new_table(const engine::TableOptions& options);

  Reader& begin_reader();
  View view_of(Reader& reader);
  /// Compares everything that a transaction shows, or one table of it.
  void compare(const View& view);
  void compare_table(const View& view, const std::string& table);
  /// check() must find nothing.
  void check();
  void reopen();
  bool small() const { return committed.records() < 400; }

  const std::string path;
  const RoundOptions round;
  Figures& figures;
  Random random;
  Words words;
  std::uint64_t operations = 0;
  std::uint64_t transaction_start = 0;  ///< Operation at which the last transaction began.

  // Of the round: how large things get.
  std::uint64_t most_records;
  std::uint64_t mean_transaction;
  bool growing = true;

  std::unique_ptr<engine::Database> database;
  State committed;
  std::uint64_t newest_id = 0;
  std::vector<std::unique_ptr<Reader>> readers;
  std::deque<Level> levels;

 private:
  bool page_size_allows_many() const;
  void open();
  void register_comparators();
  void miss_comparators();
  void print(const char* name, std::initializer_list<std::string> arguments) const;
  void walk_forward(const View& view, const std::string& name, const TableModel& table);
  void walk_backward(const View& view, const std::string& name, const TableModel& table);

  std::shared_ptr<PairHeap> heap_ = std::make_shared<PairHeap>();
  std::uint64_t transaction_memory_;
};

/// The names that tables of this test have, beside "" for the default table.
const std::vector<std::string>& table_names();

}  // namespace kist::test::model
