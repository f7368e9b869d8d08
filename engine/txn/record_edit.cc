#include "engine/txn/record_edit.h"

#include <algorithm>
#include <array>

#include "engine/tree/tree_reader.h"
#include "engine/txn/write_access.h"

namespace kist::engine {

Result<bool> RecordEdit::seek(Bytes key) {
  key_ = key;
  KIST_ASSIGN(found_, tree_.seek(key));
  return found_;
}

Result<Bytes> RecordEdit::value() const {
  return value_of(state_.context.view, tree_.record());
}

Result<bool> RecordEdit::holds(Bytes value) const {
  if (!found_) return false;
  const LeafRecord& record = tree_.record();
  if (!record.indirect) return std::ranges::equal(record.value_bytes(), value);
  if (load_ref(record.value()).count != value.size()) return false;
  // Comparing first spares verifying what is about to be given up.
  KIST_ASSIGN(const Bytes present, state_.context.view.unverified_value(record.value()));
  if (!std::ranges::equal(present, value)) return false;
  KIST_TRY(this->value());
  return true;
}

template <typename Function>
Result<void> RecordEdit::change(Function function) {
  return guarded(snapshot_, state_, [&]() -> Result<void> {
    KIST_TRY(function());
    table_.dirty = true;
    return {};
  });
}

Result<void> RecordEdit::store(Bytes value) {
  return change([&]() -> Result<void> {
    const auto page_size = static_cast<std::uint32_t>(state_.context.view.page_size());
    // A comparator may have taken another key for the same; then that one stays.
    const std::size_t key_size = found_ ? tree_.record().key_size : key_.size();
    if (value_fits_inline(page_size, key_size, value.size())) return tree_.store(value, false);
    std::array<std::uint8_t, ref_layout::kSize> reference;
    KIST_ASSIGN(const Ref ref, state_.add_large(value));
    store_ref(reference.data(), ref);
    return tree_.store(reference, true);
  });
}

Result<void> RecordEdit::store(const Ref& value) {
  return change([&]() -> Result<void> {
    std::array<std::uint8_t, ref_layout::kSize> reference;
    store_ref(reference.data(), value);
    return tree_.store(reference, true);
  });
}

Result<void> RecordEdit::erase() {
  return change([&] { return tree_.erase(); });
}

}  // namespace kist::engine
