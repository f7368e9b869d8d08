#pragma once

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

#include "engine/os/file.h"
#include "engine/os/fork.h"
#include "engine/txn/lock_file.h"
#include "engine/txn/reader_table.h"
#include "engine/txn/writer_lock.h"

namespace kist::engine {

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

  /// Builds the lock file anew. Only for a sole opener that may write. There is no head until
  /// publish(); burned id, transaction in commit and latch are 0.
  Result<void> create_lock_file(const Identity& identity);
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

  /// Makes at most kHeadWords words the head that readers see. Writer only (or sole opener).
  void publish(std::span<const std::uint64_t> words) { publish_head(*layout_, words); }
  /// Copies the first words.size() (at most kHeadWords) words of the newest head. False when there
  /// is none, or none that can be trusted: then the meta slots of the file decide.
  bool read_head(std::span<std::uint64_t> words) const {
    if (layout_ != nullptr) [[likely]]
      return read_head_words(*layout_, words) != 0;
    return read_head_without_slots(words);
  }
  /// Number of the publish that made the head what it is; never 0 for a head that was read. Only
  /// with slots.
  std::uint64_t head_sequence() const {
    // Sequentially consistent: see read_head_words().
    return layout_->head_sequence.load(std::memory_order_seq_cst);
  }
  /// The same as read_head(), and returns head_sequence() of what was copied; 0 when there is no
  /// head. Only with slots.
  std::uint64_t read_head_sequence(std::span<std::uint64_t> words) const {
    return read_head_words(*layout_, words);
  }
  /// The whole head, held against its checksum. What a writer must use, because it builds on it.
  bool read_head_checked(std::span<std::uint64_t, kHeadWords> words) const;

  /// Greatest transaction id that may have been written under; ids start above it. Only with slots.
  std::uint64_t burned_id() const { return layout_->burned_id.load(std::memory_order_acquire); }
  /// Notes, before the first write under it, that `id` must never be used again. Writer only.
  void burn(std::uint64_t id) { layout_->burned_id.store(id, std::memory_order_release); }
  /// Transaction whose commit has begun and was not published: a writer that finds one not 0 must
  /// recover first. Only with slots.
  std::uint64_t in_commit() const { return layout_->in_commit.load(std::memory_order_acquire); }
  /// Writer only; 0 after publish().
  void set_in_commit(std::uint64_t id) { layout_->in_commit.store(id, std::memory_order_release); }
  /// Transaction that is prepared and waits for its decision, or 0. Only with slots.
  std::uint64_t prepared() const { return layout_->prepared.load(std::memory_order_acquire); }
  /// Writer only.
  void set_prepared(std::uint64_t id) { layout_->prepared.store(id, std::memory_order_release); }
  /// Why nothing may be acknowledged any more, as the caller coded it; 0 when all is well.
  std::uint64_t latch() const {
    return layout_ != nullptr ? layout_->latch.load(std::memory_order_acquire) : 0;
  }
  /// Latches the environment for all processes until all have closed it.
  void set_latch(std::uint64_t code) { layout_->latch.store(code, std::memory_order_release); }

  /// Takes a reader slot, which pins everything until pin_slot(). Any thread. Errors: kBusy when
  /// 65,536 slots are taken; kNoSpace, kIo when the lock file cannot grow. Only with slots.
  Result<std::uint32_t> claim_slot() { return readers_->claim(); }
  /// Lowers the pin of a claimed slot to the snapshot `id` that was read from the head since.
  void pin_slot(std::uint32_t slot, std::uint64_t id) { readers_->pin(slot, id); }
  /// Gives the slot back. May be called in a forked child, and does nothing there.
  void release_slot(std::uint32_t slot) {
    if (!stale()) readers_->release(slot);
  }

  /// Pins snapshot `id` by a shared byte lock; counted, from any thread. Only without slots.
  Result<void> pin_by_lock(std::uint64_t id);
  /// Takes one such pin back. May be called in a forked child, and does nothing there.
  void unpin_by_lock(std::uint64_t id);

  /// All snapshots that readers in any process need, apart from `head` itself, which the caller
  /// pins. Writer only, after the predecessor of the transaction was published. Errors: kDamaged
  /// when the lock file contradicts itself, kIo.
  Result<Pins> collect_pins(std::uint64_t head);

 private:
  Sharing(os::File& data, std::string lock_path, bool read_only, const FileAccess& created,
          os::CallObserver* observer);
  Result<void> look_for_others();
  Result<void> use_slots(LockFile lock_file);
  Result<std::uint32_t> claim_live_byte();
  Result<void> collect_lock_pins(std::uint64_t head, Pins& pins) const;
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

  // Without slots.
  mutable std::mutex mutex_;  // protects the three below
  std::optional<Identity> identity_;
  mutable std::unique_ptr<LockFile> foreign_;         // lock file of the live processes, read-only
  std::map<std::uint64_t, std::uint32_t> lock_pins_;  // pins by byte lock and their counts
};

}  // namespace kist::engine
