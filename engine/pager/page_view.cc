#include "engine/pager/page_view.h"

#include <fmt/format.h>

#include "engine/pager/pending_values.h"

namespace kist::engine {

const std::uint8_t* PageView::fetch_slow(Ref ref, std::uint32_t kind) const {
  if ((ref.flags & kRefDirty) != 0) {
    const std::uint8_t* page = arena_ != nullptr ? arena_->page(ref.page) : nullptr;
    if (page == nullptr || load32(page + page_layout::kType) != kind) {
      error_ = pager_->damage(ref.page, "a stored reference is marked as being in memory");
      return nullptr;
    }
    return page;
  }
  const std::uint64_t first = first_page(pager_->page_size());
  if (ref.page < first || ref.page >= limit_) {
    error_ = pager_->damage(
        ref.page, fmt::format("referred to, outside the snapshot's pages {} to {}", first, limit_));
    return nullptr;
  }
  const std::uint8_t* page = base_ + (ref.page << shift_);
  if (pager_->verifying()) {
    if (auto verified = pager_->verify_tree_page(page, ref, kind); !verified) {
      error_ = map_damaged() ? damaged_map() : std::move(verified).error();
      return nullptr;
    }
  } else if (load32(page + page_layout::kType) != kind) {
    error_ = pager_->damage(ref.page, "is not of the type and level that its parent recorded");
    return nullptr;
  }
  std::atomic_ref(verified_[ref.page]).store(ref.birth, std::memory_order_relaxed);
  return page;
}

const std::uint8_t* PageView::fetch_stored(const std::uint8_t* stored, std::uint32_t kind) const {
  return fetch_slow(load_ref(stored), kind);
}

Result<Bytes> PageView::large_value(const std::uint8_t* stored_ref) const {
  auto value = verified_value(stored_ref);
  if (!value && condemned()) return std::unexpected(damaged_map());
  return value;
}

Result<Bytes> PageView::verified_value(const std::uint8_t* stored_ref) const {
  const Ref ref = load_ref(stored_ref);
  KIST_ASSIGN(const Bytes value, value_behind(stored_ref, ref));
  if ((ref.flags & kRefDirty) != 0) return value;
  const std::uint8_t* run = value.data() - overflow_layout::kValue;
  std::atomic_ref verified(verified_[ref.page]);
  if (verified.load(std::memory_order_relaxed) != ref.birth) {
    if (pager_->verifying()) KIST_TRY(pager_->verify_overflow(run, ref));
    verified.store(ref.birth, std::memory_order_relaxed);
  } else if (load64(run + overflow_layout::kLength) != ref.count) {
    return std::unexpected(pager_->damage(ref.page, "run and record differ about its length"));
  }
  return value;
}

Result<void> PageView::check_run(const std::uint8_t* stored_ref) const {
  const Ref ref = load_ref(stored_ref);
  KIST_ASSIGN(const Bytes value, value_behind(stored_ref, ref));
  if ((ref.flags & kRefDirty) != 0) return {};
  const std::uint8_t* run = value.data() - overflow_layout::kValue;
  const Result<void> checked = pager_->verify_overflow_header(run, ref);
  return checked || !condemned() ? checked : std::unexpected(damaged_map());
}

Result<Bytes> PageView::unverified_value(const std::uint8_t* stored_ref) const {
  return value_behind(stored_ref, load_ref(stored_ref));
}

Result<Bytes> PageView::value_behind(const std::uint8_t* stored_ref, const Ref& ref) const {
  if ((ref.flags & kRefDirty) != 0) {
    // Only a dirty page can refer to a value in memory: in a stored one such a ref is forged.
    if (mapped(stored_ref) || values_ == nullptr || !values_->holds(ref.page)) {
      return std::unexpected(
          pager_->damage(ref.page, "a stored reference to a value is marked as being in memory"));
    }
    return values_->bytes(ref.page);
  }
  if (ref.count > kMaxValueSize || ref.page < first_page(pager_->page_size()) ||
      ref.page >= limit_ || overflow_pages(ref.count, pager_->page_size()) > limit_ - ref.page) {
    return std::unexpected(pager_->damage(
        ref.page, fmt::format("overflow run of {} bytes lies outside the file", ref.count)));
  }
  return Bytes(base_ + (ref.page << shift_) + overflow_layout::kValue, ref.count);
}

Error PageView::damaged_page(const std::uint8_t* page, const char* what) const {
  if (condemned()) return damaged_map();
  return pager_->damage(load48(page + page_layout::kNumber), what);
}

Error PageView::damaged_at(const std::uint8_t* at, const char* what) const {
  if (condemned()) return damaged_map();
  if (mapped(at)) return pager_->damage(static_cast<std::uint64_t>(at - base_) >> shift_, what);
  return Error{ErrorCode::kDamaged, fmt::format("{}: in a changed page, {}", pager_->path(), what)};
}

Error PageView::damaged_map() const {
  if (condemned()) {
    return Error{
        ErrorCode::kTransactionEnded,
        pager_->path() + ": the write transaction whose uncommitted state was read has ended"};
  }
  return Error{ErrorCode::kDamaged,
               fmt::format("{}: part of the file could not be read (cut short, or an I/O error)",
                           pager_->path())};
}

}  // namespace kist::engine
