#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

#include <kist/engine/options.h>
#include <kist/key.h>

namespace kist {

using engine::Durability;
using engine::Wait;

/// Options of a profile. Where a profile is open in this process already, every option must agree
/// with it, except `create` and `create_directory`, which then have nothing to do.
struct ProfileOptions {
  /// Create the data file when it does not exist. Otherwise kNotFound.
  bool create = true;
  /// Create the profile's directory, with any parents that are missing. Otherwise kNotFound.
  bool create_directory = false;
  /// Open for reading only: needs no write permission, creates nothing.
  bool read_only = false;
  /// Bytes a page of a new file: a power of two from 256 to 65,536. Nothing takes what the file
  /// has, or 4,096 for a new one.
  std::optional<std::uint32_t> page_size = {};
  /// Durability of commits that do not say otherwise.
  Durability durability = Durability::kDurable;
  /// Permission bits of a new file, lessened by the umask. No conflict when the file exists.
  std::uint32_t file_mode = 0600;
  /// Keep the data in that directory instead of the profile's own, so that several profiles share
  /// one environment: certificates, say. `create_directory` makes both.
  std::optional<std::filesystem::path> environment = {};

  /// Relaxed commits are made durable when a flush has so many bytes to write,
  std::uint64_t flush_bytes = std::uint64_t{32} << 20;
  /// or when the oldest of them is so old (checked at commits, and by the queue),
  std::chrono::milliseconds flush_age = std::chrono::seconds(5);
  /// or when so many writes of the queue (kist/queue.h) are not durable. Each 0: never.
  std::uint64_t flush_operations = 1000;
  /// Bytes, about, of writes that wait in the environment's queue before who adds one has to wait.
  std::uint64_t queue_bytes = std::uint64_t{16} << 20;
  /// And the number of them.
  std::uint64_t queue_operations = 65'536;

  /// Bytes of the file, about, that one observer (kist/observer.h) of any process may keep from
  /// being used again because it has not been told of the changes yet. Where a write of this
  /// process would make the file longer and one holds back more, it loses its snapshot and is told
  /// to reload.
  std::uint64_t observer_bytes = std::uint64_t{64} << 20;
};

/// What a store is; chosen when it is created, the same for ever after.
struct StoreOptions {
  /// Create the store when there is none. Otherwise kTableNotFound.
  bool create = true;
  /// Any number of distinct values a key, sorted by their encodings.
  bool multi = false;
  /// What its keys are.
  KeyType keys = KeyType::kBytes;
};

/// Which records a call is about, and in which order an iteration visits them. Keys are compared
/// byte by byte, integers as numbers. Keys are borrowed: they need not outlive the call that takes
/// the range. Bounds hold together. Errors: as of keys (kist/key.h).
struct Range {
  /// First key visited, when there is a record of that name; nothing starts at the first record.
  std::optional<Key> from = {};
  /// First key not visited any more; nothing goes on to the last record.
  std::optional<Key> to = {};
  /// Only keys that start with these bytes. kWrongKind where keys are integers.
  std::string_view prefix = {};
  /// Last record of the range first.
  bool reverse = false;
  /// Visit at most so many records.
  std::optional<std::uint64_t> limit = {};
  /// Only this key: all its values, in a multi store.
  std::optional<Key> key = {};
};

}  // namespace kist
