#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include <kist/engine/bytes.h>
#include <kist/engine/error.h>

#include "engine/format/ref.h"
#include "engine/space/free_runs.h"
#include "engine/space/pending_runs.h"
#include "engine/space/run.h"
#include "engine/space/space_record.h"

namespace kist::engine {

/// A space record that the newest state of the file still needs: part of the chain from the newest
/// record back to, and including, the newest checkpoint.
struct LiveRecord {
  Run run;
  std::uint64_t birth = 0;
};

/// Whether a commit gives trailing free pages back to the file system.
enum class Trim : std::uint8_t {
  kNever,     ///< Keep the length.
  kByPolicy,  ///< When more than max(64 pages, a quarter of the file) is free at its end; keep
              ///< some.
  kAll,       ///< Everything that is free at the end; and a checkpoint, so that no old record is
              ///< in the way of the next.
};

/// Space for overflow runs and tree pages.
struct TakenSpace {
  std::vector<std::uint64_t> overflow;  ///< First page of each overflow run, in the order asked.
  std::vector<Run> tree;                ///< Runs for the tree pages, ascending and disjoint.
  std::vector<Run> all;                 ///< All of it.
};

/// Where the pages of one commit go, and the space record that says so.
struct CommitSpace {
  std::vector<std::uint64_t> overflow;  ///< First page of each overflow run, in the order asked.
  std::vector<Run> tree;                ///< Runs for the tree pages, ascending and disjoint.
  Run record_run;                       ///< Place of the space record.
  std::vector<std::uint8_t> record;     ///< Its bytes: whole pages, checksum included.
  Ref record_ref;                       ///< Reference to it for the meta slot.
  std::uint64_t file_pages = 0;         ///< Length of the file after the commit, for the meta slot.
  std::uint64_t file_pages_before = 0;  ///< Length in the state that the transaction started from.
};

/// Gives the bytes of the space record that a Ref names: the whole pages of its run, at least
/// `ref.count` bytes, readable until the next call. It bounds the run against the real file;
/// content is verified by the caller (SpaceMap). Errors: kDamaged, kIo.
using SpaceReader = std::function<Result<Bytes>(const Ref&)>;

/// Bounds that a process sets to the length of the file, in pages.
struct SpaceLimits {
  std::uint64_t growth_step = 0;  ///< The file grows by multiples of it; 0: by the usual rule.
  std::uint64_t max_pages = 0;    ///< The file does not grow beyond it; 0: no such bound.
  std::uint64_t trim_above = 0;   ///< Trim::kByPolicy gives back when more is free; 0: usual rule.
};

/// What keeps a transaction from finding the space it wants among what is free.
enum class Shortage : std::uint8_t {
  kGrowth,  ///< Nothing: the file can become longer.
  kLimit,   ///< SpaceLimits::max_pages.
  kDisk,    ///< The file system is full.
};

/// What the map asks of the environment while a transaction is active. Either may be empty.
struct SpaceSource {
  /// Lengthens the file on the device to so many pages. Without it every length can be had. With
  /// kNoSpace the map looks for another way; other errors end the search.
  std::function<Result<void>(std::uint64_t file_pages)> lengthen;
  /// Called before the file is lengthened, or when it cannot be: `missing` more pages in one piece
  /// are wanted. May call release() with pins collected now; true when that made pages free.
  std::function<Result<bool>(std::uint64_t missing, Shortage why)> relieve;
};

/// The free map of one environment as one process knows it: which pages behind the meta slots are
/// free, which are pending (given up, perhaps still seen by a snapshot) and where the live space
/// records lie. Everything else is reachable from the newest snapshot.
///
/// Lives in private memory and is used under the writer lock only. It describes the state after
/// transaction id(); load() brings it to the newest one, whoever committed it.
///
///   start_empty() or load() -> release(pins) -> begin(id) -> take_run(), give_back() ...
///     -> plan_commit() -> committed(), or rollback() at any point after begin().
///
/// Rules and bytes: engine/docs/space.md.
class SpaceMap {
 public:
  /// `seed` keys the checksums of records.
  SpaceMap(std::uint32_t page_size, std::uint64_t seed);

  /// Sets the bounds of the file's length and where more of it comes from. No transaction may be
  /// active.
  void configure(const SpaceLimits& limits, SpaceSource source);

  /// Starts as the map of a file that holds nothing but the meta slots, for creation.
  void start_empty();

  /// Brings the map to the state after transaction `id`, whose meta slot names `newest`,
  /// `file_pages` and `commit_nonce`. Reads only the records written since the state it already has
  /// when that is on the chain, else everything back to the checkpoint. No transaction may be
  /// active. Errors: kDamaged (the map is then unloaded and the next load() rebuilds), errors of
  /// `reader`.
  Result<void> load(const Ref& newest, std::uint64_t file_pages, std::uint64_t id,
                    std::uint64_t commit_nonce, const SpaceReader& reader);

  /// Whether the map describes any state.
  bool loaded() const { return loaded_; }
  /// Forgets everything; load() rebuilds.
  void unload();

  /// Makes free what no pin can see any more. `pins` must have been collected after the state this
  /// map describes was published.
  void release(const Pins& pins);

  /// Starts a transaction; `txn` is greater than id().
  void begin(std::uint64_t txn);

  /// From now on the transaction takes what lies nearest the start of the file, in however many
  /// pieces, so that the end becomes free.
  void place_low() { low_ = true; }

  /// Takes `pages` (at least 1) consecutive pages that no pinned snapshot needs and that this
  /// transaction has not had before. May lengthen the file: compare file_pages() and grow the file
  /// before writing there. Errors: kNoSpace when page numbers run out.
  Result<Run> take_run(std::uint64_t pages);

  /// Takes space for overflow runs of `overflow_pages` pages each and for `tree_pages` tree pages
  /// by the rule of plan_commit(): one run when there is one or the file may grow for it, else each
  /// overflow run for itself and the tree pages in fragments.
  Result<TakenSpace> take_space(std::uint64_t tree_pages,
                                std::span<const std::uint64_t> overflow_pages);
  /// Takes back what was just taken, because the file could not be lengthened from `file_pages` for
  /// it. Nothing was written there.
  void undo_take(std::span<const Run> runs, std::uint64_t file_pages);

  /// Gives back pages that this very transaction took: any part of them, once. They are free after
  /// the commit, and not handed out again before it. False, and no change, when it did not take
  /// them.
  bool give_back(Run run);
  /// The same, but the transaction may take them again at once: two contents then have been written
  /// under one number and one birth, which whoever does this must make safe; see space.md.
  bool give_back_for_reuse(Run run);

  /// Decides where everything that is still to be written goes: overflow runs of `overflow_pages`
  /// pages each, `tree_pages` tree pages and the space record, as one contiguous run when possible.
  /// `freed` are the runs of older transactions that this one gives up (births below the
  /// transaction's id); runs born in this transaction go back as by give_back(). Nothing may be
  /// taken after it. Errors: kNoSpace; then rollback() is due.
  Result<CommitSpace> plan_commit(std::uint64_t commit_nonce, std::uint64_t tree_pages,
                                  std::span<const std::uint64_t> overflow_pages,
                                  std::vector<FreedRun>&& freed, Trim trim = Trim::kNever);

  /// The planned commit has become the newest state.
  void committed();
  /// Forgets everything since begin().
  void rollback();
  /// Whether the active transaction took `run`, or part of it.
  bool took(Run run) const { return taken_.overlaps(run) || dropped_.overlaps(run); }
  /// Whether a transaction is active.
  bool active() const { return txn_ != 0; }
  /// Id of the active transaction; 0 when there is none.
  std::uint64_t transaction() const { return txn_; }

  /// Pages that a commit would give back to the file system under that policy (before its own needs
  /// are met).
  std::uint64_t trimmable_pages(Trim trim) const;

  /// Transaction whose state this is; 0 for an empty file.
  std::uint64_t id() const { return id_; }
  /// Length of the file in pages, growth by the active transaction included.
  std::uint64_t file_pages() const { return file_pages_; }
  std::uint64_t free_pages() const { return free_.pages(); }
  std::uint64_t pending_pages() const { return pending_.pages(); }
  /// Pages taken so far, through this object, that had been in use before.
  std::uint64_t pages_reused() const { return pages_reused_; }

  /// For check(): all free runs, all pending runs, all live records (oldest first).
  const FreeRuns& free_runs() const { return free_; }
  const PendingRuns& pending_runs() const { return pending_; }
  const std::vector<LiveRecord>& live_records() const { return records_; }

 private:
  // Loading (space_map_load.cc).
  Result<SpaceRecord> read_record(const Ref& ref, std::uint64_t file_pages,
                                  const SpaceReader& reader) const;
  Result<void> apply_checkpoint(const SpaceRecord& record);
  Result<void> apply_delta(const SpaceRecord& record);
  Result<void> follow(const Ref& newest, std::uint64_t file_pages, std::uint64_t id,
                      std::uint64_t commit_nonce, const SpaceReader& reader);
  bool leaves(Run run);
  Result<void> adopt_record(const SpaceRecord& record);

  // Placing (space_map.cc).
  void forget_transaction();
  enum class Growth : std::uint8_t {
    kGrown,     // the run at the end is as long as was asked
    kReleased,  // other pages have become free
    kRefused,   // neither; refusal_ says why
  };
  Result<Growth> grow(std::uint64_t contiguous);
  Result<bool> relieve(std::uint64_t missing, Shortage why);
  Result<void> lengthen(std::uint64_t file_pages);
  std::uint64_t longest_file() const;
  std::uint64_t growth_for(std::uint64_t missing) const;
  std::uint64_t roomy_length(std::uint64_t pages) const;
  bool may_grow_for(std::uint64_t pages) const;
  std::optional<Run> choose_run(std::uint64_t pages) const;
  Run take_from(std::uint64_t start, std::uint64_t pages);
  Result<std::optional<Run>> take_one_run(std::uint64_t pages);
  Result<void> place_early(TakenSpace& space, std::uint64_t tree_pages,
                           std::span<const std::uint64_t> overflow_pages);
  Result<std::vector<Run>> take_fragments(std::uint64_t pages, std::uint64_t most);

  // Planning (space_map_plan.cc).
  Result<void> settle_freed(std::vector<FreedRun>&& freed);
  Result<void> check_freed() const;
  std::uint64_t delta_size(std::uint64_t runs) const;
  std::uint64_t checkpoint_size() const;
  std::uint64_t record_pages(std::uint64_t runs) const;
  void choose_record_kind(Trim trim);
  void write_delta_after_all();
  Result<void> place(CommitSpace& plan, std::uint64_t tree_pages,
                     std::span<const std::uint64_t> overflow_pages);
  Result<void> place_apart(CommitSpace& plan, std::uint64_t tree_pages,
                           std::span<const std::uint64_t> overflow_pages);
  std::uint64_t reserve() const;
  Result<void> place_beside_reserve(CommitSpace& plan, std::uint64_t tree_pages,
                                    std::span<const std::uint64_t> overflow_pages);
  void trim_tail(Trim trim);
  void list_everything(SpaceRecord& record) const;
  SpaceRecord make_record(Run run, std::uint64_t commit_nonce) const;

  const std::uint32_t page_size_;
  const std::uint64_t seed_;
  SpaceLimits limits_;
  SpaceSource source_;
  Error refusal_;  // why the file could not become longer

  // The state after transaction id_.
  bool loaded_ = false;
  std::uint64_t id_ = 0;
  std::uint64_t commit_nonce_ = 0;
  std::uint64_t file_pages_ = 0;
  Ref newest_;  // record of id_; empty before the first commit
  FreeRuns free_;
  PendingRuns pending_;
  std::vector<LiveRecord> records_;  // oldest first; the first is the checkpoint
  RunSet record_pages_;              // their pages
  std::uint64_t chain_pages_ = 0;    // pages of those behind the checkpoint
  std::uint64_t high_water_ = 0;     // no page from here on was in use since load()
  std::uint64_t pages_reused_ = 0;

  // The active transaction; txn_ is 0 when there is none.
  std::uint64_t txn_ = 0;
  std::uint64_t file_pages_before_ = 0;
  std::uint64_t high_water_before_ = 0;
  std::uint64_t pages_reused_before_ = 0;
  RunSet taken_;                 // by this transaction and not given back
  RunSet dropped_;               // taken and given back: free after the commit
  std::vector<FreedRun> freed_;  // planned: sorted, adjacent ones of one birth joined
  bool low_ = false;             // see place_low()
  bool checkpoint_ = false;      // planned: the record is one
  Ref planned_;
  std::uint64_t planned_nonce_ = 0;
};

}  // namespace kist::engine
