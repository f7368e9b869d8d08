#include "engine/tree/record_path.h"

#include "engine/tree/tree_reader.h"

namespace kist::engine {

Result<void> RecordPath::enter_group() {
  const LeafRecord record = main_.record();
  if (record.key == nullptr) return std::unexpected(main_.damaged("contradicts itself"));
  return group_.enter(*view_, record, values_);
}

/// Stands on the first or last record of the key that the main tree's path stands on.
Result<bool> RecordPath::enter(bool at_end) {
  if (!multi()) return true;
  KIST_TRY(enter_group());
  return at_end ? group_.last() : group_.first();
}

Result<bool> RecordPath::first() {
  group_.leave();
  KIST_ASSIGN(const bool any, main_.first());
  return any ? enter(false) : Result<bool>(false);
}

Result<bool> RecordPath::last() {
  group_.leave();
  KIST_ASSIGN(const bool any, main_.last());
  return any ? enter(true) : Result<bool>(false);
}

Result<bool> RecordPath::lower_bound(Bytes key) {
  group_.leave();
  KIST_ASSIGN(const bool found, main_.lower_bound(key));
  return found ? enter(false) : Result<bool>(false);
}

Result<bool> RecordPath::lower_bound(Bytes key, Bytes value) {
  group_.leave();
  KIST_ASSIGN(const bool found, main_.lower_bound(key));
  if (!found) return false;
  if (multi()) {
    KIST_TRY(enter_group());
    return group_.lower_bound(value);
  }
  const LeafRecord record = main_.record();
  if (record.key == nullptr) return std::unexpected(main_.damaged("contradicts itself"));
  KIST_ASSIGN(const Bytes present, value_of(*view_, record));
  const int order = compare_keys(present.data(), present.size(), value.data(), value.size());
  if (order < 0) main_.set_index(main_.index() + 1);
  return order == 0;
}

Result<bool> RecordPath::nth(std::uint64_t n, CountOf what) {
  group_.leave();
  std::uint64_t rest = n;
  KIST_ASSIGN(const bool there, main_.nth(rest, what));
  if (!there || !multi()) return there;
  KIST_TRY(enter_group());
  return group_.nth(rest);
}

Result<bool> RecordPath::settle() {
  if (multi() && group_.entered()) {
    KIST_ASSIGN(const bool on, group_.settle());
    return on ? Result<bool>(true) : next_key();
  }
  KIST_ASSIGN(const bool on, main_.settle());
  return on ? enter(false) : Result<bool>(false);
}

Result<bool> RecordPath::forward() {
  if (multi()) {
    KIST_ASSIGN(const bool moved, group_.forward());
    if (moved) return true;
  }
  return next_key();
}

Result<bool> RecordPath::back() {
  if (multi() && group_.entered()) {
    KIST_ASSIGN(const bool moved, group_.back());
    if (moved) return true;
  }
  return prev_key();
}

Result<bool> RecordPath::next_key() {
  KIST_ASSIGN(const bool moved, main_.forward());
  return moved ? enter(false) : Result<bool>(false);
}

Result<bool> RecordPath::prev_key() {
  KIST_ASSIGN(const bool moved, main_.back());
  return moved ? enter(true) : Result<bool>(false);
}

bool RecordPath::at_first() const {
  return main_.at_first() && (!multi() || group_.at_first());
}

bool RecordPath::at_last() const {
  return main_.at_last() && (!multi() || group_.at_last());
}

Result<std::uint64_t> RecordPath::rank(CountOf what) const {
  KIST_ASSIGN(const std::uint64_t before, main_.rank(what));
  if (what == CountOf::kKeys || !multi() || !group_.entered()) return before;
  KIST_ASSIGN(const std::uint64_t inside, group_.rank());
  return before + inside;
}

StoredValue RecordPath::value() const {
  if (multi()) return group_.value();
  const LeafRecord record = main_.record();
  if (record.key == nullptr) return {};
  return {record.value_bytes(), record.indirect};
}

}  // namespace kist::engine
