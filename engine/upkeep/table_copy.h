#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include <kist/engine/error.h>
#include <kist/engine/write_txn.h>

#include "engine/format/meta_slot.h"
#include "engine/pager/page_view.h"
#include "engine/tree/comparators.h"
#include "engine/tree/record_path.h"
#include "engine/upkeep/pace.h"

namespace kist::engine {

/// Reads all records of a table (in a multimap, pairs) in order, without comparing any keys.
class TableRead {
 public:
  /// Everything is borrowed for the life of the object.
  TableRead(const PageView& view, const Ref& root, const TableShapes& shapes) : view_(view) {
    path_.reset(view, shapes.keys, shapes.values, root);
  }

  /// To the next record; false behind the last. Errors: kDamaged.
  Result<bool> next();
  /// The record it stands on. Borrowed from the view. Errors: kDamaged.
  Result<Record> record() const;

 private:
  const PageView& view_;
  RecordPath path_;
  bool begun_ = false;
};

/// Appends records to one table, in batches.
class TableAppend {
 public:
  /// `told` (may be empty) is called with each record before it is stored, which then happens one
  /// by one.
  TableAppend(WriteTxn& txn, Table table, std::function<void(const Record&)> told)
      : txn_(txn), table_(table), told_(std::move(told)) {}

  /// Adds a record, whose bytes stay as they are until flush(). Greater than all before it.
  Result<void> add(const Record& record);
  /// Stores what was gathered. Errors: kOutOfOrder, kNoSpace, kIo.
  Result<void> flush();

 private:
  static constexpr std::size_t kMostRecords = 512;
  static constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 20;

  WriteTxn& txn_;
  Table table_;
  std::function<void(const Record&)> told_;
  std::vector<Record> batch_;
  std::uint64_t bytes_ = 0;
};

/// Stores records that are most likely in order, but need not be. Appending fills pages; in a
/// multimap a pair that is out of order would end the transaction, so pairs are looked at first.
class LikelyAppend {
 public:
  /// Stores all of `records`; what a table of one value a key has already gives way when they are
  /// out of order. Their comparators are known.
  Result<void> store(WriteTxn& txn, Table table, bool multi, std::span<const Record> records);

 private:
  Result<bool> ascending(WriteTxn& txn, Table table, std::span<const Record> records);

  bool in_order_ = true;
  bool begun_ = false;
  std::string last_key_;
  std::string last_value_;
};

/// Copies all records of a table to the end of another. Returns how many.
Result<std::uint64_t> copy_records(TableRead& from, TableAppend& to, Pace& pace);

}  // namespace kist::engine
