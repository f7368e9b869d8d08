#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>

#include <kist/engine/bytes.h>
#include <kist/engine/error.h>
#include <kist/engine/table.h>

namespace kist::engine {

class CursorState;
class Snapshot;
class Txn;

/// A position in a table, moving in the order of its keys; in a multimap in the order of its pairs,
/// which is by key, then by value. Got from Txn::cursor(). A cursor that outlives its transaction
/// returns kTransactionEnded.
///
/// A position is a key (a pair), or the place before the first or behind the last record. In a
/// write transaction it stays what it is whatever is written: when its record is removed, the
/// cursor stands on no record, and next() and prev() go to its neighbours.
///
/// Every move returns true when the cursor stands on a record afterwards. Where it says nothing
/// else, false means that there is no such record and that the cursor stands where one would have
/// come: behind the last record after a move forward, before the first after one backward. There,
/// next() or prev() stays, and the other comes back.
class Cursor {
 public:
  // Moves.

  /// Moves to the first record.
  Result<bool> first();
  /// Moves to the last record.
  Result<bool> last();
  /// Moves to the record after this position.
  Result<bool> next() {
    if (advance(*spot_, spot_->index + 1)) [[likely]]
      return true;
    return step(true);
  }
  /// Moves to the record before this position.
  Result<bool> prev() {
    if (advance(*spot_, spot_->index - 1)) [[likely]]
      return true;
    return step(false);
  }
  /// Moves to the record with exactly this key, in a multimap to its first value. When there is
  /// none: to the place where it would be, on no record.
  Result<bool> seek_exact(Bytes key);
  /// Moves to the first record whose key is >= `key`.
  Result<bool> seek(Bytes key);
  /// Moves to the first record whose key is > `key`.
  Result<bool> seek_after(Bytes key);
  /// Moves to the last record whose key is <= `key`.
  Result<bool> seek_back(Bytes key);
  /// Moves to the last record whose key is < `key`.
  Result<bool> seek_before(Bytes key);
  /// Moves to record number `n` from 0, counting pairs; false, and behind the last, when there are
  /// fewer. O(log n).
  Result<bool> seek_nth(std::uint64_t n);
  /// Moves by `n` records, forward or backward, in O(log n); off the table at either end.
  Result<bool> scroll(std::int64_t n);

  // Moves over pairs: the five seeks by (key, value). In tables of one value a key the value is
  // compared, too.

  Result<bool> seek_pair_exact(Bytes key, Bytes value);
  Result<bool> seek_pair(Bytes key, Bytes value);
  Result<bool> seek_pair_after(Bytes key, Bytes value);
  Result<bool> seek_pair_back(Bytes key, Bytes value);
  Result<bool> seek_pair_before(Bytes key, Bytes value);

  // Moves over groups, the values of one key.

  /// Moves to the first value of the next key.
  Result<bool> next_key();
  /// Moves to the last value of the previous key.
  Result<bool> prev_key();
  /// Moves within the group; false, and the cursor stays where it is, when there is no such value.
  /// kCursorInvalid on no record.
  Result<bool> first_value();
  Result<bool> last_value();
  Result<bool> next_value();
  Result<bool> prev_value();
  /// To the first value >= `value` of the group.
  Result<bool> seek_value(Bytes value);
  /// Number of values of the group.
  Result<std::uint64_t> value_count() const;

  // Reading.

  /// Whether the cursor stands on a record.
  bool valid() const { return fresh() ? spot_->valid : valid_slow(); }
  /// Key of the record, borrowed from the transaction. Empty when not valid().
  Bytes key() const { return fresh() ? as_two_words(spot_->key) : key_slow(); }
  /// Value of the record, borrowed from the transaction. Large values are verified here, hence the
  /// Result. Errors: kCursorInvalid when not valid(), kDamaged, kTransactionEnded.
  Result<Bytes> value() const {
    if (fresh() && spot_->direct && spot_->map_damaged->load(std::memory_order_relaxed) == 0)
        [[likely]] {
      return as_two_words(spot_->value);
    }
    return value_slow();
  }
  /// Reads records as repeated next() would, as many as fit, and stands on the last one. Returns
  /// how many; 0 at the end. Their spans live as long as those of the transaction.
  Result<std::size_t> read(std::span<Record> records);
  /// The same within the group: the value the cursor stands on and those after it; moves to the
  /// last one read. Returns how many.
  Result<std::size_t> read_values(std::span<Bytes> values);
  /// Of a multimap with values of one size: the value the cursor stands on and as many after it as
  /// lie behind each other in memory, as one span; moves to the last of them.
  Result<Bytes> read_value_block();
  /// Calls `visit` with each record after the position until it returns false or the table ends.
  template <typename Visit>
  Result<void> scan(Visit visit) {
    for (;;) {
      while (advance(*spot_, spot_->index + 1)) {
        if (!visit(Record{as_two_words(spot_->key), as_two_words(spot_->value)})) return {};
      }
      KIST_ASSIGN(const bool more, step(true));
      if (!more) return {};
      KIST_ASSIGN(const Bytes value, this->value());
      if (!visit(Record{key(), value})) return {};
    }
  }

  // Writing: cursors of a write transaction only, else kReadOnly.

  /// Gives the record another value; in a multimap, another value to the pair, and the cursor
  /// follows it (should it exist already, the pairs become one). kCursorInvalid on no record.
  Result<void> put(Bytes value);
  /// Stores a record as WriteTxn::put() does and moves to it.
  Result<bool> put(Bytes key, Bytes value, PutMode mode = PutMode::kUpsert);
  /// Removes the record, in a multimap the pair; the cursor then stands on no record, between its
  /// neighbours. False when it stood on none.
  Result<bool> erase();
  /// Removes the key with all its values; likewise.
  Result<bool> erase_key();

  // Where it is.

  /// Number of records before the position (pairs in a multimap). O(log n).
  Result<std::uint64_t> rank() const;
  /// Negative, zero or positive, as this position lies before, at or behind the other's. kMisuse
  /// when they are of different tables or transactions.
  Result<int> compare(const Cursor& other) const;
  /// rank() of the other less rank() of this. kMisuse likewise.
  Result<std::int64_t> distance(const Cursor& other) const;
  /// Whether the cursor stands on the first record.
  Result<bool> on_first() const;
  /// Whether it stands on the last.
  Result<bool> on_last() const;
  /// Whether it stands before the first record, or behind the last.
  bool off() const { return !valid() && spot_->place != Place::kAtKey; }

  /// A cursor at the same position.
  Cursor(const Cursor& other);
  Cursor& operator=(const Cursor& other);
  Cursor(Cursor&& other) noexcept;
  Cursor& operator=(Cursor&& other) noexcept;
  ~Cursor();
  /// Goes over to another transaction of the same Database, standing before the first record of the
  /// same table.
  Result<void> rebind(const Txn& txn);

 private:
  friend class CursorState;
  friend class Range;
  friend class Txn;
  class Writer;

  /// Where the cursor stands when it is not valid().
  enum class Place : std::uint8_t { kStart, kEnd, kAtKey };
  /// What the functions above look at. The rest is behind it, in CursorState.
  struct Spot {
    const std::uint64_t* writes = nullptr;  // the transaction's count of writes
    std::uint64_t write_count = 0;          // the same when the position was found
    Bytes key = {};
    Bytes value = {};     // or, unless `direct`, the reference to a large one
    bool valid = false;   // stands on a record
    bool direct = false;  // and `value` is its value
    Place place = Place::kStart;
    std::uint32_t last_start = 0;  // greatest offset at which a record may begin in a page
    // Steps within a leaf from one value in it to the next. In other cases no records, so that all
    // steps are left to step().
    std::uint32_t index = 0;
    std::uint32_t count = 0;
    const std::uint8_t* leaf = nullptr;
    const std::uint8_t* slots = nullptr;
    const std::atomic<std::uint32_t>* map_damaged = nullptr;  // not 0: reads may have seen zeros
  };

  explicit Cursor(CursorState* state);
  bool fresh() const { return spot_->write_count == *spot_->writes; }
  /// A copy made of two loads. A single one of both words, which compilers like to make of it, has
  /// to wait until the two stores of advance() have left the processor's store buffer.
  static Bytes as_two_words(Bytes bytes) {
    const std::uint8_t* data = bytes.data();
    std::size_t size = bytes.size();
    asm("" : "+r"(data), "+r"(size));
    return {data, size};
  }
  /// A little-endian number of the leaf, loaded exactly once: the compiler must not look again at
  /// bytes that others may change, once a bound was held against them.
  template <typename T>
  static std::uint64_t load_once(const std::uint8_t* at) {
    T loaded;
    std::memcpy(&loaded, at, sizeof loaded);
    if constexpr (std::endian::native == std::endian::big) loaded = std::byteswap(loaded);
    std::uint64_t value = loaded;
    asm("" : "+r"(value));
    return value;
  }
  /// Steps to another record of the leaf, which is nearly every step; see LeafRecord of
  /// engine/tree/node.h. False leaves everything to step(): large values, the ends of the leaf, a
  /// transaction that has written, and one that came through fork(), whose maps are marked as
  /// damaged.
  static bool advance(Spot& spot, std::uint32_t index) {
    if (index >= spot.count || spot.write_count != *spot.writes) [[unlikely]]
      return false;
    const std::uint64_t at = load_once<std::uint16_t>(spot.slots + 2 * std::size_t{index});
    if (at > spot.last_start) [[unlikely]]
      return false;
    const std::uint8_t* const record = spot.leaf + at;
    constexpr std::size_t kHeader = 4;  // u16 key size, u16 value size with the flag of large ones
    const std::uint64_t sizes = load_once<std::uint32_t>(record);
    const std::uint64_t key_size = sizes & 0xFFFFU;
    const std::uint64_t value_size = sizes >> 16U;
    if ((sizes & 0x80000000U) != 0 || at + key_size + value_size > spot.last_start ||
        spot.map_damaged->load(std::memory_order_relaxed) != 0) [[unlikely]] {
      return false;
    }
    spot.index = index;
    spot.key = {record + kHeader, key_size};
    spot.value = {record + kHeader + key_size, value_size};
    return true;
  }
  Result<bool> step(bool forward);
  bool valid_slow() const;
  Bytes key_slow() const;
  Result<Bytes> value_slow() const;
  static Spot* nowhere();
  Result<CursorState*> state() const;
  Result<CursorState*> restarted() const;
  Result<CursorState*> settled() const;
  Result<CursorState*> standing() const;
  Result<std::pair<CursorState*, CursorState*>> both(const Cursor& other) const;

  Spot* spot_;  // owned: a CursorState; that of all cursors that were moved from, which is none
};

}  // namespace kist::engine
