#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/dataset.h"
#include "tests/bench/failure.h"

namespace kist::bench {

/// What a commit promises. Every engine says in its own words how near it comes.
enum class Durability {
  kDurable,  ///< On the device when commit returns.
  kRelaxed,  ///< Survives the end of the process; a crash of the machine may undo the newest ones.
};

struct OpenOptions {
  std::string directory;  ///< The engine's own, with nothing else in it.
  Durability durability = Durability::kRelaxed;
  /// For engines with a cache of their own. The others use the page cache of the kernel, which is
  /// not limited, so this is generous.
  std::uint64_t cache_bytes = std::uint64_t{1} << 30;
  /// For engines that need to know how large the store may become.
  std::uint64_t map_bytes = std::uint64_t{32} << 30;
  bool larger_than_memory = false;  ///< For engines with a setting for such stores.
};

/// Nanoseconds of each transaction, or operation, in order.
using Latencies = std::vector<std::uint64_t>;

/// One step of a mixed workload.
struct Step {
  enum class Kind : std::uint8_t {
    kBeginRead,
    kGet,
    kEndRead,
    kBeginWrite,
    kGetOwn,  ///< A get inside the write transaction.
    kPut,
    kErase,
    kCommit,  ///< A transaction ends here: its time is one latency.
  };
  Kind kind;
  std::string_view key = {};
};

/// What one thread does with an open store. Each call is a whole loop over many records, compiled
/// for the engine (session_of.h), so that no virtual call is made for each record. A number
/// returned is the digest of every value read (consume.h), in order. Every call throws Failure.
class Session {
 public:
  virtual ~Session() = default;

  /// Stores each key with the next value, `batch` records a transaction.
  virtual void put_each(KeySpan keys, ValuePool::Stream values, std::size_t batch,
                        Latencies* latencies);
  /// Stores keys that ascend and are greater than all there are, as fast as the engine can.
  virtual void bulk_load(KeySpan sorted, ValuePool::Stream values);
  /// Reads each key, which must be there, `batch` of them a read transaction; 0: all in one.
  virtual std::uint64_t get_each(KeySpan keys, std::size_t batch, Latencies* latencies);
  /// Reads the keys in one read transaction, `batch` of them at a time.
  virtual std::uint64_t get_many(KeySpan keys, std::size_t batch);
  /// Reads every record in order, or in reverse order.
  virtual std::uint64_t scan(bool forward);
  /// Reads, for each key, the records from it on, at most `count`, all in one read transaction.
  virtual std::uint64_t ranges(KeySpan from, std::size_t count);
  /// Counts the records in [from[i], to[i]) for each i. Returns the sum.
  virtual std::uint64_t count_ranges(KeySpan from, KeySpan to);
  /// Removes the records in [from, to), in one transaction if the engine has them.
  virtual void erase_range(std::string_view from, std::string_view to);
  /// Does the steps in order; values written are taken from `values`.
  virtual std::uint64_t perform(std::span<const Step> steps, ValuePool::Stream values,
                                Latencies* latencies);
  /// Stores each key through a queue, `callers` of them at a time, each of which waits for its own
  /// to be durable.
  virtual void put_queued(KeySpan keys, ValuePool::Stream values, std::size_t callers);
  /// Makes the store as small as it goes: in place, or as a copy in the empty folder `copy`.
  virtual void compact(const std::string& copy);
};

/// An open store. Destroying it closes it.
class Store {
 public:
  virtual ~Store() = default;
  /// For use by one thread, the one that asks; must go before the store.
  virtual std::unique_ptr<Session> session() = 0;
};

/// An engine that can be measured.
struct Engine {
  int place = 0;  ///< In lists and tables, ascending.
  std::string name;
  std::string version;
  std::string durable;             ///< How its commits keep Durability::kDurable.
  std::string relaxed;             ///< And kRelaxed.
  std::string settings = {};       ///< What else was chosen for it.
  bool many_processes = true;      ///< A store can be open in two processes.
  bool writes_counted = true;      ///< It writes by calls only, not through a map.
  bool by_default = true;          ///< Runs unless others are named.
  std::string only_workload = {};  ///< The one workload that it is made for; empty: all.
  std::unique_ptr<Store> (*open)(const OpenOptions&) = nullptr;
};

/// All engines, in order.
const std::vector<Engine>& engines();

/// One such object in an engine's file makes it known.
struct EngineEntry {
  explicit EngineEntry(Engine engine);
};

}  // namespace kist::bench
