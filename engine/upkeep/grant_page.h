#pragma once

#include <cstdint>
#include <memory>

#include <kist/engine/error.h>

#include "engine/format/meta_slot.h"
#include "engine/os/file.h"
#include "engine/os/mapping.h"
#include "engine/txn/lock_file.h"

namespace kist::engine {

/// What a broker tells those whom it grants snapshots: a file in memory, written by the broker
/// alone and mapped by them for reading. All words are the machine's own, touched as atomics only.
struct GrantPageLayout {
  SharedWord magic;
  SharedWord version;
  SharedWord oldest;  ///< Snapshots below it were taken away.
  SharedWord newest;  ///< Id * 2 + number of the buffer that describes it.
  SharedWord unused[4];
  SharedWord slots[2][kHeadWords];  ///< Meta slots, as they would stand in the file.
};
inline constexpr std::uint64_t kGrantPageBytes = 4096;
static_assert(sizeof(GrantPageLayout) <= kGrantPageBytes);

/// The broker's side. One thread at a time.
class GrantPageWriter {
 public:
  /// A new one, on which nothing is granted yet.
  static Result<GrantPageWriter> make(const std::string& name);

  /// Makes a state the newest. The one before stays readable for who is copying it.
  void publish(const MetaSlot& slot);
  /// Takes away all snapshots below `id`. What this thread does afterwards, giving up their pins,
  /// comes later for everybody.
  void set_oldest(std::uint64_t id);
  const os::File& file() const { return file_; }

 private:
  GrantPageWriter(os::File file, std::unique_ptr<os::SharedMemory> memory)
      : file_(std::move(file)), memory_(std::move(memory)) {}
  GrantPageLayout& layout() { return *reinterpret_cast<GrantPageLayout*>(memory_->data()); }

  os::File file_;
  std::unique_ptr<os::SharedMemory> memory_;
};

/// The side of those who read. Thread-safe.
class GrantPageReader {
 public:
  /// Maps the page that `file` holds. Errors: kDamaged when it is none, kNewerFormat, kOutOfMemory.
  static Result<GrantPageReader> open(os::File file);

  /// Number that changes with the newest state.
  std::uint64_t newest() const { return layout().newest.load(std::memory_order_acquire); }
  /// The newest state. Errors: kDamaged.
  Result<MetaSlot> read_newest() const;
  /// Snapshots below it were taken away: asked after reading, it tells of everything that was
  /// written over while this thread read.
  std::uint64_t oldest() const {
    // Reads before the fence come before the load. Whoever wrote over what they read did so after
    // the store of `oldest`; see engine/docs/sandbox.md.
#if !defined(__SANITIZE_THREAD__)  // which knows no fences
    std::atomic_thread_fence(std::memory_order_acquire);
#endif
    // A page that is not there any more says nothing, so nothing is granted.
    const std::uint64_t id = layout().oldest.load(std::memory_order_relaxed);
    return memory_->damaged().load(std::memory_order_relaxed) == 0 ? id : kIdNever;
  }

 private:
  static constexpr std::uint64_t kIdNever = ~std::uint64_t{0};
  GrantPageReader(os::File file, std::unique_ptr<os::SharedMemory> memory)
      : file_(std::move(file)), memory_(std::move(memory)) {}
  const GrantPageLayout& layout() const {
    return *reinterpret_cast<const GrantPageLayout*>(memory_->data());
  }

  os::File file_;
  std::unique_ptr<os::SharedMemory> memory_;
};

}  // namespace kist::engine
