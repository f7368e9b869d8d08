#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <kist/engine/error.h>

#include "engine/format/meta_slot.h"
#include "engine/os/file.h"
#include "engine/os/mapping.h"

namespace kist::engine {

/// How new files of an environment are to be.
struct FileAccess {
  // NOLINTNEXTLINE(google-explicit-constructor): mostly the mode is all there is to say
  FileAccess(std::uint32_t bits, std::optional<std::uint32_t> to = {}) : mode(bits), group(to) {}
  std::uint32_t mode;                  ///< Permission bits, lessened by the umask.
  std::optional<std::uint32_t> group;  ///< Whom they belong to, when not to the process's own.
};

/// The data file's nonce, by which a lock file is known to belong to it.
using Identity = std::array<std::uint8_t, 16>;
Identity identity_of(const MetaSlot& slot);

inline constexpr std::size_t kHeadWords = 64;
inline constexpr std::uint32_t kMaxReaderSlots = 65'536;

/// A word of the lock file: written by any process, at any time, in the machine's byte order.
using SharedWord = std::atomic<std::uint64_t>;
static_assert(SharedWord::is_always_lock_free && sizeof(SharedWord) == 8);

/// The meta slot of a commit, before it is in the file.
using HeadWords = std::array<std::uint64_t, kHeadWords>;

/// Room for one tip. Four are enough: the head, the tip, the tip that is being flushed, and the one
/// that is being written.
inline constexpr std::size_t kTips = 4;
struct TipBuffer {
  SharedWord words[kHeadWords];
  SharedWord checksum;  ///< XXH3 of the words, seeded with the transaction they belong to.
  SharedWord id;        ///< That transaction.
  SharedWord unused[6];
};

/// Where one read transaction announces the snapshot that it needs.
struct ReaderSlot {
  SharedWord pin;      ///< kNoPin, kPinsEverything or a transaction id; see below for its flags.
  SharedWord owner;    ///< 0 for nobody, else 1 + index of the process that may use the slot.
  SharedWord process;  ///< Number of that process, for people to read. Decides nothing.
  SharedWord since;    ///< os::coarse_milliseconds() of the pin, likewise.
  SharedWord unused[4];
};

inline constexpr std::uint64_t kNoPin = 0;
inline constexpr std::uint64_t kPinsEverything = 1;
/// Set beside an id: nobody reads at the moment, and a writer may make it kOustedFlag.
inline constexpr std::uint64_t kParkedFlag = std::uint64_t{1} << 62;
/// Set beside an id: nothing is pinned any more, and the slot is not free before its reader knows.
inline constexpr std::uint64_t kOustedFlag = std::uint64_t{1} << 63;

/// The lock file from its start. Words that change often for different reasons lie in different
/// cache lines.
struct LockFileLayout {
  SharedWord magic;
  SharedWord version;
  SharedWord identity[2];
  SharedWord instance;  ///< Random number of this rebuild.
  SharedWord unused0[3];

  SharedWord head;  ///< TipPlace of the commit that readers begin on; 0: there is none yet.
  SharedWord unused1[7];

  SharedWord burned_id;  ///< Greatest transaction id that may have been written under.
  SharedWord tip;        ///< TipPlace of the newest commit, on which the next writer builds.
  SharedWord latch;      ///< 0, or why nothing may be acknowledged any more.
  SharedWord wakes;      ///< Counts publishes; its low 32 bits are what watchers wait on.
  SharedWord prepared;   ///< Transaction that is prepared and not decided, or 0.
  SharedWord unsure;     ///< 1: the meta slots may be in the page cache only, else 0.
  SharedWord watched;    ///< 1 + the greatest value of `wakes` that anybody has waited on.
  SharedWord unused2[1];

  SharedWord slot_limit;  ///< Slots from this one on were never used.
  SharedWord unused3[7];

  SharedWord flushing;       ///< TipPlace of the commit that was flushed last, or is being flushed.
  SharedWord durable;        ///< Newest durable transaction: id * 4 + its slot in the data file.
  SharedWord flush_rounds;   ///< Counts how often the flush lock was given back.
  SharedWord commit_bytes;   ///< Written by all commits, less what they gave up of what was not
                             ///< flushed; only differences count.
  SharedWord flushed_bytes;  ///< Value of commit_bytes that the last flush vouches for.
  SharedWord unflushed_since;  ///< When the oldest commit that no flush vouches for was made, by
                               ///< the monotonic clock; 0: there is none.
  SharedWord unused4[2];

  TipBuffer tips[kTips];

  SharedWord unused5[184];
  ReaderSlot slots[1];  ///< As many as the file has room for, at most kMaxReaderSlots.
};
static_assert(sizeof(TipBuffer) == 576 && sizeof(ReaderSlot) == 64);
static_assert(offsetof(LockFileLayout, head) == 64);
static_assert(offsetof(LockFileLayout, burned_id) == 128);
static_assert(offsetof(LockFileLayout, slot_limit) == 192);
static_assert(offsetof(LockFileLayout, flushing) == 256);
static_assert(offsetof(LockFileLayout, tips) == 320);
static_assert(offsetof(LockFileLayout, slots) == 4096);

inline constexpr std::uint64_t kSlotsOffset = offsetof(LockFileLayout, slots);
inline constexpr std::uint64_t kInitialLockFileBytes = 16'384;
inline constexpr std::uint64_t kMaxLockFileBytes =
    kSlotsOffset + std::uint64_t{kMaxReaderSlots} * sizeof(ReaderSlot);

/// The mapped lock file. Everything read from it may have been written by a stranger.
class LockFile {
 public:
  /// Writes the file anew in full, in place, creating it when there is none, and maps it. Only for
  /// an opener that is alone under the opening byte. `created`: how a new file is to be. An empty
  /// path means one in memory, for an environment that no other process shares.
  static Result<LockFile> rebuild(const std::string& path, const Identity& identity,
                                  const FileAccess& created, os::CallObserver* observer);

  /// Maps the file that is there, whosever it is. Errors: kNotFound, kPermission, kDamaged when it
  /// is too short or no lock file, kNewerFormat.
  static Result<LockFile> open(const std::string& path, os::Access access,
                               os::CallObserver* observer);

  /// Whether it belongs to the data file with that nonce.
  bool carries(const Identity& identity) const;

  /// The mapped words. At least kInitialLockFileBytes of them lay in the file when it was mapped.
  LockFileLayout& layout() const { return *reinterpret_cast<LockFileLayout*>(memory_->data()); }
  /// Number below kIdLimit made of the inode and the instance: a copy of the file has another.
  std::uint64_t place() const { return place_; }
  /// Whether a fault was caught in the map, so that it is no longer shared.
  bool damaged() const { return memory_->damaged().load(std::memory_order_relaxed) != 0; }
  /// The open file.
  os::File& file() { return file_; }
  const os::File& file() const { return file_; }

 private:
  LockFile(os::File file, std::unique_ptr<os::SharedMemory> memory, std::uint64_t place);
  static Result<LockFile> map(os::File file);

  os::File file_;
  std::unique_ptr<os::SharedMemory> memory_;
  std::uint64_t place_;
};

/// What is left of tips in a lock file that nobody uses any more, whole by their checksums, in no
/// order. Nothing when there is no such file, or none that can be read and belongs to that data
/// file. Whether a tip is worth anything, only a proof of its pages can tell. Errors: kIo and
/// the like when it is there and cannot be read just now.
Result<std::vector<HeadWords>> leftover_tips(const std::string& path, const Identity& identity,
                                             os::CallObserver* observer);

/// Checksum of the words of a tip.
std::uint64_t tip_checksum(std::span<const std::uint64_t, kHeadWords> words, std::uint64_t id);

}  // namespace kist::engine
