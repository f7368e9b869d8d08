#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <kist/engine/error.h>
#include <kist/engine/options.h>

#include "engine/format/meta_slot.h"
#include "engine/os/file.h"
#include "engine/os/fork.h"
#include "engine/txn/flush_lock.h"
#include "engine/txn/lock_file.h"
#include "engine/txn/reader_table.h"
#include "engine/txn/tips.h"
#include "engine/txn/writer_lock.h"

namespace kist::engine {

/// A durable transaction and the meta slot that says so.
struct DurablePlace {
  std::uint64_t id = 0;
  std::uint32_t slot = 0;
};

/// How the processes and threads that have one data file open keep out of each other's way. The
/// protocol is written down in engine/docs/sharing.md.
///
/// Opening: begin_open(), then create_lock_file() (sole opener, to write) or join_lock_file(), then
/// finish_open(). Closing: begin_close(), finish_close(). Between the two halves of each, no other
/// process opens or closes.
///
/// A reader with a slot (uses_slots(), the usual case) makes no system call:
///     slot = claim_slot();  read_head(words);  pin_slot(slot, id of the head);  ...
///     release_slot(slot);
/// and one that has read a head before:  pin_again(slot, its place, its id, now);  ...
/// One without (opened for reading, and the data file or the lock file cannot be written):
///     read_head(words), or the meta slots when that says false;  pin_by_lock(id);
///     choose the head again the same way; if it has another id: unpin_by_lock(id) and start over.
class Sharing {
 public:
  /// Starts opening: waits until nobody else opens or closes, then looks who is there. The caller
  /// must check afterwards that `data` still matches its path. `data` is borrowed and must outlive
  /// this object; its locks beyond kLockBase belong to it. Open it with Access::kReadWrite if
  /// permissions allow, even for reading only: locks need it, nothing is written. An empty
  /// `lock_path` means that nobody else can have `data` open: the lock file is one in memory.
  /// `observer` may be null.
  static Result<std::unique_ptr<Sharing>> begin_open(os::File& data, const std::string& lock_path,
                                                     bool read_only, const FileAccess& created,
                                                     os::CallObserver* observer);
  /// Lets go of everything that is still held.
  ~Sharing();

  /// Whether no other process had the file open at begin_open() (one that only pins by lock does
  /// not count: it writes nothing and vouches for nothing).
  bool sole() const { return sole_; }

  /// Builds the lock file anew. Only for a sole opener that may write. There is no tip and no head
  /// until they are stored; burned id, durable id and latch are 0. `flush`: returns only when what
  /// was there before is gone from the device, too.
  Result<void> create_lock_file(const Identity& identity, bool flush = false);
  /// Uses the lock file that is there. A sole opener calls this only when it may not write, and
  /// then takes part without a slot. Errors: kBusy, naming the lock file, when others have the data
  /// file open but the lock file was deleted or is not the one they use; kPermission when an opener
  /// that wants to write may not write it.
  Result<void> join_lock_file(const Identity& identity);

  /// Ends opening: becomes one of the live processes and lets others open and close. Errors: kBusy
  /// when 1,024 processes have the file open.
  Result<void> finish_open();
  /// Starts closing: waits until nobody else opens or closes, and stops being live. No reader and
  /// no writer may be left here. True when no other process that may write is left, so that this
  /// one should confirm the last transaction before finish_close().
  Result<bool> begin_close();
  /// Ends closing: gives up everything.
  void finish_close();

  /// Whether this object came through a fork(): then nothing but the destructor may be called,
  /// except functions that say otherwise.
  bool stale() const { return birth_ != os::fork_count(); }
  /// Whether the lock file can still be found by a path. Only with slots.
  Result<bool> lock_file_has_name() const { return lock_file_->file().has_name(); }
  /// Whether the lock file was cut short under us: pins may no longer be seen by others.
  bool lock_file_damaged() const { return layout_ != nullptr && lock_file_->damaged(); }
  /// Whether readers use slots; else they pin by byte lock.
  bool uses_slots() const { return layout_ != nullptr; }

  /// Becomes the writer. `wait`: nothing waits for ever, zero not at all. May be called in a forked
  /// child. Errors: kBusy (zero wait), kTimedOut, kForked, kReadOnly, kDamaged; kMisuse instead of
  /// waiting for ever for what this very thread has locked.
  Result<void> lock_writer(Wait wait);
  /// Stops being the writer; on any thread.
  void unlock_writer();

  /// Whether this very thread made itself the writer, and nobody gave the lock back since.
  bool this_thread_writes() { return writer_lock_.held_by_this_thread(); }

  /// The right to flush the data file and to write its meta slots. Only with slots.
  FlushLock& flush_lock() { return flush_lock_; }

  /// Makes at most kHeadWords words, the meta slot of transaction `id`, the tip on which the next
  /// writer builds. Writer only (or sole opener). Only with slots, like all that follow but the
  /// head.
  void store_tip(std::uint64_t id, std::span<const std::uint64_t> words) {
    engine::store_tip(*layout_, id, words);
  }
  /// Makes the tip the head that readers see. Writer only (or sole opener).
  void publish_tip() { engine::publish_tip(*layout_); }
  /// The whole tip, held against its checksum. Writer only.
  bool read_tip(std::span<std::uint64_t, kHeadWords> words) const {
    return engine::read_tip(*layout_, words);
  }
  /// Id of the newest commit, which readers may not see yet; no more than a hint without the lock.
  std::uint64_t tip_id() const { return id_of(layout_->tip.load(std::memory_order_seq_cst)); }
  /// Copies the tip for the holder of the flush lock, which is about to flush it; 0 when it cannot
  /// be trusted.
  TipPlace take_tip_to_flush(std::span<std::uint64_t, kHeadWords> words) {
    return engine::take_tip_to_flush(*layout_, words);
  }
  /// Makes what was flushed the head, unless that is newer. Holder of the flush lock only.
  void publish_flushed(TipPlace flushed) { engine::publish_flushed(*layout_, flushed); }

  /// Newest durable transaction, as the holders of the flush lock noted it.
  DurablePlace durable() const {
    const std::uint64_t word = layout_->durable.load(std::memory_order_seq_cst);
    return {word / kMetaSlots, static_cast<std::uint32_t>(word % kMetaSlots)};
  }
  /// Holder of the flush lock only, after the flush and after the head was published.
  void set_durable(DurablePlace place) {
    layout_->durable.store(place.id * kMetaSlots + place.slot, std::memory_order_seq_cst);
  }
  /// Which commit the tip is, and where; it is never another commit's. 0: there is none.
  TipPlace tip_place() const { return layout_->tip.load(std::memory_order_acquire); }
  /// Bytes of the newest commit that no flush has vouched for yet, about: commits and flushes that
  /// overlap may count too few for a while.
  std::uint64_t unflushed_bytes() const {
    const std::uint64_t bytes =
        commit_bytes() - layout_->flushed_bytes.load(std::memory_order_relaxed);
    return bytes >> 63 != 0 ? 0 : bytes;
  }
  std::uint64_t commit_bytes() const {
    return layout_->commit_bytes.load(std::memory_order_relaxed);
  }
  /// A commit wrote so many bytes more than it gave up of what was not flushed; modulo 2^64.
  void add_unflushed(std::uint64_t bytes) {
    layout_->commit_bytes.fetch_add(bytes, std::memory_order_relaxed);
  }
  /// Holder of the flush lock only: the flush vouches for what commit_bytes() had said before it.
  void set_flushed(std::uint64_t commit_bytes) {
    layout_->flushed_bytes.store(commit_bytes, std::memory_order_relaxed);
  }
  /// When the oldest commit that no flush vouches for was made; 0: there is none, or nobody knows.
  std::uint64_t unflushed_since() const {
    return layout_->unflushed_since.load(std::memory_order_relaxed);
  }
  /// Notes that there is one at `now`, if none was noted before.
  void note_unflushed(std::uint64_t now) {
    std::uint64_t none = 0;
    if (layout_->unflushed_since.load(std::memory_order_relaxed) != 0) return;
    layout_->unflushed_since.compare_exchange_strong(none, now, std::memory_order_seq_cst);
  }
  /// Holder of the flush lock only, before it looks at the tip: what comes later counts anew.
  void forget_unflushed() { layout_->unflushed_since.store(0, std::memory_order_seq_cst); }

  /// The snapshots besides the tip that readers may yet begin on: the head, and the one that will
  /// be the head when its flush has returned. Writer only, before collect_pins().
  std::array<std::uint64_t, 2> protected_ids() const {
    // In this order, as in store_tip(): no head of later moments may be missed.
    const TipPlace flushing = layout_->flushing.load(std::memory_order_seq_cst);
    const TipPlace head = layout_->head.load(std::memory_order_seq_cst);
    return {id_of(head), id_of(flushing)};
  }

  /// Copies the first words.size() (at most kHeadWords) words of the newest head. False when there
  /// is none, or none that can be trusted: then the meta slots of the file decide.
  bool read_head(std::span<std::uint64_t> words) const {
    if (layout_ != nullptr) [[likely]]
      return read_head_words(*layout_, words) != 0;
    return read_head_without_slots(words);
  }
  /// Names the head that readers see: another head, another number; never 0 for one that was read.
  /// Only with slots.
  TipPlace head_place() const {
    // Sequentially consistent: see read_head_words().
    return layout_->head.load(std::memory_order_seq_cst);
  }
  /// The same as read_head(), and returns head_place() of what was copied; 0 when there is no head.
  /// Only with slots.
  TipPlace read_placed_head(std::span<std::uint64_t> words) const {
    return read_head_words(*layout_, words);
  }
  /// The whole head, held against its checksum.
  bool read_head_checked(std::span<std::uint64_t, kHeadWords> words) const;

  /// A number that is another one for each head, and after wake_watchers(). Only with slots.
  std::uint64_t wakes() const { return layout_->wakes.load(std::memory_order_seq_cst); }
  /// Waits while wakes() is `seen`, at most for `limit`. May return early. Only with slots.
  void wait_for_wake(std::uint64_t seen, std::chrono::nanoseconds limit) {
    wait_for_announcement(*layout_, seen, limit);
  }
  /// Lets all who wait so look again, in every process. Only with slots.
  void wake_watchers() { announce(*layout_); }

  /// Greatest transaction id that may have been written under; ids start above it. Only with slots.
  std::uint64_t burned_id() const { return layout_->burned_id.load(std::memory_order_acquire); }
  /// Notes, before the first write under it, that `id` must never be used again. Writer only.
  void burn(std::uint64_t id) { layout_->burned_id.store(id, std::memory_order_release); }
  /// Transaction that is prepared, or being prepared, and waits for its decision; or 0. Only with
  /// slots.
  std::uint64_t prepared() const { return layout_->prepared.load(std::memory_order_acquire); }
  /// Writer only.
  void set_prepared(std::uint64_t id) { layout_->prepared.store(id, std::memory_order_release); }
  /// Whether the meta slots may be in the page cache only: nothing may be written before they are
  /// surely on the device. Only with slots.
  bool unsure() const { return layout_->unsure.load(std::memory_order_acquire) != 0; }
  /// Under the flush lock, or alone.
  void set_unsure(bool unsure) { layout_->unsure.store(unsure ? 1 : 0, std::memory_order_release); }
  /// Why nothing may be acknowledged any more, as the caller coded it; 0 when all is well.
  std::uint64_t latch() const {
    return layout_ != nullptr ? layout_->latch.load(std::memory_order_acquire) : 0;
  }
  /// Latches the environment for all processes until all have closed it.
  void set_latch(std::uint64_t code) { layout_->latch.store(code, std::memory_order_release); }

  /// Takes a reader slot, which pins everything until pin_slot(). Any thread. Errors: kBusy when
  /// 65,536 slots are taken; kNoSpace, kIo when the lock file cannot grow. Only with slots.
  Result<std::uint32_t> claim_slot() { return readers_->claim(); }
  /// Pins snapshot `id` in `slot`, which this process has had before, if the head is what was once
  /// read at `place`. False: claim_slot(). `now`: os::coarse_milliseconds().
  bool pin_again(std::uint32_t slot, TipPlace place, std::uint64_t id, std::uint64_t now) {
    // The first look only spares others the sight of a pin that nobody means.
    if (lock_file_->damaged() || head_place() != place) [[unlikely]]
      return false;
    if (!readers_->claim_again(slot, id, now)) return false;
    // Announced first, looked at the head afterwards: as with claim_slot(), a writer that does not
    // see the pin has made another head before this load.
    if (head_place() == place) [[likely]]
      return true;
    readers_->release(slot);
    return false;
  }
  /// Lowers the pin of a claimed slot to the snapshot `id` that was read from the head since.
  void pin_slot(std::uint32_t slot, std::uint64_t id) { readers_->pin(slot, id); }
  /// Lets writers oust the pin of snapshot `id` that the slot has; and takes that back: false when
  /// it was ousted.
  void park_slot(std::uint32_t slot, std::uint64_t id) { readers_->park(slot, id); }
  bool unpark_slot(std::uint32_t slot, std::uint64_t id) { return readers_->unpark(slot, id); }
  /// Ousts the parked pins of a snapshot. Writer only. Returns how many there were.
  Result<std::uint64_t> oust(std::uint64_t snapshot) { return readers_->oust(snapshot); }
  /// What is pinned at or below `head`, one entry a slot or locked snapshot. Clears the slots of
  /// the dead. Without slots, the pins of this process alone.
  Result<std::vector<PinnedSlot>> list_readers(std::uint64_t head);
  /// Gives the slot back. May be called in a forked child, and does nothing there.
  void release_slot(std::uint32_t slot) {
    if (!stale()) readers_->release(slot);
  }

  /// Pins snapshot `id` by a shared byte lock; counted, from any thread. Only without slots.
  Result<void> pin_by_lock(std::uint64_t id);
  /// Takes one such pin back. May be called in a forked child, and does nothing there.
  void unpin_by_lock(std::uint64_t id);

  /// All snapshots that readers in any process need, apart from `tip` itself, which the caller
  /// pins, as it does with protected_ids(). Writer only. Errors: kDamaged when the lock file
  /// contradicts itself, kIo.
  Result<Pins> collect_pins(std::uint64_t tip);

 private:
  Sharing(os::File& data, std::string lock_path, bool read_only, const FileAccess& created,
          os::CallObserver* observer);
  Result<void> look_for_others();
  Result<void> use_slots(LockFile lock_file);
  Result<std::uint32_t> claim_live_byte();
  Result<void> collect_lock_pins(std::uint64_t tip, Pins& pins) const;
  bool read_head_without_slots(std::span<std::uint64_t> words) const;
  Result<bool> in_use(const LockFile& lock_file) const;
  Result<bool> read_foreign_head(std::span<std::uint64_t, kHeadWords> words) const;
  void let_go();

  os::File& data_;
  const std::string lock_path_;
  const bool read_only_;
  const FileAccess created_;
  os::CallObserver* const observer_;
  const std::uint32_t birth_ = os::fork_count();
  bool sole_ = false;
  std::optional<LockFile>
      candidate_;                 // lock file of the others, from begin_open() to the next step
  std::optional<Error> refusal_;  // why there is none, should there be others

  std::unique_ptr<LockFile> lock_file_;   // with slots
  LockFileLayout* layout_ = nullptr;      // of lock_file_
  std::unique_ptr<ReaderTable> readers_;  // with slots, from finish_open() to begin_close()
  std::uint32_t process_ = 0;             // index of our live byte, while readers_ exists
  WriterLock writer_lock_;
  FlushLock flush_lock_;

  // Without slots.
  mutable std::mutex mutex_;  // protects the three below
  std::optional<Identity> identity_;
  mutable std::unique_ptr<LockFile> foreign_;         // lock file of the live processes, read-only
  std::map<std::uint64_t, std::uint32_t> lock_pins_;  // pins by byte lock and their counts
};

}  // namespace kist::engine
