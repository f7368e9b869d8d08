#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <kist/engine/error.h>
#include <kist/engine/txn.h>

#include "engine/format/meta_slot.h"
#include "engine/os/fork.h"
#include "engine/pager/page_view.h"
#include "engine/tree/shape.h"

namespace kist::engine {

class CursorState;
class Environment;
class SharedPin;
class UncommittedHold;
class WriteState;

/// One table as a transaction sees it.
struct TableState {
  enum class Presence : std::uint8_t { kUnknown, kMissing, kPresent };
  TableRecord record = {};
  TreeShape shape = {};    // of the tree of keys
  TreeShape values = {};   // of the trees of values in it, in a multimap
  std::string names = {};  // of comparators, as they stand behind the record in the catalog
  Presence presence = Presence::kUnknown;
  bool plain = false;       // present, and shape.plain()
  std::uint32_t owner = 0;  // Table::owner() of the handle that looked it up
  bool dirty = false;       // its record in the catalog, or in the meta slot, has to be written
};

/// The state behind a transaction handle: a pinned snapshot and, in a write transaction, what was
/// changed on top of it. It belongs to one handle, which ends it; cursors share it and may outlive
/// the end, after which it is empty.
///
/// A nested transaction has a Snapshot of its own. While it lives, it has everything that the one
/// around had, which is empty meanwhile and says kMisuse; so no call has to ask which level it is
/// made on.
class Snapshot {
 public:
  explicit Snapshot(std::shared_ptr<Environment> env);
  ~Snapshot();
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  /// Ends the transaction: whatever was not committed is forgotten, pin, writer's place and
  /// environment are given up, and everything that still refers to the snapshot (cursors, streams)
  /// gets kTransactionEnded. Does nothing the second time. Called by the handle; the destructor is
  /// too late, because a cursor may hold the snapshot.
  void end();
  /// Gives up what is pinned, like end(), but keeps the environment for another begin, and aside
  /// what it knows of the head. Read transactions only.
  void reset();
  /// Takes back what reset() put aside; good once it is pinned again, or filled anew.
  void take_back() {
    id = given_up_;
    tables.swap(kept_tables_);
  }
  /// Whether the snapshot, to which only its handle refers, can serve another read transaction: it
  /// has nothing that one begun by Environment::begin_read() lacks.
  bool reusable() const {
    return state_ == State::kLive && pin == Pin::kSlot && head_place != 0 && !shared_pin &&
           !stale() && tables.size() <= kMostKeptTables;
  }
  /// Ends a reusable one, but keeps what it knows of the head. Returns its environment.
  std::shared_ptr<Environment> retire();
  /// Begins anew, with nothing pinned.
  void reuse(const std::shared_ptr<Environment>& env) {
    environment = env;
    state_ = State::kLive;
  }
  /// Keeps what is pinned, but lets writers take it away: there is nothing to read until unpark().
  /// Errors: those of usable(); kMisuse when others share it.
  Result<void> park();
  bool parked() const { return state_ == State::kParked; }
  /// The end of that. False when it was taken away: then as after reset().
  bool unpark();
  /// Id of the snapshot, also of one that reset() gave up.
  std::uint64_t last_id() const { return state_ == State::kLive ? id : given_up_; }
  /// Another snapshot was begun in the place of the one that reset() gave up; or none could be.
  void revive() { state_ = State::kLive; }
  void forget() { empty(); }
  /// Whether there is something to read. Errors: kTransactionEnded, also of a reader of an
  /// uncommitted state whose writer has ended; kForked; kMisuse while a nested
  /// transaction lives. Ask it in every call that does not begin with table(), existing() or
  /// present(), which do.
  Result<void> usable() const;

  /// Becomes the transaction within `outer` whose level is `level`: takes over everything.
  void begin_nested(std::shared_ptr<Snapshot> outer, std::uint64_t level);
  /// Whether it is a transaction within another.
  bool nested() const { return outer_ != nullptr; }
  /// The innermost of the transactions nested in this one, which has everything; or this one.
  Snapshot& innermost();
  /// Ends the transaction, which is nested, but keeps its changes for the one around it.
  void end_keeping_changes();

  /// The root of a table of plain shape that was looked up before; null in all other cases, which
  /// present() settles. What keeps calls on plain tables fast.
  const Ref* root(Table table) {
    if (table.index() < tables.size() && !stale()) [[likely]] {
      const TableState& state = tables[table.index()];
      if (state.plain && state.owner == table.owner()) [[likely]]
        return &state.record.root;
    }
    return nullptr;
  }
  /// The state of a table, looked up in the catalog at first use. It may be missing, and its
  /// comparators may be unknown. Pointers are good until the next table is looked up.
  Result<TableState*> table(Table table);
  /// The state of a table that exists, whose comparators may be unknown. Errors: kTableNotFound.
  Result<TableState*> existing(Table table);
  /// The state of a table that exists and can be searched. Errors: kTableNotFound, kNoComparator.
  Result<TableState*> present(Table table);
  /// Sets shapes and `plain` of a table state from its record.
  void set_shapes(TableState& state) const;
  /// Whether the handle came through fork().
  bool stale() const { return birth_ != os::fork_count(); }
  /// Why view.map_damaged(): the end, a fork, or a page that could not be read.
  Error unreadable() const;
  /// Announces that what cursors stand on is about to change: pages, roots, which tables there are,
  /// or whether the snapshot may be used. Nothing of that may change without; see Change.
  ///
  /// Cursors stand on pages. The attached ones now copy their key and leave the list; when they are
  /// used next they look for it anew. So nothing ever has to mend a cursor.
  void begin_change();
  /// First of the attached cursors: those that stand on a record of a write transaction. They form
  /// a doubly linked list and join and leave by themselves.
  CursorState* attached = nullptr;
  /// Raised by each begin_change(); cursors compare it.
  const std::uint64_t& write_count() const { return write_count_; }
  /// Raised by each end(), reset() and restart(): bytes of the map that were got before may be
  /// overwritten from then on.
  std::uint64_t epoch() const { return epoch_; }
  /// Announces, like begin_change(), that a write transaction goes on as another one, on a newer
  /// snapshot.
  void restart();

  std::shared_ptr<Environment> environment;
  /// Which head was read (Sharing::head_place()) into what follows; 0 when it is none, or when
  /// it was changed since.
  std::uint64_t head_place = 0;
  std::uint64_t id = 0;
  PageView view;
  TableRecord catalog;
  std::uint64_t nonce = 0;  // of the commit
  std::uint64_t domain_version = 0;
  std::array<std::uint64_t, 3> markers{};
  std::vector<TableState> tables;     // by Table::index(); [0] is the default table
  std::unique_ptr<WriteState> write;  // of a write transaction
  std::shared_ptr<const UncommittedHold> uncommitted;  // of a reader of an uncommitted state

  /// TableState::owner in such a reader: root() then never answers, and every call asks usable().
  static constexpr std::uint32_t kAskEachTime = 0xFFFFFFFF;

  // How the snapshot is pinned: by a reader slot, by a byte lock, or (writers) by the writer lock.
  enum class Pin : std::uint8_t { kNone, kSlot, kLock };
  Pin pin = Pin::kNone;
  std::uint32_t slot = 0;
  std::shared_ptr<SharedPin> shared_pin;  // the same pin, once clones share it

 private:
  enum class State : std::uint8_t { kLive, kParked, kReset, kEnded };
  static constexpr std::size_t kMostKeptTables = 64;
  /// What a parked transaction will read again.
  struct Set {
    PageView view;
    TableRecord catalog;
    std::vector<TableState> tables;
  };

  Result<void> look_up(Table handle, TableState& state);
  void end_one();
  void move_to(Snapshot& other);
  void empty();

  std::uint64_t write_count_ = 0;
  std::uint64_t epoch_ = 0;
  std::uint64_t given_up_ = 0;  // id of what reset() gave up
  std::uint32_t birth_ = os::fork_count();
  State state_ = State::kLive;
  std::vector<TableState> kept_tables_;  // from reset() on, so that root() has none
  std::unique_ptr<Set> set_aside_;       // while parked
  std::shared_ptr<Snapshot> outer_;      // of a nested transaction: the one around it
  std::uint64_t level_ = 0;    // of a nested transaction: what it is in WriteState::levels
  Snapshot* inner_ = nullptr;  // the nested transaction that has everything now
};

}  // namespace kist::engine
