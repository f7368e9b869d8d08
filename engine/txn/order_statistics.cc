// What can be told of a table from the counts that its branches keep, in O(log n).

#include <algorithm>
#include <random>

#include <kist/engine/txn.h>

#include "engine/tree/prefix.h"
#include "engine/tree/record_path.h"
#include "engine/tree/search.h"
#include "engine/txn/environment.h"
#include "engine/txn/snapshot.h"

namespace kist::engine {
namespace {

/// One table of a snapshot, to be counted.
class Counter {
 public:
  static Result<Counter> over(const std::shared_ptr<Snapshot>& snapshot, Table table) {
    if (!snapshot) return fail(ErrorCode::kTransactionEnded, "the transaction has ended");
    KIST_ASSIGN(const TableState* state, snapshot->present(table));
    return Counter(*snapshot, *state);
  }

  bool byte_order() const { return !shape_.by_comparator; }
  int compare(Bytes a, Bytes b) const { return compare_by(shape_, a, b); }
  std::uint64_t count(CountOf what) const {
    return what == CountOf::kKeys ? root_.keys : root_.count;
  }

  /// Records with keys less than `key`; all of them when that is nothing.
  Result<std::uint64_t> before(std::optional<Bytes> key, CountOf what) {
    if (!key) return count(what);
    if (root_.empty()) return 0;
    KIST_TRY(path_.lower_bound(*key));
    return settled(path_.rank(what));
  }

  /// The same of a lower bound; none when that is nothing.
  Result<std::uint64_t> start(std::optional<Bytes> from, CountOf what) {
    if (!from) return 0;
    return before(from, what);
  }

  Result<std::uint64_t> between(std::optional<Bytes> from, std::optional<Bytes> to, CountOf what) {
    if (from && to && compare(*from, *to) >= 0) return 0;
    KIST_ASSIGN(const std::uint64_t first, start(from, what));
    KIST_ASSIGN(const std::uint64_t last, before(to, what));
    return last < first ? 0 : last - first;
  }

  /// A key, and how many records come before it.
  struct Place {
    std::string key;
    std::uint64_t before = 0;
  };

  /// The key whose first record is nearest to record number `n`: behind number `begin`, where there
  /// is such a key, and before number `end`.
  Result<Place> nearest_key(std::uint64_t n, std::uint64_t begin, std::uint64_t end) {
    KIST_ASSIGN(const bool found, path_.nth(n, CountOf::kPairs));
    if (!found) return std::unexpected(ends_early());
    std::uint64_t first = n;
    if (path_.multi()) {
      KIST_ASSIGN(const std::uint64_t inside, path_.group().rank());
      first -= std::min(inside, first);
      const std::uint64_t size = path_.group().count();
      const bool next_is_better = first <= begin || first + size - n < inside;
      if (inside != 0 && next_is_better && size < end - first) {
        KIST_ASSIGN(const bool moved, path_.next_key());
        if (!moved) return std::unexpected(ends_early());
        first += size;
      }
    }
    const LeafRecord record = path_.record();
    if (record.key == nullptr) {
      return std::unexpected(path_.main().damaged("a record lies outside the page"));
    }
    return settled(Result<Place>(Place{to_string(record.key_bytes()), first}));
  }

  /// The error of a table that has fewer records than its root says; it may have no page at all.
  Error ends_early() const {
    constexpr const char* kWhat = "a table ends before its count";
    const TreePath& main = path_.main();
    return main.placed() ? main.damaged(kWhat)
                         : snapshot_.view.pager().damage(main.root().page, kWhat);
  }

  /// Record, or key, number `n`; nothing behind the last.
  Result<std::optional<Record>> nth(std::uint64_t n, CountOf what) {
    if (n >= count(what)) return std::optional<Record>();
    KIST_ASSIGN(const bool found, path_.nth(n, what));
    if (!found) return std::optional<Record>();
    const LeafRecord record = path_.record();
    const StoredValue value = path_.value();
    if (record.key == nullptr || value.bytes.data() == nullptr) {
      return std::unexpected(path_.main().damaged("a record lies outside the page"));
    }
    Bytes bytes = value.bytes;
    if (value.indirect) {
      KIST_ASSIGN(bytes, snapshot_.view.large_value(value.bytes.data()));
    }
    return settled(Result<std::optional<Record>>(Record{record.key_bytes(), bytes}));
  }

 private:
  Counter(Snapshot& snapshot, const TableState& state)
      : snapshot_(snapshot), shape_(state.shape), root_(state.record.root) {
    path_.reset(snapshot.view, state.shape, state.values, root_);
  }

  template <typename T>
  Result<T> settled(Result<T> result) const {
    if (snapshot_.view.map_damaged()) return std::unexpected(snapshot_.unreadable());
    return result;
  }

  Snapshot& snapshot_;
  TreeShape shape_;
  Ref root_;
  RecordPath path_;
};

}  // namespace

Result<std::uint64_t> Txn::rank(Table table, Bytes key, CountOf what) const {
  KIST_ASSIGN(Counter counter, Counter::over(snapshot_, table));
  return counter.before(key, what);
}

Result<std::uint64_t> Txn::count_range(Table table, std::optional<Bytes> from,
                                       std::optional<Bytes> to, CountOf what) const {
  KIST_ASSIGN(Counter counter, Counter::over(snapshot_, table));
  return counter.between(from, to, what);
}

Result<std::uint64_t> Txn::count_prefix(Table table, Bytes prefix, CountOf what) const {
  KIST_ASSIGN(Counter counter, Counter::over(snapshot_, table));
  if (!counter.byte_order()) {
    return fail(ErrorCode::kMisuse, snapshot_->environment->path +
                                        ": the table is not in byte order, where keys of "
                                        "one prefix lie together");
  }
  const std::optional<std::string> end = end_of_prefix(prefix);
  return counter.between(prefix, end ? std::optional(as_bytes(*end)) : std::nullopt, what);
}

Result<std::optional<Record>> Txn::nth(Table table, std::uint64_t n, CountOf what) const {
  KIST_ASSIGN(Counter counter, Counter::over(snapshot_, table));
  return counter.nth(n, what);
}

Result<std::vector<std::string>> Txn::split(Table table, std::size_t parts,
                                            std::optional<Bytes> from,
                                            std::optional<Bytes> to) const {
  if (parts == 0) return fail(ErrorCode::kInvalidArgument, "split into no parts");
  KIST_ASSIGN(Counter counter, Counter::over(snapshot_, table));
  KIST_ASSIGN(const std::uint64_t records, counter.between(from, to, CountOf::kPairs));
  std::vector<std::string> cuts;
  if (records == 0) return cuts;
  KIST_ASSIGN(const std::uint64_t start, counter.start(from, CountOf::kPairs));
  // A part needs a key, and a key has a record.
  const std::uint64_t most = std::min<std::uint64_t>(parts, records);
  std::uint64_t last_cut = start;
  for (std::uint64_t i = 1; i < most; ++i) {
    const std::uint64_t share = records / most * i + records % most * i / most;
    // In a multimap that record may lie inside a group, which no cut divides.
    KIST_ASSIGN(Counter::Place cut, counter.nearest_key(start + share, last_cut, start + records));
    if (cut.before <= last_cut) continue;
    last_cut = cut.before;
    cuts.push_back(std::move(cut.key));
  }
  return cuts;
}

Result<std::vector<Record>> Txn::sample(Table table, std::size_t n, std::uint64_t seed) const {
  KIST_ASSIGN(Counter counter, Counter::over(snapshot_, table));
  std::vector<Record> records;
  const std::uint64_t count = counter.count(CountOf::kPairs);
  if (count == 0) return records;
  std::mt19937_64 random(seed);
  // Not a distribution of the standard library, whose numbers differ between implementations.
  const std::uint64_t fair = count * (std::mt19937_64::max() / count);
  while (records.size() < n) {
    const std::uint64_t draw = random();
    if (draw >= fair) continue;
    KIST_ASSIGN(const std::optional<Record> record, counter.nth(draw % count, CountOf::kPairs));
    if (!record) {
      return fail(ErrorCode::kDamaged, snapshot_->environment->path +
                                           ": a table has fewer records than its root counts");
    }
    records.push_back(*record);
  }
  return records;
}

}  // namespace kist::engine
