#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include <kist/engine/error.h>
#include <kist/engine/txn.h>

#include "engine/space/space_map.h"
#include "engine/tree/tree_writer.h"
#include "engine/tree/write_context.h"
#include "engine/txn/early_space.h"
#include "engine/txn/levels.h"
#include "engine/txn/snapshot.h"
#include "engine/txn/uncommitted.h"

namespace kist::engine {

class Environment;

/// A change to the trees of a write transaction, announced to its cursors while they can still read
/// where they stand. Trees assert that one lives.
class Change {
 public:
  Change(Snapshot& snapshot, WriteContext& context) : context_(context) {
    snapshot.begin_change();
    ++context_.changes;
  }
  ~Change() { --context_.changes; }
  Change(const Change&) = delete;
  Change& operator=(const Change&) = delete;

 private:
  WriteContext& context_;
};

/// What a write transaction has on top of its snapshot. Its pages live in the environment's memory,
/// its space in the environment's map.
class WriteState {
 public:
  WriteState(Environment& environment, Snapshot& snapshot);
  ~WriteState();
  WriteState(const WriteState&) = delete;
  WriteState& operator=(const WriteState&) = delete;

  /// The snapshot that the transaction now belongs to: that of the innermost nested transaction.
  void set_snapshot(Snapshot& snapshot) { snapshot_ = &snapshot; }

  /// Keeps a value that does not fit a leaf until the commit, or writes a very large one to its
  /// place. Returns what the leaf is to refer to.
  Result<Ref> add_large(Bytes value);
  /// Writes it to its place at once, however large it is.
  Result<Ref> write_through(Bytes value);
  /// Lets the transaction read what was written to the file behind its snapshot's bound.
  Result<void> extend_views();
  /// Makes the record of `name` in the catalog that of `table`, creating it.
  Result<void> store_in_catalog(std::string_view name, const TableState& table);
  Result<void> erase_from_catalog(std::string_view name);

  /// Writes everything and makes it the tip, and when it is relaxed the head. Consumes the
  /// transaction, whatever the outcome. A durable commit is so only after
  /// Environment::finish_commit() with the id that this returns, before which the writer lock is
  /// best given back.
  Result<std::uint64_t> commit(Durability durability);
  /// Writes everything and makes it last, but not the head: that is for decide_prepared().
  Result<std::uint64_t> prepare();

  /// The writer of single records of `table`, a table of the snapshot that the transaction belongs
  /// to: the one of the last call, standing where it was left, when it is of the same table and
  /// nothing was changed since. Good until the next call.
  TreeWriter& writer_of(TableState& table);
  /// The change under way is made by that writer.
  void keep_writer() { writer_changes_ = snapshot_->write_count(); }
  /// What is in memory is somewhere else from now on, or must not be changed any more.
  void forget_writer() { writer_root_ = nullptr; }

  DirtyMemory& memory() { return *memory_; }
  /// Writes dirty trees to the file when they take up more memory than the transaction may keep.
  /// Due after each change, inside it; spans and paths into trees are dead then. Errors: kNoSpace,
  /// with nothing changed; kIo.
  Result<void> make_room();
  /// The same before a level begins, which keeps what is in memory then from being written while it
  /// lives.
  Result<void> make_room_for_level();
  /// States or readers have gone, so that less is held in memory.
  void memory_shrank();
  /// Runs behind the first `freed` ones of context.freed may be written again more freely now.
  void look_again(std::size_t freed);
  /// Whether a write or flush failed, here or in another process: then nothing is acknowledged.
  bool latched() const;

  WriteContext context;
  EarlySpace early;
  Levels levels{*this};
  UncommittedReaders readers;
  /// Set when a change failed half-way: nothing but abort is possible any more, or going back to a
  /// savepoint.
  std::optional<Error> broken;
  bool changed = false;
  /// What the commit gives back to the file system, where the usual rule is not wanted.
  std::optional<Trim> trim;
  std::optional<Metadata> metadata;  // of the environment, when the transaction changes it

 private:
  /// Values from this size on are written to their place in the file at once instead of being held
  /// in memory until commit.
  static constexpr std::size_t kWriteThrough = std::size_t{1} << 20;
  /// Pages that may be kept in memory however little of it is allowed.
  static constexpr std::uint64_t kLeastPages = 64;

  std::uint64_t memory_limit() const;
  bool worth_spilling(std::uint64_t above, std::uint64_t grown_by);
  void reuse_given_up();
  Result<void> spill();
  Result<void> write_early(std::span<Ref* const> roots, std::uint64_t pages,
                           std::span<const std::uint64_t> values);
  Result<void> update_catalog();
  Result<CommitSpace> plan();
  std::uint64_t added_to_flush() const;
  Result<void> write_pages(const CommitSpace& plan);
  Result<MetaSlot> describe(const CommitSpace& plan) const;
  Result<void> finish(const CommitSpace& plan);
  Result<void> cut_file(const CommitSpace& plan);
  Result<std::uint64_t> write_and_publish(Durability durability);
  Result<CommitSpace> write_everything(Durability durability);

  Environment& environment_;
  std::shared_ptr<DirtyMemory> memory_;
  Snapshot* snapshot_;
  std::uint64_t id_;
  Durability durability_ = Durability::kDurable;
  std::uint64_t commit_nonce_ = 0;
  std::uint64_t added_to_flush_ = 0;  // bytes, modulo 2^64
  std::uint64_t unspilled_ = 0;       // bytes of memory that the last spill had to leave
  std::vector<MapHold> outgrown_maps_;
  std::size_t looked_through_ = 0;  // of context.freed, by reuse_given_up()
  std::optional<TreeWriter> writer_;
  const Ref* writer_root_ = nullptr;  // of the tree that it may go on in
  std::uint64_t writer_changes_ = 0;  // write_count() of the snapshot when it was used last
};

}  // namespace kist::engine
