#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <kist/engine/database.h>

#include "tests/crash/recorder.h"
#include "tests/crash/states.h"
#include "tests/support/model.h"
#include "tests/support/random.h"
#include "tests/support/temp_directory.h"

namespace kist::test {

/// Work on one store, recorded call by call, with what the store holds after each commit.
class Trace {
 public:
  Trace(std::uint32_t page_size, std::uint64_t seed) : random(seed), page_size_(page_size) {}
  ~Trace();

  /// Opens the store, creating it the first time.
  void open();
  /// Closes it cleanly.
  void close();
  /// Commits what `change` does to the store.
  void commit(const std::function<void(DualWriter&)>& change,
              engine::Durability durability = engine::Durability::kDurable);
  /// Commits what `first` does durably, and, while the last flush for that is under way, what
  /// `second` does on top of it: so many times relaxed, then once with `durability`. All are
  /// acknowledged when this returns, a relaxed last one not.
  void commit_beside(const std::function<void(DualWriter&)>& first,
                     const std::function<void(DualWriter&)>& second, int relaxed,
                     engine::Durability durability);
  /// What is done between the two phases, and in the second one.
  struct TwoPhases {
    bool keeps = true;     ///< Else the prepared transaction is rolled back.
    bool reopens = false;  ///< Closes and opens the store between them.
  };
  /// Commits in two phases. From the first one on it counts as the newest content, because whoever
  /// asks for it must get it.
  void commit_in_two_phases(const std::function<void(DualWriter&)>& change, TwoPhases how);
  /// Another process opens the store, does the change, and dies in its commit at a failpoint.
  /// `commits`: the commit is the tip by then, so the next writer builds on it.
  void die_writing(const std::function<void(DualWriter&)>& change, const char* failpoint,
                   bool commits);
  /// Makes the store by restoring a backup of another one, in which `change` was committed
  /// `increments` + 1 times: a plain backup after the first, an incremental one after each other.
  /// Only the restore is recorded. To be called instead of the first open().
  void restore(const std::function<void(DualWriter&)>& change, int increments);
  /// Goes on with what a crash or the death of all processes left, on top of `before`. What is
  /// found is the last of `contents` then. Throws when it is not among what the state allows.
  void open_left(const CrashState& state, const std::vector<Tables>& before);
  /// Does changes and forgets them.
  void abort(const std::function<void(DualWriter&)>& change);
  /// Compacts in at most so many steps of so many pages each, which changes no content.
  void compact(std::uint64_t pages, int steps);
  void sync();

  const Tables& model() const { return contents.back(); }
  Recorder& recorder() { return recorder_; }
  std::uint32_t page_size() const { return page_size_; }
  const std::string& directory() const { return directory_.path(); }

  Random random;
  /// Of transactions; to be set before open().
  std::uint64_t transaction_memory = engine::Options().transaction_memory;
  std::vector<Tables> contents{Tables{{"", {}}}};  ///< After each commit; [0]: the empty store.

 private:
  std::int64_t newest() const { return static_cast<std::int64_t>(contents.size()) - 1; }
  void open_database();
  void note_changes(const std::string& before, bool flushed);
  void notice_publication();
  void flush_begins();

  const std::uint32_t page_size_;
  TempDirectory directory_;
  Recorder recorder_;
  std::unique_ptr<engine::Database> database_;
  bool committing_ = false;  // a durable commit is under way
  std::uint64_t id_before_ = 0;
  std::function<void()> beside_flush_;  // to be done once, while the next flush is under way
};

/// What a trace does, for people and for the loop over all of them.
struct TraceKind {
  const char* name;
  void (*run)(Trace&);
};

/// All kinds of traces.
const std::vector<TraceKind>& trace_kinds();

/// What is done to a store after its recovery.
void second_life(Trace& trace);

}  // namespace kist::test
