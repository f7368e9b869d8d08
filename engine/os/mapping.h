#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include <kist/engine/error.h>

#include "engine/os/file.h"

namespace kist::engine::os {

/// Whether faults inside maps are caught (the default): a page that the file does not have any
/// more, or that cannot be read, then reads as zeros and marks its map as damaged, instead of
/// ending the process with SIGBUS. The handler is installed with the first map and passes every
/// other fault on to the handler that was there before. Turning it off puts that one back.
void set_fault_guard(bool on);

/// How a map is about to be read.
enum class AccessAdvice : std::uint8_t {
  kNormal,      ///< The system decides how far it reads ahead.
  kRandom,      ///< Nothing is read ahead.
  kSequential,  ///< Much is read ahead, and may be dropped soon behind the reader.
  kWillNeed,    ///< Reading it from the device begins now, in the background.
};

/// How much more address space than needed now a map takes.
enum class MapRoom : std::uint8_t {
  kReserved,  ///< As much as the file may ever need, so that it is not mapped again soon.
  kTight,     ///< Up to the next 2 MiB, for small address spaces.
};

/// A read-only shared map of a file, reaching far beyond its end: as the file grows, whoever
/// extends it, the new bytes appear without any call. Thread-safe.
class Mapping {
 public:
  /// Maps `file` from its start, at an address aligned to 2 MiB, over at least `bytes_needed` bytes
  /// and with as much room to grow as the address space allows (64 GiB on 64 bits, if that is at
  /// least twice what is needed), or with hardly any. The File may be closed afterwards. Errors:
  /// kOutOfMemory.
  static Result<std::unique_ptr<Mapping>> map(const File& file, std::uint64_t bytes_needed,
                                              MapRoom room = MapRoom::kReserved);

  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  /// First byte. Bytes beyond the end of the file may be touched only under the fault guard.
  const std::uint8_t* data() const { return data_; }
  /// Bytes of address space, whatever the file's length.
  std::uint64_t size() const { return size_; }
  /// Tells the system how the first `bytes` bytes, which must lie in the file, are about to be
  /// read.
  Result<void> advise(std::uint64_t bytes, AccessAdvice advice) const;
  /// Reads [from, from + bytes), which must lie in the file, into memory and enters it into the
  /// map, so that no access faults there until the system needs the memory for something else.
  Result<void> populate(std::uint64_t from, std::uint64_t bytes) const;
  /// Keeps the first `bytes` bytes in memory, or no longer any. Errors: kOutOfMemory, kPermission
  /// (more than RLIMIT_MEMLOCK allows).
  Result<void> lock(std::uint64_t bytes) const;
  Result<void> unlock() const;

  /// Not zero once a fault was caught inside the map: some page reads as zeros instead of its
  /// content. Never goes back.
  const std::atomic<std::uint32_t>& damaged() const { return damaged_; }
  /// Makes damaged() kCondemned: whoever reads through this map must not, from now on.
  void condemn() { damaged_.store(kCondemned, std::memory_order_release); }
  static constexpr std::uint32_t kCondemned = 2;

 private:
  Mapping(std::uint8_t* data, std::uint64_t size) : data_(data), size_(size) {}

  std::uint8_t* data_;
  std::uint64_t size_;
  std::atomic<std::uint32_t> damaged_{0};
};

/// A shared map of a small file that processes communicate through, reaching beyond its end like
/// Mapping. Readable, and writable where the File is. Its bytes must be touched as atomics only.
class SharedMemory {
 public:
  /// Maps the first `bytes` bytes of the address range of `file`, however long it is now. Errors:
  /// kOutOfMemory.
  static Result<std::unique_ptr<SharedMemory>> map(const File& file, std::uint64_t bytes);

  ~SharedMemory();
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  /// First byte. Bytes beyond the end of the file must not be touched.
  std::uint8_t* data() const { return data_; }
  std::uint64_t size() const { return size_; }
  /// Not zero once a fault was caught: some page is private zeros now and no longer shared.
  const std::atomic<std::uint32_t>& damaged() const { return damaged_; }

 private:
  SharedMemory(std::uint8_t* data, std::uint64_t size) : data_(data), size_(size) {}

  std::uint8_t* data_;
  std::uint64_t size_;
  std::atomic<std::uint32_t> damaged_{0};
};

/// Private memory that reads as zeros and takes up room only where it was written.
class ReservedArray {
 public:
  /// Reserves `bytes` bytes, aligned to the machine's page. Errors: kOutOfMemory.
  static Result<ReservedArray> reserve(std::uint64_t bytes);

  ReservedArray() = default;
  ReservedArray(ReservedArray&& other) noexcept;
  ReservedArray& operator=(ReservedArray&& other) noexcept;
  ~ReservedArray();

  std::uint8_t* data() const { return data_; }
  std::uint64_t size() const { return size_; }

 private:
  ReservedArray(std::uint8_t* data, std::uint64_t size) : data_(data), size_(size) {}

  std::uint8_t* data_ = nullptr;
  std::uint64_t size_ = 0;
};

}  // namespace kist::engine::os
