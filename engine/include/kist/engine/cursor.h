#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include <kist/engine/bytes.h>
#include <kist/engine/error.h>
#include <kist/engine/txn.h>

namespace kist::engine {

struct Ref;

/// Deepest tree that is accepted. A tree of 256-byte pages reaches it only with hostile keys.
inline constexpr std::size_t kMaxDepth = 48;

/// A position in a table, moving in key order. Got from Txn::cursor(); valid until the transaction
/// ends. In a write transaction any write makes the position invalid (kCursorInvalid from next()
/// and prev()) until the cursor is placed again.
///
/// Every move returns true when the cursor stands on a record afterwards, false when it ran off the
/// table; then key() and value() are empty and next() or prev() stays off.
class Cursor {
 public:
  /// Moves to the first record.
  Result<bool> first();
  /// Moves to the last record.
  Result<bool> last();
  /// Moves to the record after this one; off the start, to the first.
  Result<bool> next() {
    if (advance(true)) [[likely]]
      return true;
    return step(true);
  }
  /// Moves to the record before this one; off the end, to the last.
  Result<bool> prev() {
    if (advance(false)) [[likely]]
      return true;
    return step(false);
  }
  /// Moves to the record with exactly this key; false (and off) when there is none.
  Result<bool> seek_exact(Bytes key);
  /// Moves to the first record whose key is >= `key`.
  Result<bool> seek(Bytes key);
  /// Moves to the last record whose key is <= `key`.
  Result<bool> seek_back(Bytes key);

  /// Whether the cursor stands on a record.
  bool valid() const { return valid_; }
  /// Key of the record, borrowed from the transaction. Empty when not valid().
  Bytes key() const { return key_; }
  /// Value of the record, borrowed from the transaction. Large values are verified here, hence the
  /// Result. Errors: kCursorInvalid when not valid(), kDamaged.
  Result<Bytes> value() const {
    if (valid_ && !indirect_ && write_count_ == *writes_ &&
        map_damaged_->load(std::memory_order_relaxed) == 0) [[likely]]
      return raw_value_;
    return value_slow();
  }

  Cursor(Cursor&&) noexcept = default;
  Cursor& operator=(Cursor&&) noexcept = default;

 private:
  friend class Txn;
  struct Step {
    const std::uint8_t* page = nullptr;
    std::uint32_t index = 0;
    std::uint32_t count = 0;
  };
  enum class Off : std::uint8_t { kStart, kEnd, kNone };

  /// Not a table, but the list of tables.
  static constexpr std::uint32_t kCatalog = 0xFFFFFFFF;
  Cursor(Snapshot* snapshot, Table table) : Cursor(snapshot, table.index()) {}
  Cursor(Snapshot* snapshot, std::uint32_t table);

  bool advance(bool forward);
  bool take(std::uint32_t index);
  Result<Bytes> value_slow() const;
  Result<const Ref*> restart();
  Result<bool> descend_edge(const Ref& from, std::uint8_t level, bool rightmost);
  Result<bool> descend_to(Bytes key, bool& found);
  Result<bool> step(bool forward);
  Result<bool> step_across(bool forward);
  Result<bool> load();
  Result<bool> off(Off side);

  Snapshot* snapshot_;
  std::uint32_t table_;
  bool valid_ = false;
  Off off_ = Off::kStart;
  std::uint8_t depth_ = 0;         // pages on path_; the last is the leaf
  const std::uint64_t* writes_;    // the transaction's count of writes
  std::uint64_t write_count_ = 0;  // the same when the cursor was placed
  Bytes key_;
  Bytes raw_value_;        // inline value, or the reference to a large one
  bool indirect_ = false;  // raw_value_ is a reference
  std::uint32_t page_size_;
  std::uint32_t index_ = 0;                        // in the leaf at the end of path_
  std::uint32_t count_ = 0;                        // records of that leaf
  const std::uint8_t* leaf_ = nullptr;             // that leaf
  const std::uint8_t* slots_ = nullptr;            // and its slots
  const std::atomic<std::uint32_t>* map_damaged_;  // not 0: reads may have seen zeros
  std::array<Step, kMaxDepth> path_;
};

}  // namespace kist::engine
