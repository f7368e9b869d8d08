#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <kist/engine/bytes.h>
#include <kist/engine/error.h>

#include "engine/format/page.h"
#include "engine/format/ref.h"
#include "engine/os/file.h"
#include "engine/os/mapping.h"
#include "engine/space/run.h"

namespace kist::engine {

/// One map of the data file and what this process has verified in it. Usually a map reserves far
/// more address space than the file has, so a new one is needed only when the file outgrows the
/// reservation, and old ones stay until the environment closes, because readers may hold pointers
/// into them. Where address space is short, maps are as long as the file, and old ones live as long
/// as somebody holds them.
struct MapGeneration {
  std::unique_ptr<os::Mapping> mapping;
  os::ReservedArray verified;  ///< One u64 a page: the birth under which it was found whole.
  std::uint64_t pages = 0;     ///< Pages that the mapping spans.
};

/// Keeps a map for its user. Counts nothing where maps stay anyway.
using MapHold = std::shared_ptr<const MapGeneration>;

/// Gives access to the pages of the mapped file and finds damage at first touch. Thread-safe.
class Pager {
 public:
  /// Maps `file`, which stays owned by the caller.
  static Result<std::unique_ptr<Pager>> open(const os::File& file, std::string path,
                                             std::uint32_t page_size, std::uint64_t seed,
                                             std::uint64_t file_pages, bool verify,
                                             os::MapRoom room = os::MapRoom::kReserved);

  /// The current map, spanning at least `file_pages`; maps anew when it does not. Good while it is
  /// held.
  Result<MapHold> cover(std::uint64_t file_pages);
  /// Maps that are still there.
  std::size_t maps() const;

  /// Forgets that [page, page + pages) were found whole, because they are about to be written again
  /// under the birth that they have. Nobody may be reading them.
  void forget(std::uint64_t page, std::uint64_t pages);
  /// Notes that these tree pages need no verification, because this process has just made and
  /// written them, under the birth `birth`.
  void wrote(std::span<const Run> runs, std::uint64_t birth);
  /// The page that a byte belongs to when it lies in a map of the file, an old one included.
  std::optional<std::uint64_t> page_of(const std::uint8_t* byte) const;

  std::uint32_t page_size() const { return page_size_; }
  std::uint64_t seed() const { return seed_; }
  const std::string& path() const { return path_; }

  /// Holds a tree page against what its parent recorded, number, birth and checksum, and against
  /// the `kind` that its tree asks for. `bytes` points to page_size() mapped bytes.
  Result<void> verify_tree_page(const std::uint8_t* bytes, const Ref& ref,
                                std::uint32_t kind) const;
  /// Holds a whole overflow run against the record that refers to it, the value's chunks included.
  /// `bytes` points to all mapped pages of the run.
  Result<void> verify_overflow(const std::uint8_t* bytes, const Ref& ref) const;
  /// The first part of that: the run's header, of which `bytes` holds a copy or the original.
  Result<void> verify_overflow_header(const std::uint8_t* bytes, const Ref& ref) const;
  bool verifying() const { return verify_; }
  /// Tree pages held against their parents so far.
  std::uint64_t pages_verified() const { return pages_verified_.load(std::memory_order_relaxed); }

  /// A kDamaged error that names the file and the page.
  Error damage(std::uint64_t page, const std::string& what) const;

 private:
  Pager(const os::File& file, std::string path, std::uint32_t page_size, std::uint64_t seed,
        bool verify, os::MapRoom room)
      : file_(file),
        path_(std::move(path)),
        page_size_(page_size),
        seed_(seed),
        verify_(verify),
        room_(room) {}
  Result<void> map(std::uint64_t file_pages);
  Result<void> verify_header(const std::uint8_t* bytes, const Ref& ref, std::uint32_t kind) const;

  const os::File& file_;
  std::string path_;
  std::uint32_t page_size_;
  std::uint64_t seed_;
  bool verify_;
  os::MapRoom room_;
  mutable std::atomic<std::uint64_t> pages_verified_{0};
  mutable std::mutex mutex_;                                 // guards generations_
  std::vector<std::shared_ptr<MapGeneration>> generations_;  // the newest is the current one
  std::atomic<const MapGeneration*> current_{nullptr};
};

}  // namespace kist::engine
