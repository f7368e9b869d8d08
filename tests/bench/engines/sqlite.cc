// SQLite: a table WITHOUT ROWID, write-ahead log, prepared statements, reads through a map.

#include <sqlite3.h>

#include "tests/bench/session_of.h"

namespace kist::bench {
namespace {

constexpr int kBusyMilliseconds = 60000;

/// One connection.
class Connection {
 public:
  explicit Connection(const OpenOptions& options) {
    constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    check(sqlite3_open_v2((options.directory + "/data.sqlite").c_str(), &db_, kFlags, nullptr));
    check(sqlite3_busy_timeout(db_, kBusyMilliseconds));
    run("PRAGMA journal_mode = WAL");
    run(options.durability == Durability::kDurable ? "PRAGMA synchronous = FULL"
                                                   : "PRAGMA synchronous = NORMAL");
    // A map is faster, but reads much around each page where memory is short.
    run(options.larger_than_memory ? "PRAGMA mmap_size = 0" : "PRAGMA mmap_size = 34359738368");
    run("PRAGMA cache_size = -" + std::to_string(options.cache_bytes >> 10));
    run("CREATE TABLE IF NOT EXISTS records (k BLOB PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID");
  }
  ~Connection() { sqlite3_close(db_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  sqlite3* handle() const { return db_; }
  void check(int status) const {
    if (status != SQLITE_OK) throw Failure(db_ == nullptr ? "no memory" : sqlite3_errmsg(db_));
  }
  void run(const std::string& sql) const {
    check(sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr));
  }

 private:
  sqlite3* db_ = nullptr;
};

/// A prepared statement.
class Statement {
 public:
  Statement(const Connection& connection, const char* sql) : connection_(&connection) {
    connection.check(sqlite3_prepare_v3(connection.handle(), sql, -1, SQLITE_PREPARE_PERSISTENT,
                                        &statement_, nullptr));
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  /// Borrows the bytes until reset().
  void bind(int index, std::string_view bytes) {
    // No address would be NULL, which compares with nothing.
    sqlite3_bind_blob(statement_, index, bytes.empty() ? "" : bytes.data(),
                      static_cast<int>(bytes.size()), SQLITE_STATIC);
  }
  /// Whether there is a row.
  bool step() {
    const int status = sqlite3_step(statement_);
    if (status == SQLITE_ROW) return true;
    if (status != SQLITE_DONE) throw Failure(sqlite3_errmsg(connection_->handle()));
    return false;
  }
  void reset() { sqlite3_reset(statement_); }
  void run() {
    step();
    reset();
  }
  std::string_view blob(int column) {
    const void* data = sqlite3_column_blob(statement_, column);
    return {static_cast<const char*>(data),
            static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }
  std::int64_t number(int column) { return sqlite3_column_int64(statement_, column); }

 private:
  const Connection* connection_;
  sqlite3_stmt* statement_ = nullptr;
};

class SqliteStore {
 public:
  explicit SqliteStore(const OpenOptions& options) : options_(options), connection_(options) {}

  class Session {
   public:
    explicit Session(SqliteStore& store) : connection_(store.options_) {}

    void begin_read() { begin_.run(); }
    void end_read() { commit_.run(); }
    template <typename Visit>
    void get(std::string_view key, Visit&& visit) {
      get_.bind(1, key);
      if (!get_.step()) throw Failure("a key is missing");
      visit(get_.blob(0));
      get_.reset();
    }
    template <typename Visit>
    void walk(std::string_view from, Visit&& visit) {
      forward_.bind(1, from);
      rows(forward_, visit);
    }
    template <typename Visit>
    void walk_back(Visit&& visit) {
      rows(backward_, visit);
    }

    void begin_write() { begin_write_.run(); }
    void put(std::string_view key, std::string_view value) {
      put_.bind(1, key);
      put_.bind(2, value);
      put_.run();
    }
    void erase(std::string_view key) {
      erase_.bind(1, key);
      erase_.run();
      if (sqlite3_changes(connection_.handle()) != 1) throw Failure("a key is missing");
    }
    template <typename Visit>
    void get_own(std::string_view key, Visit&& visit) {
      get(key, visit);
    }
    void commit() { commit_.run(); }

    std::uint64_t count_range(std::string_view from, std::string_view to) {
      count_.bind(1, from);
      count_.bind(2, to);
      count_.step();
      const std::int64_t count = count_.number(0);
      count_.reset();
      return static_cast<std::uint64_t>(count);
    }
    void erase_range(std::string_view from, std::string_view to) {
      begin_write();
      erase_range_.bind(1, from);
      erase_range_.bind(2, to);
      erase_range_.run();
      commit();
    }
    void compact(const std::string& copy) {
      connection_.run("VACUUM INTO '" + copy + "/data.sqlite'");
    }

   private:
    template <typename Visit>
    void rows(Statement& statement, Visit&& visit) {
      while (statement.step() && visit(statement.blob(0), statement.blob(1))) {
      }
      statement.reset();
    }

    // The store's own connection stays unused: each thread has one, as SQLite wants it.
    Connection connection_;
    Statement begin_{connection_, "BEGIN"};
    Statement begin_write_{connection_, "BEGIN IMMEDIATE"};
    Statement commit_{connection_, "COMMIT"};
    Statement get_{connection_, "SELECT v FROM records WHERE k = ?"};
    Statement forward_{connection_, "SELECT k, v FROM records WHERE k >= ? ORDER BY k"};
    Statement backward_{connection_, "SELECT k, v FROM records ORDER BY k DESC"};
    Statement put_{
        connection_,
        "INSERT INTO records VALUES (?, ?) ON CONFLICT (k) DO UPDATE SET v = excluded.v"};
    Statement erase_{connection_, "DELETE FROM records WHERE k = ?"};
    Statement count_{connection_, "SELECT count(*) FROM records WHERE k >= ? AND k < ?"};
    Statement erase_range_{connection_, "DELETE FROM records WHERE k >= ? AND k < ?"};
  };

 private:
  OpenOptions options_;
  Connection connection_;  // keeps the store open while no session is
};

const EngineEntry kSqlite({
    .place = 30,
    .name = "sqlite",
    .version = sqlite3_libversion(),
    .durable = "WAL, synchronous=FULL: one flush of the log a commit",
    .relaxed = "WAL, synchronous=NORMAL: flushes at checkpoints only; never damaged",
    .settings = "WITHOUT ROWID, prepared statements, reads through a map",
    .open = &open_store<SqliteStore>,
});

}  // namespace
}  // namespace kist::bench
