#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include <kist/engine/bytes.h>

namespace kist::engine {

/// Names a table inside one Database for the life of that Database, whether or not the table exists
/// in a given snapshot. Got from Database::table(); cheap to copy; valid in every transaction of
/// that Database and after aborted ones. In a transaction of another Database it is kMisuse.
class Table {
 public:
  /// The unnamed default table, which always exists, in every Database: byte order, one value a
  /// key.
  constexpr Table() = default;
  constexpr std::uint32_t index() const { return index_; }
  /// Which environment of this process gave it; 0 for the default table.
  constexpr std::uint32_t owner() const { return owner_; }

 private:
  friend class Environment;
  friend class Cursor;
  constexpr Table(std::uint32_t index, std::uint32_t owner) : index_(index), owner_(owner) {}
  std::uint32_t index_ = 0;
  std::uint32_t owner_ = 0;
};

/// How keys, or the values of one key, are ordered. Numbers are stored in the form that <keys.h>
/// makes, which is the same on every machine and whose byte order is their numeric order.
enum class Order : std::uint8_t {
  kBytes = 1,     ///< Byte by byte from the first; a prefix sorts before what it begins.
  kReversed = 2,  ///< Byte by byte from the last; a suffix sorts before what it ends.
  kUint32 = 3,    ///< Unsigned numbers of four bytes.
  kUint64 = 4,    ///< Unsigned numbers of eight bytes.
  kInt32 = 5,     ///< Signed numbers of four bytes.
  kInt64 = 6,     ///< Signed numbers of eight bytes.
  kDouble = 7,    ///< Doubles; -0 sorts before +0, NaNs at the ends by sign.
  kCustom = 8,    ///< By a comparator registered by name.
};

/// Orders two keys: negative, zero or positive, as memcmp() does. Must be a total order that never
/// changes, must not throw, and is called from many threads at once.
using Comparator = std::function<int(Bytes, Bytes)>;

/// What a table is; chosen when it is created, stored in the file, the same for ever after.
struct TableOptions {
  Order key_order = Order::kBytes;
  std::string key_comparator = {};  ///< With Order::kCustom: its name, 1 to 32 bytes.

  /// A multimap: any number of distinct values a key, in order.
  bool multi = false;
  Order value_order = Order::kBytes;  ///< Of multimaps only, like the fields below.
  std::string value_comparator = {};  ///< With Order::kCustom: its name, 1 to 32 bytes.
  /// Not 0: every value has exactly so many bytes, and groups are stored as dense arrays. Implied
  /// by a numeric value_order.
  std::uint16_t value_size = 0;

  friend bool operator==(const TableOptions&, const TableOptions&) = default;
};

/// Whether put() writes.
enum class PutMode : std::uint8_t {
  kUpsert,     ///< Always. In a multimap: adds the pair; false when it is there already.
  kIfAbsent,   ///< Only when the key has no value yet.
  kIfPresent,  ///< Only when the key has a value. Error kAmbiguous when it has several.
  kAppend,     ///< Always; the key must be greater than every key of the table (in a multimap the
               ///< pair than every pair), else kOutOfOrder. For loads of sorted records: pages are
               ///< filled completely.
};

/// A record, or a pair of a multimap. Borrowed; each function that returns one says from where.
struct Record {
  Bytes key;
  Bytes value;
};

/// What is counted in a multimap. Elsewhere both are the same.
enum class CountOf : std::uint8_t { kPairs, kKeys };

}  // namespace kist::engine
