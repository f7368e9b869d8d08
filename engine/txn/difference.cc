#include <algorithm>

#include <kist/engine/difference.h>
#include <kist/engine/txn.h>

#include "engine/tree/group.h"
#include "engine/tree/tree_difference.h"
#include "engine/tree/tree_reader.h"
#include "engine/txn/environment.h"
#include "engine/txn/snapshot.h"
#include "engine/txn/table_options.h"

namespace kist::engine {
namespace {

/// One of the two transactions, as it was when the difference began.
struct Side {
  std::shared_ptr<Snapshot> snapshot;
  std::uint64_t writes = 0;

  Result<void> check() const {
    KIST_TRY(snapshot->usable());
    if (snapshot->write_count() != writes) {
      return fail(ErrorCode::kCursorInvalid,
                  "the transaction has written since the difference began");
    }
    return {};
  }
  const PageView& view() const { return snapshot->view; }
};

/// The group of a record, or nothing where there is no record.
std::optional<Group> group_of(const LeafRecord& record, const TreeShape& values) {
  if (record.key == nullptr) return std::nullopt;
  return Group(record, values);
}

}  // namespace

class Difference::State {
 public:
  State(Side before, Side after, const TreeShape& shape, const TreeShape& values)
      : before_(std::move(before)),
        after_(std::move(after)),
        shape_(shape),
        values_(values),
        records_(before_.view(), after_.view(), shape_),
        pairs_(before_.view(), after_.view(), values_) {}

  void start(const Ref& before, const Ref& after) { records_.start(before, after); }

  Result<bool> next() {
    key_ = {};
    old_value_.reset();
    new_value_.reset();
    KIST_TRY(before_.check());
    KIST_TRY(after_.check());
    auto more = shape_.multi ? next_pair() : next_record();
    if (before_.view().map_damaged()) return std::unexpected(before_.snapshot->unreadable());
    if (after_.view().map_damaged()) return std::unexpected(after_.snapshot->unreadable());
    return more;
  }

  Bytes key() const { return key_; }
  std::optional<Bytes> old_value() const { return old_value_; }
  std::optional<Bytes> new_value() const { return new_value_; }
  std::uint64_t pages_visited() const { return records_.pages_visited() + pairs_.pages_visited(); }

 private:
  Result<bool> next_record() {
    for (;;) {
      old_value_.reset();
      new_value_.reset();
      KIST_ASSIGN(const bool more, records_.next());
      if (!more) return false;
      const LeafRecord& old_record = records_.before();
      const LeafRecord& new_record = records_.after();
      const bool both = old_record.key != nullptr && new_record.key != nullptr;
      if (both && same_bytes(old_record, new_record)) continue;
      if (old_record.key != nullptr) {
        KIST_ASSIGN(old_value_, value_of(before_.view(), old_record));
      }
      if (new_record.key != nullptr) {
        KIST_ASSIGN(new_value_, value_of(after_.view(), new_record));
      }
      if (both && std::ranges::equal(*old_value_, *new_value_)) continue;
      key_ = records_.key();
      return true;
    }
  }

  Result<bool> next_pair() {
    for (;;) {
      KIST_ASSIGN(const bool more, pairs_.next());
      if (!more) {
        KIST_ASSIGN(const bool more_keys, next_group());
        if (!more_keys) return false;
        continue;
      }
      const bool old_only = pairs_.after().key == nullptr;
      if (!old_only && pairs_.before().key != nullptr) continue;
      key_ = records_.key();
      (old_only ? old_value_ : new_value_) = pairs_.key();
      return true;
    }
  }

  /// Goes to the next key whose group is another one.
  Result<bool> next_group() {
    for (;;) {
      KIST_ASSIGN(const bool more, records_.next());
      if (!more) return false;
      if (records_.before().key != nullptr && records_.after().key != nullptr &&
          same_bytes(records_.before(), records_.after())) {
        continue;
      }
      const std::optional<Group> old_group = group_of(records_.before(), values_);
      const std::optional<Group> new_group = group_of(records_.after(), values_);
      KIST_TRY(pairs_.start(old_group ? &*old_group : nullptr, new_group ? &*new_group : nullptr));
      return true;
    }
  }

  /// Values in equal bytes are equal, large ones and groups, too: references name page and birth.
  static bool same_bytes(const LeafRecord& a, const LeafRecord& b) {
    return a.indirect == b.indirect && std::ranges::equal(a.value_bytes(), b.value_bytes());
  }

  Side before_;
  Side after_;
  TreeShape shape_;
  TreeShape values_;
  TreeDifference records_;
  TreeDifference pairs_;
  Bytes key_;
  std::optional<Bytes> old_value_;
  std::optional<Bytes> new_value_;
};

Result<Difference> Difference::between(const Txn& before, const Txn& after, Table table) {
  const auto side_of = [](const Txn& txn) -> Result<Side> {
    if (!txn.snapshot_) return fail(ErrorCode::kTransactionEnded, "the transaction has ended");
    KIST_TRY(txn.snapshot_->usable());
    return Side{txn.snapshot_, txn.snapshot_->write_count()};
  };
  KIST_ASSIGN(Side old_side, side_of(before));
  KIST_ASSIGN(Side new_side, side_of(after));
  if (old_side.snapshot->environment != new_side.snapshot->environment) {
    return fail(ErrorCode::kMisuse, "the two transactions are of different databases");
  }
  // Looked up before pointers are kept: the second may be in the same snapshot.
  KIST_TRY(old_side.snapshot->table(table));
  KIST_ASSIGN(const TableState* new_table, new_side.snapshot->table(table));
  KIST_ASSIGN(const TableState* old_table, old_side.snapshot->table(table));
  const bool in_old = old_table->presence == TableState::Presence::kPresent;
  const bool in_new = new_table->presence == TableState::Presence::kPresent;
  if (in_old && in_new && options_of(*old_table) != options_of(*new_table)) {
    return fail(ErrorCode::kMisuse,
                "the table was created anew with other options between the two snapshots");
  }
  if (in_old) KIST_TRY(old_side.snapshot->present(table));
  if (in_new) KIST_TRY(new_side.snapshot->present(table));
  const TableState& known = in_new ? *new_table : *old_table;
  auto state =
      std::make_unique<State>(std::move(old_side), std::move(new_side), known.shape, known.values);
  state->start(in_old ? old_table->record.root : Ref{}, in_new ? new_table->record.root : Ref{});
  return Difference(std::move(state));
}

Difference::Difference(std::unique_ptr<State> state) : state_(std::move(state)) {}
Difference::Difference(Difference&&) noexcept = default;
Difference& Difference::operator=(Difference&&) noexcept = default;
Difference::~Difference() = default;

Result<bool> Difference::next() {
  return state_->next();
}
Bytes Difference::key() const {
  return state_->key();
}
std::optional<Bytes> Difference::before() const {
  return state_->old_value();
}
std::optional<Bytes> Difference::after() const {
  return state_->new_value();
}
std::uint64_t Difference::pages_visited() const {
  return state_->pages_visited();
}

}  // namespace kist::engine
