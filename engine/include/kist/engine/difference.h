#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <kist/engine/bytes.h>
#include <kist/engine/error.h>
#include <kist/engine/table.h>

namespace kist::engine {

class Txn;

/// What changed in one table between two snapshots: each key whose value differs, in order, with
/// both values; in a multimap each pair that came or went. Takes time proportional to the change,
/// because subtrees that both snapshots share are passed over unread.
///
/// A table missing in one of the snapshots counts as empty there. Spans live as long as those of
/// the transactions they come from. A write in one of the transactions, or its end, makes the next
/// call fail with kCursorInvalid or kTransactionEnded.
class Difference {
 public:
  /// Both transactions must be of the same Database (else kMisuse); either may be the newer one, or
  /// a write transaction. kMisuse when the table was created anew with other options between them.
  static Result<Difference> between(const Txn& before, const Txn& after, Table table);

  Difference(Difference&&) noexcept;
  Difference& operator=(Difference&&) noexcept;
  ~Difference();

  /// Moves to the next change; false when there are no more.
  Result<bool> next();
  /// Key of the change.
  Bytes key() const;
  /// Value in the first transaction; nothing when the key, or the pair, is not there.
  std::optional<Bytes> before() const;
  /// Value in the second.
  std::optional<Bytes> after() const;
  /// Pages looked at so far, in both snapshots.
  std::uint64_t pages_visited() const;

 private:
  class State;
  explicit Difference(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace kist::engine
