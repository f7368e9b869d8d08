#pragma once

#include <utility>

#include "tests/model/families/target.h"

namespace kist::test::model {

/// A cursor of some open transaction, and its table. Opens one where the transaction has none.
struct CursorTarget {
  explicit CursorTarget(World& world) : CursorTarget(world, world.some_view()) {}
  CursorTarget(World& world, const View& from);

  /// Whether the table exists. When it does not, the cursor has said so.
  explicit operator bool() const { return table != nullptr; }

  /// Holds a move against what the model says: whether there is a record, and which.
  void moved(const Result<bool>& got, bool on, Position to, Where where = Where::current());
  /// The same for a move to record `i`; off the table when there are not so many.
  void moved_to(const Result<bool>& got, std::size_t i, Where where = Where::current());
  /// To the record before place `i`.
  void moved_before(const Result<bool>& got, std::size_t i, Where where = Where::current());
  /// What the cursor shows is what the model has at its position.
  void look(Where where = Where::current()) const;

  /// Place of the position, and whether a record is there.
  std::size_t rank() const { return at->position.rank(*table); }
  bool valid() const { return at->position.valid(*table); }
  /// The record at the position, which must be valid().
  const Pair& record() const { return table->at(rank()); }

  View view;
  LiveCursor* at = nullptr;
  engine::Cursor* cursor = nullptr;
  std::string name;
  const TableModel* table = nullptr;
};

}  // namespace kist::test::model
