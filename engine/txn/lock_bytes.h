#pragma once

#include <cstdint>

namespace kist::engine {

// Bytes of the data file that are locked and never written: they lie beyond the end of any file.
// What each lock means is told in engine/docs/sharing.md.

inline constexpr std::uint64_t kLockBase = std::uint64_t{1} << 62;

/// Held exclusively while an environment is opened or closed.
inline constexpr std::uint64_t kOpeningByte = kLockBase;
/// Held exclusively by the writer.
inline constexpr std::uint64_t kWriterByte = kLockBase + 1;
/// Held exclusively while the lock file grows.
inline constexpr std::uint64_t kGrowthByte = kLockBase + 2;
/// Held shared by every process that may write.
inline constexpr std::uint64_t kWritableByte = kLockBase + 3;
/// Held exclusively by whoever flushes the data file or writes one of its meta slots.
inline constexpr std::uint64_t kFlushByte = kLockBase + 4;
/// Held exclusively (shared by who cannot) by a process that has the file alone. 8, not 4: the
/// bytes between are for commits.
inline constexpr std::uint64_t kAloneByte = kLockBase + 8;
/// Held shared by every process that has opened the file for reading only, since not all of those
/// have a live byte.
inline constexpr std::uint64_t kReadingByte = kLockBase + 9;

/// Byte i is held exclusively by the process with index i, for as long as it lives.
inline constexpr std::uint64_t kLiveBytes = kLockBase + 1024;
inline constexpr std::uint32_t kMaxProcesses = 1024;

/// Byte id is held shared by openers without a slot that read snapshot id.
inline constexpr std::uint64_t kPinBytes = kLockBase + (std::uint64_t{1} << 48);
/// Byte n is held shared by every process that has the lock file with the place number n mapped.
inline constexpr std::uint64_t kPlaceBytes = kLockBase + (std::uint64_t{1} << 49);
/// Transaction ids and place numbers are below this.
inline constexpr std::uint64_t kIdLimit = std::uint64_t{1} << 48;

/// All of them.
inline constexpr std::uint64_t kAllLockBytes = std::uint64_t{1} << 50;

}  // namespace kist::engine
