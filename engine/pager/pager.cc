#include "engine/pager/pager.h"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "engine/base/checksum.h"
#include "engine/format/overflow.h"

namespace kist::engine {

Result<std::unique_ptr<Pager>> Pager::open(const os::File& file, std::string path,
                                           std::uint32_t page_size, std::uint64_t seed,
                                           std::uint64_t file_pages, bool verify,
                                           os::MapRoom room) {
  std::unique_ptr<Pager> pager(new Pager(file, std::move(path), page_size, seed, verify, room));
  KIST_TRY(pager->map(file_pages));
  return pager;
}

Result<void> Pager::map(std::uint64_t file_pages) {
  auto generation = std::make_shared<MapGeneration>();
  KIST_ASSIGN(generation->mapping, os::Mapping::map(file_, file_pages * page_size_, room_));
  generation->pages = generation->mapping->size() / page_size_;
  KIST_ASSIGN(generation->verified,
              os::ReservedArray::reserve(generation->pages * sizeof(std::uint64_t)));
  current_.store(generation.get(), std::memory_order_release);
  if (room_ == os::MapRoom::kTight) {
    // Nobody but this list has them, and only this list, which is locked, gives them out.
    std::erase_if(generations_, [](const auto& old) { return old.use_count() == 1; });
  }
  generations_.push_back(std::move(generation));
  return {};
}

std::size_t Pager::maps() const {
  const std::lock_guard lock(mutex_);
  return generations_.size();
}

Result<MapHold> Pager::cover(std::uint64_t file_pages) {
  // Maps that stay are given out without being counted: readers would contend for the count.
  const auto uncounted = [](const MapGeneration* map) { return MapHold(MapHold(), map); };
  if (room_ == os::MapRoom::kReserved) [[likely]] {
    const MapGeneration* generation = current_.load(std::memory_order_acquire);
    if (generation->pages >= file_pages) [[likely]]
      return uncounted(generation);
  }
  const std::lock_guard lock(mutex_);
  if (generations_.back()->pages < file_pages) KIST_TRY(map(file_pages));
  if (room_ == os::MapRoom::kReserved) return uncounted(generations_.back().get());
  return generations_.back();
}

void Pager::forget(std::uint64_t page, std::uint64_t pages) {
  const std::lock_guard lock(mutex_);
  for (const auto& generation : generations_) {
    auto* const verified = reinterpret_cast<std::uint64_t*>(generation->verified.data());
    for (std::uint64_t i = page; i < page + pages && i < generation->pages; ++i) {
      std::atomic_ref seen(verified[i]);
      // Most were never looked at: their part of the array takes up no memory, and should not.
      if (seen.load(std::memory_order_relaxed) != 0) seen.store(0, std::memory_order_relaxed);
    }
  }
}

void Pager::wrote(std::span<const Run> runs, std::uint64_t birth) {
  if (!verify_) return;
  const std::lock_guard lock(mutex_);
  const MapGeneration& map = *generations_.back();
  auto* const verified = reinterpret_cast<std::uint64_t*>(map.verified.data());
  for (const Run& run : runs) {
    for (std::uint64_t page = run.start; page < run.end() && page < map.pages; ++page) {
      std::atomic_ref(verified[page]).store(birth, std::memory_order_relaxed);
    }
  }
}

std::optional<std::uint64_t> Pager::page_of(const std::uint8_t* byte) const {
  const std::lock_guard lock(mutex_);
  for (const auto& generation : generations_) {
    // std::less orders pointers into different objects, too.
    const std::uint8_t* start = generation->mapping->data();
    const std::uint8_t* end = start + generation->mapping->size();
    if (!std::less<>()(byte, start) && std::less<>()(byte, end)) {
      return static_cast<std::uint64_t>(byte - start) / page_size_;
    }
  }
  return std::nullopt;
}

Error Pager::damage(std::uint64_t page, const std::string& what) const {
  return Error{ErrorCode::kDamaged, fmt::format("{}: page {}: {}", path_, page, what)};
}

Result<void> Pager::verify_header(const std::uint8_t* bytes, const Ref& ref,
                                  std::uint32_t kind) const {
  const std::uint64_t number = load48(bytes + page_layout::kNumber);
  const std::uint64_t birth = load48(bytes + page_layout::kBirth);
  const std::uint32_t found = load32(bytes + page_layout::kType);
  if (number != ref.page) {
    return std::unexpected(damage(ref.page, fmt::format("carries the number {}", number)));
  }
  if (birth != ref.birth) {
    return std::unexpected(damage(
        ref.page, fmt::format("born in transaction {}, its parent recorded {}", birth, ref.birth)));
  }
  if (found != kind) {
    return std::unexpected(damage(
        ref.page, fmt::format("type, version and level are {:08x}, expected {:08x}", found, kind)));
  }
  const std::uint64_t sum = load64(bytes + page_layout::kChecksum);
  if (static_cast<std::uint32_t>(sum) != ref.checksum) {
    return std::unexpected(damage(ref.page, "has another checksum than its parent recorded"));
  }
  return {};
}

Result<void> Pager::verify_tree_page(const std::uint8_t* bytes, const Ref& ref,
                                     std::uint32_t kind) const {
  pages_verified_.fetch_add(1, std::memory_order_relaxed);
  KIST_TRY(verify_header(bytes, ref, kind));
  const std::uint64_t found = load64(bytes + page_layout::kChecksum);
  const std::uint64_t computed =
      checksum(bytes + page_layout::kNumber, page_size_ - page_layout::kNumber, seed_);
  if (found != computed) {
    return std::unexpected(damage(
        ref.page,
        fmt::format("checksum {:016x} does not match its content {:016x}", found, computed)));
  }
  return {};
}

Result<void> Pager::verify_overflow_header(const std::uint8_t* bytes, const Ref& ref) const {
  KIST_TRY(verify_header(bytes, ref, page_kind(PageType::kOverflow, 0)));
  const std::uint64_t length = load64(bytes + overflow_layout::kLength);
  if (length != ref.count) {
    return std::unexpected(
        damage(ref.page, fmt::format("run holds {} bytes, its record says {}", length, ref.count)));
  }
  if (load64(bytes + page_layout::kChecksum) !=
      checksum(bytes + page_layout::kNumber, overflow_layout::kValue - page_layout::kNumber,
               seed_)) {
    return std::unexpected(damage(ref.page, "checksum of the run's header does not match"));
  }
  return {};
}

Result<void> Pager::verify_overflow(const std::uint8_t* bytes, const Ref& ref) const {
  KIST_TRY(verify_overflow_header(bytes, ref));
  const std::uint64_t length = ref.count;
  const std::uint64_t chunks = overflow_chunks(length);
  const std::uint8_t* table = bytes + overflow_table_offset(length);
  if (load64(bytes + overflow_layout::kTableChecksum) != checksum(table, 8 * chunks, seed_)) {
    return std::unexpected(damage(ref.page, "checksum of the run's chunk table does not match"));
  }
  for (std::uint64_t i = 0; i < chunks; ++i) {
    const std::uint64_t at = i * overflow_layout::kChunk;
    const std::size_t size = std::min<std::uint64_t>(overflow_layout::kChunk, length - at);
    const std::uint64_t key = overflow_chunk_seed(seed_, ref.page, ref.birth, i);
    if (load64(table + 8 * i) != checksum(bytes + overflow_layout::kValue + at, size, key)) {
      return std::unexpected(
          damage(ref.page,
                 fmt::format("value bytes {} to {} do not match their checksum", at, at + size)));
    }
  }
  return {};
}

}  // namespace kist::engine
