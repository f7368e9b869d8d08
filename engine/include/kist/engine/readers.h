#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

namespace kist::engine {

/// A read transaction of some process, as others see it.
struct Reader {
  std::uint64_t snapshot = 0;        ///< Id of the snapshot that it pins; 0: it is choosing one.
  std::uint64_t lag = 0;             ///< Transactions committed since; an upper bound.
  std::uint64_t process = 0;         ///< Process number, as that process told it; 0: unknown.
  std::chrono::milliseconds age{0};  ///< Since it pinned the snapshot; 0 where unknown.
  bool parked = false;               ///< Whether it may be ousted; see ReadTxn::park().
  /// Pages that were given up and wait, because of this reader or of others that see them too.
  /// Nothing when a write transaction was under way, whose map knows it.
  std::optional<std::uint64_t> pages_held;
  /// Those of them that nobody else waits for.
  std::optional<std::uint64_t> pages_held_alone;
};

/// Why a writer cannot have the pages it wants.
enum class SpaceShortage : std::uint8_t {
  kGrowth,  ///< It can: the file would become longer.
  kLimit,   ///< The file has reached Options::max_file_size.
  kDisk,    ///< The file system is full.
};

/// A reader that keeps a writer from using again what was given up.
struct SlowReader {
  Reader reader;                   ///< The one that has pinned the snapshot for the longest time.
  std::uint64_t readers = 1;       ///< How many read that snapshot. `reader.parked`: all of them.
  std::uint64_t pages_wanted = 0;  ///< Pages that the writer wants in one piece.
  SpaceShortage shortage = SpaceShortage::kGrowth;
  std::uint64_t attempt = 0;  ///< Answers given before in the same need, from 0.
};

/// What to do about it.
enum class SlowReaderAnswer : std::uint8_t {
  kGoOn,   ///< Do without: the file grows, or the transaction fails with kNoSpace where it cannot.
  kWait,   ///< Wait a little, look again, and ask again if it is still needed.
  kRetry,  ///< Look again at once: the callback has made the reader go.
  kOust,   ///< End the readers of the snapshot, all of which are parked; else the same as kGoOn.
  kFail,   ///< Let the transaction fail with kNoSpace.
};

/// Called by the writing thread inside its write transaction, which it must not use. It may end,
/// park and renew read transactions. Must not throw.
using SlowReaderCallback = std::function<SlowReaderAnswer(const SlowReader&)>;

/// What became of a parked read transaction.
enum class Unparked : std::uint8_t {
  kKept,       ///< It goes on, on its snapshot.
  kRestarted,  ///< It was ousted, and has begun anew on the newest snapshot.
};

/// What unpark() does when the transaction was ousted.
enum class IfOusted : std::uint8_t {
  kFail,     ///< Fails with kOusted; renew() is possible then.
  kRestart,  ///< Pins the newest snapshot, as renew() does.
};

}  // namespace kist::engine
