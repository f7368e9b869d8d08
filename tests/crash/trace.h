#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <kist/engine/database.h>

#include "tests/crash/recorder.h"
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
  /// `second` does on top of it. Both are acknowledged when this returns, a relaxed second one not.
  void commit_two(const std::function<void(DualWriter&)>& first,
                  const std::function<void(DualWriter&)>& second, engine::Durability durability);
  /// The same in two phases, with `keeps`; otherwise the prepared transaction is rolled back. From
  /// the first phase on it counts as the newest content, because whoever asks for it must get it.
  void commit_in_two_phases(const std::function<void(DualWriter&)>& change, bool keeps);
  /// Does changes and forgets them.
  void abort(const std::function<void(DualWriter&)>& change);
  void sync();

  const Tables& model() const { return contents.back(); }
  Recorder& recorder() { return recorder_; }
  std::uint32_t page_size() const { return page_size_; }

  Random random;
  /// Of transactions; to be set before open().
  std::uint64_t transaction_memory = engine::Options().transaction_memory;
  std::vector<Tables> contents{Tables{{"", {}}}};  ///< After each commit; [0]: the empty store.

 private:
  std::int64_t newest() const { return static_cast<std::int64_t>(contents.size()) - 1; }
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

}  // namespace kist::test
