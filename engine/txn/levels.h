#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "engine/txn/snapshot.h"

namespace kist::engine {

class WriteState;

/// The states to which a write transaction can go back, oldest first: those in which its nested
/// transactions and its savepoints began. Nested transactions and savepoints are levels both; a
/// nested one has a handle of its own besides.
///
/// A level costs what its tables cost, not what they hold: the pages stay where they are, and what
/// changes is copied, because the memory is marked (see Marks). engine/docs/transactions.md.
class Levels {
 public:
  enum class Kind : std::uint8_t { kSavepoint, kNested };

  explicit Levels(WriteState& state) : state_(state) {}

  /// Begins a level in the present state of `snapshot`. Returns its name, which no other level of
  /// this process has.
  std::uint64_t begin(const Snapshot& snapshot, Kind kind);
  bool empty() const { return levels_.empty(); }
  /// Whether `name` is a savepoint that was made in the innermost nested transaction.
  bool is_savepoint(std::uint64_t name) const;
  /// Undoes everything since the level began, ends those begun after it, and keeps it. Mends what a
  /// failed change broke since.
  void roll_back(std::uint64_t name, Snapshot& snapshot);
  /// Ends the level and those begun after it; what was done since stays.
  void end(std::uint64_t name);

 private:
  struct Level {
    std::uint64_t name = 0;
    Kind kind = Kind::kSavepoint;
    std::uint64_t mark = 0;  // of the memory
    TableRecord catalog;
    std::vector<std::pair<std::uint32_t, TableState>> tables;  // those that the catalog belies
    std::size_t freed = 0;                                     // runs in WriteContext::freed
    bool changed = false;                                      // WriteState::changed
    std::uint64_t domain_version = 0;
    std::array<std::uint64_t, 3> markers;
    std::optional<Metadata> metadata;
  };
  std::size_t index_of(std::uint64_t name) const;

  WriteState& state_;
  std::vector<Level> levels_;
};

/// The tables of which `snapshot` knows more than its catalog says, and the default table.
std::vector<std::pair<std::uint32_t, TableState>> changed_tables(const Snapshot& snapshot);

}  // namespace kist::engine
