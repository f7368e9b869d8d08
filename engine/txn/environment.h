#pragma once

#include <atomic>
#include <chrono>
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
#include "engine/os/clock.h"
#include "engine/pager/dirty_memory.h"
#include "engine/pager/pager.h"
#include "engine/space/space_map.h"
#include "engine/tree/comparators.h"
#include "engine/txn/flush_thread.h"
#include "engine/txn/latency_recorder.h"
#include "engine/txn/operation_counters.h"
#include "engine/txn/sharing.h"
#include "engine/txn/spare_snapshots.h"
#include "engine/upkeep/recover.h"

namespace kist::engine {

struct Choice;
class Snapshot;
struct CompactionPass;

/// What one process holds of one open data file. All handles of the file in this process share it;
/// the last to go closes it.
class Environment : public std::enable_shared_from_this<Environment> {
 public:
  /// The environment of the file at `path`, opening it if this process has not yet.
  static Result<std::shared_ptr<Environment>> open(const std::string& path, const Options& options);
  /// A new, empty one in memory, which nobody else can open.
  static Result<std::shared_ptr<Environment>> open_in_memory(const Options& options);
  /// A view of what another process grants: of the file `data`, which is open for reading, the
  /// state that `slot` describes. Shares nothing with anybody and locks no byte: whoever grants it
  /// pins it. The registry of this process does not know it.
  static Result<std::shared_ptr<Environment>> open_granted(os::File data, const MetaSlot& slot);
  /// Goes on with a newer state of that; transactions that have begun keep theirs. One thread at a
  /// time.
  Result<void> continue_granted(const MetaSlot& slot);
  ~Environment();

  /// Pins the newest commit for `snapshot`.
  Result<void> begin_read(Snapshot& snapshot);
  /// The same, and returns everything about that commit, whether or not it has a slot in the file.
  Result<MetaSlot> begin_read_whole(Snapshot& snapshot);
  /// The same when the head is still the one that `snapshot` has read before. False, and nothing is
  /// pinned: begin_read().
  bool pin_again(Snapshot& snapshot);
  /// The same in two steps: pins everything, then only the newest commit of that later moment.
  /// Only with slots.
  Result<void> announce_read(Snapshot& snapshot);
  Result<void> pin_newest(Snapshot& snapshot);
  /// The same with the tip, which need not be published yet. Writer only.
  Result<void> pin_tip(Snapshot& snapshot);
  /// Makes `copy` a second view of what `snapshot` reads, under the same pin.
  void share_read(Snapshot& snapshot, Snapshot& copy);
  void end_read(Snapshot& snapshot);
  /// A snapshot of the newest commit, pinned, for a read transaction of its own; and its end, which
  /// keeps it for another such transaction unless somebody else still refers to it. A null
  /// `snapshot` is made, another is one that begin_again() took.
  static Result<void> begin_read(const std::shared_ptr<Environment>& environment,
                                 std::shared_ptr<Snapshot>& snapshot);
  /// What nearly always takes the place of begin_read(): the same on a snapshot that was kept, when
  /// it is still the newest commit; a few dozen instructions. `snapshot` is null before. False when
  /// something is in the way, and nothing is pinned.
  static bool begin_again(const std::shared_ptr<Environment>& environment,
                          std::shared_ptr<Snapshot>& snapshot);
  static void end_read(std::shared_ptr<Snapshot>&& snapshot);
  /// Lets writers take the pin away; and takes that back: false when they did.
  void park_read(const Snapshot& snapshot);
  bool unpark_read(const Snapshot& snapshot);
  /// All readers of all processes.
  Result<std::vector<Reader>> readers();
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
  /// Makes everything committed so far durable.
  Result<void> sync();
  /// Returns when transaction `id`, which is the tip or older, is durable and can be read. Flushes
  /// itself when nobody else does; then that is for everybody who waits. Errors: kBusy (zero wait),
  /// kTimedOut, kInvalidArgument (no such transaction yet), kLatched, kForked, errors of the flush.
  Result<void> wait_durable(std::uint64_t id, Wait wait);
  /// The same, without limit, for a commit that this process has made the tip. When it fails nobody
  /// knows what became of the commit, so the environment is latched afterwards, whatever failed.
  Result<void> finish_durable(std::uint64_t id);
  /// The meta slot of the newest durable transaction. Errors: kDamaged, kIo.
  Result<MetaSlot> durable_slot();
  /// Newest durable transaction; without slots, the newest that there is.
  Result<std::uint64_t> durable_id();
  /// Flushes if that is due; see Database::poll().
  Result<std::optional<std::chrono::milliseconds>> poll();
  /// The last step of commit `id`: waits until a durable one is so; after a relaxed one, flushes
  /// when that is due, or leaves it to the helper thread.
  Result<void> finish_commit(std::uint64_t id, Durability durability);
  /// Flushes what was written so far, without making anything durable. Writer only.
  Result<void> flush_writes();
  /// The prepared transaction that waits for its decision, if any.
  Result<std::optional<MetaSlot>> prepared();
  /// Writes the slot of a transaction that is now prepared. Writer only. What fails latches.
  Result<void> write_prepared(MetaSlot& slot);
  /// Makes the prepared transaction `id` the newest commit, durably, or forgets it.
  Result<void> decide_prepared(std::uint64_t id, bool commit, Wait wait);
  /// Where the lock file goes with its last process, a slot has to tell of relaxed commits, should
  /// that be killed. Writer only. What fails latches.
  Result<void> keep_relaxed_slot();
  /// What the user says of the environment, as of the newest commit.
  Result<Metadata> metadata();
  /// The map of the newest snapshot for advice and warming up, and how many of its bytes are in the
  /// file.
  Result<std::pair<MapHold, std::uint64_t>> mapped_file();
  /// Makes the tip durable, and makes free what waited for that, or for readers that have gone
  /// since. Writer only.
  Result<void> make_durable_and_release();
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

  /// Makes the ids up to some way above `id` usable: raises the ceiling in a flushed slot when `id`
  /// has reached it. Writer only.
  Result<void> raise_ceiling(std::uint64_t id);
  /// Ids below it may be used. Writer only.
  std::uint64_t id_ceiling() const { return known_ceiling_; }
  /// Ids that become usable each time the ceiling is raised: many, because a relaxed commit that
  /// comes to the ceiling has to flush; few of 2^48, because each recovery gives some up.
  static constexpr std::uint64_t kIdStep = std::uint64_t{1} << 16;
  /// Lengthens the file to `pages`; no flush. Writer only.
  Result<void> ensure_file_pages(std::uint64_t pages);
  /// A writable map of the file up to `pages` for a small relaxed commit, or null where it had
  /// better write. Writer only.
  os::SharedMemory* write_map(std::uint64_t pages);
  /// Bits that no other commit has, to know this one by. Writer only.
  std::uint64_t next_nonce();
  /// Makes `slot` the tip, here and for all; readers do not see it yet. Writer only.
  void store_tip(const MetaSlot& slot);
  /// Latches the environment for all processes because of `cause`, and returns the error to report.
  Error latch(const Error& cause);

  /// Tells whom the options name, if anybody.
  void log(LogLevel level, const std::string& message) const {
    if (options.log) options.log(level, message);
  }
  /// The transaction that this process has just committed raised the version to that.
  void raised_domain_version(std::uint64_t version);

  bool stale() const { return sharing->stale(); }

  std::string path;
  Options options;
  os::File file;
  std::optional<os::File> private_locks;  // when nobody shares: what the byte locks lie on
  std::unique_ptr<Sharing> sharing;
  std::unique_ptr<Pager> pager;
  std::uint32_t page_size = 0;
  std::uint64_t seed = 0;
  Comparators comparators;
  OperationCounters operations;
  CommitRecorders commits;

  // Protected by the writer lock.
  MetaSlot tip;                         // newest commit
  std::unique_ptr<SpaceMap> space;      // after begin_write(): of `tip`, with a transaction active
  std::shared_ptr<DirtyMemory> memory;  // shared with readers of uncommitted states
  std::shared_ptr<CompactionPass> compaction;  // how far compaction has come, while it is going on

 private:
  Environment(std::string canonical, const Options& asked, os::File data);

  // Where the file is, and who else has it (environment_place.cc).
  Result<void> claim_alone();
  Result<void> refuse_if_claimed();
  Result<void> check_place();
  bool path_check_due(std::uint64_t now) const {
    return path_check_ != 0 && now >= next_path_check_.load(std::memory_order_relaxed);
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
  Result<void> start_granted(const MetaSlot& slot);
  Result<void> map(const MetaSlot& slot);
  Result<void> confirm_tip();
  Result<void> confirm_last();
  Result<bool> adopt(const SlotSet& set, const Choice& choice);
  Result<void> make_sure();
  Result<void> take_tip();
  Result<MetaSlot> decode_tip(const HeadWords& words) const;
  Result<std::vector<MetaSlot>> leftover_tips(const Identity& identity) const;
  Result<void> forget_lock_file();
  Result<void> latched_error() const;
  std::optional<std::chrono::nanoseconds> time_to_flush();
  void flush_if_due();
  Result<bool> try_flushing(const std::function<Result<void>()>& action);
  Result<void> when_flushing(const std::function<Result<void>()>& action);
  Result<void> commit_prepared(const MetaSlot& prepared);
  Result<void> forget_prepared(const MetaSlot& prepared);
  Result<void> raise_flushed_ceiling(std::uint64_t ceiling);
  Result<void> flush_tip(std::uint64_t least_ceiling);
  Result<void> write_slot_and_flush(MetaSlot& slot, const MetaSlot& before, TipPlace place);
  Result<std::uint32_t> next_slot_place(const MetaSlot& durable);
  Result<void> refuse_while_prepared();
  std::optional<MetaSlot> find_prepared(const SlotSet& set) const;
  Result<Choice> choose(const SlotSet& set, const std::vector<MetaSlot>& tips);
  Result<void> load_space();
  void configure_space();
  Result<void> lengthen_file(std::uint64_t pages);
  Result<bool> relieve(std::uint64_t missing, Shortage why);
  Result<Pins> needed_snapshots();
  bool lock_file_dies_with_us();
  Result<std::optional<SlowReader>> slowest_reader();
  Result<bool> ask_about(const SlowReader& slow);
  Result<MetaSlot> choose_head_read_only();
  Result<MetaSlotBytes> choose_head();
  Result<MetaSlotBytes> pin_by_lock(Snapshot& snapshot);
  Result<void> view_tip(Snapshot& snapshot);
  Result<void> fill(Snapshot& snapshot, std::span<const std::uint8_t> head_bytes);

  const std::uint32_t serial_;
  const bool in_memory_;
  const std::uint64_t path_check_;  // milliseconds; 0: never
  std::atomic<std::uint64_t> next_path_check_ = 0;
  std::atomic<bool> moved_ = false;  // it was told that the file is not where it was
  const bool checks_domain_version_;
  std::atomic<std::uint64_t> domain_version_;
  std::atomic<std::uint64_t> domain_version_before_;  // this process raised it from there
  os::FileIdentity identity_;
  std::mutex names_mutex_;  // protects the two below
  std::vector<std::string> names_{""};
  std::map<std::string, std::uint32_t, std::less<>> indexes_;
  std::atomic<std::uint32_t> name_count_ = 1;  // names_.size()
  std::uint64_t promised_pages_ = 0;           // length that a relaxed slot says; writer only
  std::uint64_t known_ceiling_ = 0;            // ids below it may be used; writer only
  TipPlace tip_place_ = 0;  // where `tip` was read or stored; 0: it may not be what lies there
  std::uint64_t next_lock_file_check_ = 0;  // coarse milliseconds; writer only, as the next
  bool lock_file_deleted_ = false;
  std::unique_ptr<os::SharedMemory> write_map_;
  bool maps_writes_ = true;   // until it turns out that it had better not
  std::uint64_t nonces_ = 0;  // state of next_nonce(), random at first
  std::mutex durable_mutex_;  // protects the next
  MetaSlot durable_slot_;     // newest that was seen or written, to be checked against
                              // Sharing::durable(); id 0: none yet
  std::unique_ptr<FlushThread> flush_thread_;
  bool closed_ = false;
  SpareSnapshots spares_;  // they refer to no environment while they are here
};

}  // namespace kist::engine
