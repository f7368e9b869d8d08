#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <kist/engine/error.h>

#include "engine/space/run.h"
#include "engine/space/run_set.h"
#include "engine/space/space_map.h"

namespace kist::engine {

class Environment;

/// Space that a write transaction takes before its commit, for what is written early: very large
/// values, and trees that have outgrown the memory. What lies there is final, born in this
/// transaction, and nobody else can refer to it before the commit: an abort leaves garbage in free
/// space.
class EarlySpace {
 public:
  /// For the transaction that is active in the environment's space map.
  explicit EarlySpace(Environment& environment);

  /// Takes consecutive pages, and makes sure that the file has them and that the transaction's id
  /// is never used again: they may be written. Errors: kNoSpace, with nothing taken; kIo.
  Result<Run> take_run(std::uint64_t pages);
  /// The same for overflow runs and tree pages, placed as a commit would place them.
  Result<TakenSpace> take_space(std::uint64_t tree_pages,
                                std::span<const std::uint64_t> overflow_pages);
  /// Lengthens the file to `pages`. Errors: kNoSpace, kIo.
  Result<void> lengthen(std::uint64_t pages);
  /// Notes that so many bytes were written early.
  void wrote(std::uint64_t bytes) { bytes_written_ += bytes; }

  /// Takes a run for a value that comes piece by piece. It belongs to no state, whatever levels
  /// begin and end meanwhile, until settle(); `owner` is the handle that writes it.
  Result<Run> open_run(std::uint64_t pages, const void* owner);
  /// The value is complete: its run belongs to the newest state.
  void settle(Run run);
  /// The value is given up: gives its run back.
  void drop(Run run);
  /// The same for all values of `owner`; null: of anybody. Nobody may write them any more.
  void drop_all(const void* owner);

  /// Gives back a run that the transaction took and no state of it has any more. `seen`: a reader
  /// of an uncommitted state may still look at it, so that it stays as it is until the commit;
  /// otherwise its pages may be taken again at once. False, and no change, when it was not taken
  /// since the newest level began: states that may come back may have it.
  bool give_back(Run run, bool seen);

  /// Begins a level: what is taken from now on is given back when the level is rolled back.
  void begin_level() { levels_.emplace_back(); }
  /// Gives back everything taken since the newest level began.
  void roll_back(bool seen);
  /// Forgets the newest level; what it took belongs to the one before.
  void end_level();

  /// Whether pages may have been written twice, with two contents under one birth. Then nothing may
  /// refer to them, on the device, before a flush has made the second one surely the one there is.
  bool rewrites() const { return rewrites_; }
  std::uint64_t bytes_written() const { return bytes_written_; }
  /// Must be called with every run that is about to be written by this transaction: forgets that
  /// other contents of its pages were found to be whole.
  void about_to_write(std::span<const Run> runs) const;

 private:
  struct OpenRun {
    Run run;
    const void* owner;
  };

  Result<void> make_writable(std::span<const Run> runs, std::uint64_t file_pages);

  Environment& environment_;
  const std::uint64_t id_;
  std::vector<RunSet> levels_;  // what each open level took
  std::vector<OpenRun> open_;
  bool rewrites_ = false;
  std::uint64_t bytes_written_ = 0;
};

}  // namespace kist::engine
