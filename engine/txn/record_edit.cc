#include "engine/txn/record_edit.h"

#include <algorithm>
#include <array>

#include "engine/tree/tree_reader.h"
#include "engine/txn/write_access.h"

namespace kist::engine {
namespace {

// One change of many records holds about so much: then the transaction may look after its memory.
constexpr std::size_t kBytesAtOnce = std::size_t{256} << 10;

}  // namespace

Result<bool> RecordEdit::seek(Bytes key) {
  key_ = key;
  KIST_ASSIGN(found_, tree_.seek_on(key));
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
Result<void> RecordEdit::change(Function function, Room room) {
  return guarded(
      snapshot_, state_,
      [&]() -> Result<void> {
        KIST_TRY(function());
        state_.keep_writer();
        table_.dirty = true;
        return {};
      },
      room);
}

bool RecordEdit::fits_inline(std::size_t value_size) const {
  const auto page_size = static_cast<std::uint32_t>(state_.context.view.page_size());
  // A comparator may have taken another key for the same; then that one stays.
  const std::size_t key_size = found_ ? tree_.record().key_size : key_.size();
  return value_fits_inline(page_size, key_size, value_size);
}

Result<void> RecordEdit::place(Bytes value) {
  if (fits_inline(value.size())) return tree_.store(value, false);
  std::array<std::uint8_t, ref_layout::kSize> reference;
  KIST_ASSIGN(const Ref ref, state_.add_large(value));
  store_ref(reference.data(), ref);
  return tree_.store(reference, true);
}

Result<void> RecordEdit::store(Bytes value) {
  return change([&] { return place(value); });
}

Result<void> RecordEdit::place_zeros(std::size_t size, std::span<std::uint8_t>& room) {
  if (fits_inline(size)) {
    const std::string key = to_string(key_);  // which may lie where the record is put
    KIST_TRY(tree_.store(std::vector<std::uint8_t>(size), false));
    KIST_TRY(tree_.seek(as_bytes(key)));
    room = tree_.writable_value();
    return {};
  }
  std::array<std::uint8_t, ref_layout::kSize> reference;
  const Ref ref = state_.context.values.add_zeros(size);
  store_ref(reference.data(), ref);
  KIST_TRY(tree_.store(reference, true));
  room = state_.context.values.writable(ref.page);
  return {};
}

Result<std::span<std::uint8_t>> RecordEdit::reserve(std::size_t size) {
  std::span<std::uint8_t> room;
  KIST_TRY(change([&] { return place_zeros(size, room); }, Room::kLater));
  return room;
}

/// Cuts off the records that need no change, up to the first that does, which is sought then. False
/// when none does.
Result<bool> RecordEdit::skip_present(std::span<const Record>& records, PutMode mode,
                                      std::uint64_t& stored) {
  for (; !records.empty(); records = records.subspan(1)) {
    key_ = records.front().key;
    KIST_ASSIGN(found_, tree_.seek_on(key_));
    if (mode == PutMode::kIfAbsent && found_) continue;
    if (mode == PutMode::kIfPresent && !found_) continue;
    if (!holds(records.front().value).value_or(false)) return true;
    ++stored;
  }
  return false;
}

Result<void> RecordEdit::store_some(std::span<const Record>& records, PutMode mode,
                                    std::uint64_t& stored) {
  KIST_ASSIGN(bool more, skip_present(records, mode, stored));
  if (!more) return {};
  return change([&]() -> Result<void> {
    for (std::size_t bytes = 0; more && bytes < kBytesAtOnce;) {
      const Record& record = records.front();
      bytes += record.key.size() + record.value.size();
      KIST_TRY(place(record.value));
      ++stored;
      records = records.subspan(1);
      KIST_ASSIGN(more, skip_present(records, mode, stored));
    }
    return {};
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
