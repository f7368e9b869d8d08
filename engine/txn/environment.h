#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <kist/engine/error.h>
#include <kist/engine/options.h>
#include <kist/engine/stats.h>
#include <kist/engine/txn.h>

#include "engine/format/meta_slot.h"
#include "engine/os/coarse_clock.h"
#include "engine/pager/dirty_memory.h"
#include "engine/pager/pager.h"
#include "engine/space/space_map.h"
#include "engine/tree/comparators.h"
#include "engine/txn/sharing.h"
#include "engine/txn/spare_snapshots.h"
#include "engine/upkeep/recover.h"

namespace kist::engine {

class Snapshot;

/// What one process holds of one open data file. All handles of the file in this process share it;
/// the last to go closes it.
class Environment : public std::enable_shared_from_this<Environment> {
 public:
  /// The environment of the file at `path`, opening it if this process has not yet.
  static Result<std::shared_ptr<Environment>> open(const std::string& path, const Options& options);
  /// A new, empty one in memory, which nobody else can open.
  static Result<std::shared_ptr<Environment>> open_in_memory(const Options& options);
  ~Environment();

  /// Pins the newest commit for `snapshot`.
  Result<void> begin_read(Snapshot& snapshot);
  /// The same in two steps: pins everything, then only the newest commit of that later moment.
  /// Only with slots.
  Result<void> announce_read(Snapshot& snapshot);
  Result<void> pin_newest(Snapshot& snapshot);
  /// Pins the newest commit and returns everything that its meta slot says: what upkeep needs that
  /// goes beyond its tables. Waits for nobody. Errors: those of begin_read().
  Result<MetaSlot> begin_read_whole(Snapshot& snapshot);
  /// Makes `copy` a second view of what `snapshot` reads, under the same pin.
  void share_read(Snapshot& snapshot, Snapshot& copy);
  void end_read(Snapshot& snapshot);
  /// A snapshot of the newest commit, pinned, for a read transaction of its own; and its end, which
  /// keeps it for another such transaction unless somebody else still refers to it.
  static Result<std::shared_ptr<Snapshot>> begin_read(
      const std::shared_ptr<Environment>& environment);
  static void end_read(std::shared_ptr<Snapshot> snapshot);
  /// Id of the newest commit in all processes.
  Result<std::uint64_t> newest_id();
  /// Makes this the writer and `snapshot` a view of the newest commit; the writer's fields below
  /// are in order afterwards.
  Result<void> begin_write(Snapshot& snapshot, Wait wait);
  /// The same for a writer that has just committed: `snapshot` becomes a view of that, without
  /// anybody else having been the writer in between.
  Result<void> continue_write(Snapshot& snapshot);
  /// Gives up the writer lock.
  void end_write();

  /// Sizes and counters; waits for the writer, whose free map it reads.
  Result<EnvironmentStats> stats();
  /// Makes the newest commit durable when it is not.
  Result<void> sync();
  /// The same for the writer.
  Result<void> make_head_durable();
  /// The prepared transaction that waits for its decision, if any.
  Result<std::optional<MetaSlot>> prepared();
  /// Makes the prepared transaction `id` the newest commit, durably, or forgets it.
  Result<void> decide_prepared(std::uint64_t id, bool commit, Wait wait);
  /// What the user says of the environment, as of the newest commit.
  Result<Metadata> metadata();
  /// The map of the newest snapshot for advice and warming up, and how many of its bytes are in the
  /// file.
  Result<std::pair<const MapGeneration*, std::uint64_t>> mapped_file();

  /// Gives up a handle; shuts the environment down when it was the last.
  static Result<void> let_go(std::shared_ptr<Environment> environment);
  /// Ends everything: when no other process is left, confirms the newest commit in a slot of its
  /// own. Called once, by the last handle or the destructor.
  Result<void> shutdown();

  /// The handle of a table name.
  Result<Table> intern(std::string_view name);
  /// The handle that intern() gave for an index.
  Table handle(std::uint32_t index) const { return Table(index, index == 0 ? 0 : serial_); }
  /// Which environment of this process it is; never 0.
  std::uint32_t serial() const { return serial_; }
  /// Whether a handle came from this environment. To C and other languages a handle is a number,
  /// so it may hold anything.
  bool owns(Table table) const {
    return table.index() == 0 || (table.owner() == serial_ &&
                                  table.index() < name_count_.load(std::memory_order_acquire));
  }
  std::string table_name(std::uint32_t index);

  /// Writes `slot` to the next place that no pinned transaction needs, sets slot.index. Writer
  /// only.
  Result<void> write_slot(MetaSlot& slot);
  /// Makes the ids up to some way above `id` usable: raises the ceiling in a flushed slot when `id`
  /// has reached it. Writer only.
  Result<void> raise_ceiling(std::uint64_t id);
  /// Lengthens the file to `pages`, on the device. Writer only. `grew` tells whether it had to.
  Result<void> ensure_file_pages(std::uint64_t pages, bool& grew);
  /// Makes `slot` the head that readers begin on. Writer only.
  void publish(const MetaSlot& slot);
  /// Latches the environment for all processes because of `cause`, and returns the error to report.
  Error latch(const Error& cause);

  /// Tells whom the options name, if anybody.
  void log(LogLevel level, const std::string& message) const {
    if (options.log) options.log(level, message);
  }
  /// The transaction that this process has just committed raised the version to that.
  void raised_domain_version(std::uint64_t version);

  bool stale() const { return sharing->stale(); }
  std::uint64_t durable_id(const MetaSlot& slot) const {
    return slot.state == SlotState::kRelaxed ? slot.base : slot.id;
  }

  std::string path;
  Options options;
  os::File file;
  std::optional<os::File> private_locks;  // when nobody shares: what the byte locks lie on
  std::unique_ptr<Sharing> sharing;
  std::unique_ptr<Pager> pager;
  std::uint32_t page_size = 0;
  std::uint64_t seed = 0;
  Comparators comparators;

  // Protected by the writer lock.
  MetaSlot head;                        // newest commit
  std::unique_ptr<SpaceMap> space;      // after begin_write(): of `head`, with a transaction active
  std::shared_ptr<DirtyMemory> memory;  // shared with readers of uncommitted states

 private:
  Environment(std::string canonical, const Options& asked, os::File data);

  // Where the file is, and who else has it (environment_place.cc).
  Result<void> claim_alone();
  Result<void> refuse_if_claimed();
  Result<void> check_place();
  bool path_check_due() const {
    return path_check_ != 0 &&
           os::coarse_milliseconds() >= next_path_check_.load(std::memory_order_relaxed);
  }
  Result<void> check_domain_version(std::uint64_t found) const;
  Result<void> check_domain_version_of_head();

  static Result<std::shared_ptr<Environment>> open_file(const std::string& canonical,
                                                        const Options& options,
                                                        std::shared_ptr<Environment>& existing);
  Result<void> check_options(const Options& asked) const;
  Result<void> start();
  Result<void> start_sole();
  Result<void> start_joined();
  Result<void> map(const MetaSlot& slot);
  Result<void> confirm_head();
  Result<void> refuse_while_prepared();
  Result<void> keep_prepared(const SlotSet& set);
  Result<Choice> choose(const SlotSet& set);
  Result<void> recover_dead_writer();
  Result<void> take_head();
  Result<void> load_space();
  void configure_space();
  Result<void> lengthen_file(std::uint64_t pages);
  Result<bool> relieve(std::uint64_t missing, Shortage why);
  Result<Pins> needed_snapshots();
  Result<MetaSlot> choose_head_read_only();
  Result<MetaSlotBytes> choose_head();
  Result<MetaSlot> whole_head();
  Result<void> pin_by_lock(Snapshot& snapshot);
  Result<void> view_head(Snapshot& snapshot);
  Result<void> fill(Snapshot& snapshot, std::span<const std::uint8_t> head_bytes);
  Result<std::uint32_t> next_slot_index();

  const std::uint32_t serial_;
  const bool in_memory_;
  const std::uint64_t path_check_;  // milliseconds; 0: never
  std::atomic<std::uint64_t> next_path_check_ = 0;
  std::atomic<bool> moved_ = false;  // it was told that the file is not where it was
  const bool checks_domain_version_;
  std::atomic<std::uint64_t> domain_version_;
  os::FileIdentity identity_;
  std::mutex names_mutex_;  // protects the two below
  std::vector<std::string> names_{""};
  std::map<std::string, std::uint32_t, std::less<>> indexes_;
  std::atomic<std::uint32_t> name_count_ = 1;  // names_.size()
  std::uint64_t durable_slot_id_ =
      0;  // transaction that durable_slot_ was seen to hold; writer only
  std::uint32_t durable_slot_ = 0;
  bool closed_ = false;
  SpareSnapshots spares_;  // they refer to no environment while they are here
};

}  // namespace kist::engine
