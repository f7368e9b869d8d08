#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <pybind11/pybind11.h>

#include <kist/store.h>

#include "iterator.h"
#include "process_bound.h"
#include "queue.h"
#include "transaction.h"

namespace kist::python {

/// Options of kist.open() that are numbers or paths; the rest has arguments of its own.
struct Limits {
  std::optional<std::filesystem::path> environment;
  std::optional<std::uint64_t> flush_bytes;  ///< Nothing, as for the next two: never.
  std::optional<double> flush_age;           ///< Seconds.
  std::optional<std::uint64_t> flush_operations;
  std::uint64_t queue_bytes = 0;
  std::uint64_t queue_operations = 0;
};

/// A profile for Python. What waits or does input and output runs without the GIL; all else is
/// guarded by it. Calls on a store are transactions of their own. All throw Failure.
class ProfileHandle {
 public:
  explicit ProfileHandle(Profile profile);
  ~ProfileHandle();

  /// As kist::Manager::open(). `relaxed` is the durability of commits that do not say otherwise.
  static std::shared_ptr<ProfileHandle> open(const std::filesystem::path& directory, bool create,
                                             bool read_only, std::optional<std::uint32_t> page_size,
                                             std::uint32_t file_mode, bool relaxed,
                                             const Limits& limits);
  /// Ends every transaction and this user of the profile. Does nothing when it is closed, and in a
  /// forked child.
  void close();
  /// Whether close() was called.
  bool closed() const { return closed_; }
  /// Canonical path.
  std::filesystem::path directory() const { return directory_; }

  StoreHandle open_store(const std::string& name, bool create, bool multi, const std::string& keys);
  /// Names of all stores.
  std::vector<std::string> stores();
  bool drop_store(const std::string& name);

  /// A queue whose writes wait for room for `timeout` seconds, or for ever.
  std::shared_ptr<QueueHandle> queue(std::optional<double> timeout);
  std::shared_ptr<ReaderHandle> read();
  /// Waits for other writers for `timeout` seconds, or for ever; signals are handled meanwhile.
  std::shared_ptr<WriterHandle> write(std::optional<double> timeout);
  void sync();
  /// (list of (page, where, what), pages walked, records)
  pybind11::tuple check();
  /// Sizes and counters by name.
  pybind11::dict stats();
  /// As kist::import_file(); what it did, by name. `format` and `on_conflict` are numbers of their
  /// enumerations.
  pybind11::dict import_file(const std::filesystem::path& path, int format, int on_conflict,
                             bool plain_bytes, const std::string& unnamed,
                             const std::vector<std::string>& stores);
  /// As kist::export_json(), to a descriptor. Number of records.
  std::uint64_t export_json(int descriptor, const std::vector<std::string>& stores);

  pybind11::object get(const StoreHandle& store, pybind11::handle key, pybind11::object absent);
  bool has(const StoreHandle& store, pybind11::handle key);
  /// A member of a JSON value, or None.
  pybind11::object member(const StoreHandle& store, pybind11::handle key,
                          const std::string& pointer);
  std::uint64_t count(const StoreHandle& store, const Bounds& bounds);
  std::shared_ptr<RecordIterator> iterate(const StoreHandle& store, Wanted wanted, bool bytes_keys,
                                          const Bounds& bounds);
  void put(const StoreHandle& store, pybind11::handle key, pybind11::handle value);
  bool erase(const StoreHandle& store, pybind11::handle key);
  std::uint64_t clear(const StoreHandle& store);
  bool erase_value(const StoreHandle& store, pybind11::handle key, pybind11::handle value);
  std::uint64_t erase_range(const StoreHandle& store, const Bounds& bounds);
  bool put_if_absent(const StoreHandle& store, pybind11::handle key, pybind11::handle value);
  /// `expected` and `value` may be None: no value.
  bool compare_and_set(const StoreHandle& store, pybind11::handle key, pybind11::handle expected,
                       pybind11::handle value);
  pybind11::object add(const StoreHandle& store, pybind11::handle key, std::int64_t amount);
  /// The new document.
  pybind11::object merge_patch(const StoreHandle& store, pybind11::handle key,
                               const std::string& patch);

 private:
  Profile& native() const;
  template <typename Change>
  auto change(std::optional<double> timeout, Change change);
  template <typename Change>
  auto once(Change change);
  void remember(const std::shared_ptr<Transaction>& transaction);

  ProcessBound<Profile> profile_;
  std::filesystem::path directory_;
  std::atomic<bool> closed_ = false;  // read by waits, which do not hold the GIL
  std::vector<std::weak_ptr<Transaction>> transactions_;
};

}  // namespace kist::python
