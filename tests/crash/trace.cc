#include "tests/crash/trace.h"

#include <atomic>
#include <exception>
#include <string_view>
#include <thread>
#include <utility>

#include "engine/base/failpoints.h"
#include "tests/support/must.h"

namespace kist::test {

using engine::Database;
using engine::Durability;

Trace::~Trace() {
  // The environment's last calls are no part of the trace, and the hook looks at a trace that goes.
  recorder_.set_flush_hook({});
  database_.reset();
}

void Trace::open() {
  recorder_.watch(directory_.file("store-lock"));
  recorder_.begun(static_cast<std::uint64_t>(newest()));
  database_ = std::make_unique<Database>(
      must(Database::open(directory_.file("store"), {.page_size = page_size_,
                                                     .transaction_memory = transaction_memory,
                                                     .observer = &recorder_})));
  recorder_.acknowledged(static_cast<std::uint64_t>(newest()));
  recorder_.set_flush_hook([this] { flush_begins(); });
}

void Trace::close() {
  recorder_.set_flush_hook({});
  must(database_->close());
  database_.reset();
  recorder_.acknowledged(static_cast<std::uint64_t>(newest()));
}

// Whoever can see a durable commit may act on it: what readers see before the flush counts as
// acknowledged.
void Trace::notice_publication() {
  if (!committing_) return;
  const std::uint64_t id = must(database_->read()).id();
  if (id > id_before_) recorder_.acknowledged(static_cast<std::uint64_t>(newest()));
}

void Trace::flush_begins() {
  notice_publication();
  // Some flushes happen while the writer still is one.
  if (!beside_flush_ || !database_->write(std::chrono::milliseconds(0))) return;
  if (const auto beside = std::exchange(beside_flush_, {})) {
    committing_ = false;  // others will be published from now on
    beside();
  }
}

void Trace::commit(const std::function<void(DualWriter&)>& change, Durability durability) {
  const std::uint64_t number = contents.size();
  recorder_.begun(number);
  {
    engine::WriteTxn txn = must(database_->write());
    Tables next = model();
    id_before_ = txn.id();
    DualWriter writer(*database_, txn, next);
    change(writer);
    contents.push_back(std::move(next));
    committing_ = durability == Durability::kDurable;
    must(txn.commit(durability));
    committing_ = false;
  }
  if (durability == Durability::kDurable) recorder_.acknowledged(number);
}

namespace {

// Set when some thread has made its commit the tip. Failpoint hooks are plain functions.
std::atomic<bool> tip_stored{false};
void note_tip(const char* name) {
  if (std::string_view(name) == "commit.after_publish") tip_stored = true;
}

}  // namespace

void Trace::commit_two(const std::function<void(DualWriter&)>& first,
                       const std::function<void(DualWriter&)>& second, Durability durability) {
  std::jthread other;
  std::exception_ptr failure;
  const std::uint64_t number = contents.size() + 1;
  beside_flush_ = [&] {
    recorder_.begun(number);
    tip_stored = false;
    engine::set_failpoint_hook(note_tip);
    other = std::jthread([&, next = model()]() mutable {
      try {
        engine::WriteTxn txn = must(database_->write());
        DualWriter writer(*database_, txn, next);
        second(writer);
        contents.push_back(std::move(next));
        must(txn.commit(durability));
      } catch (...) {
        failure = std::current_exception();
        tip_stored = true;
      }
    });
    while (!tip_stored) std::this_thread::yield();
  };
  commit(first);
  other.join();
  engine::set_failpoint_hook(nullptr);
  if (failure) std::rethrow_exception(failure);
  if (durability == Durability::kDurable) recorder_.acknowledged(number);
}

void Trace::commit_in_two_phases(const std::function<void(DualWriter&)>& change, bool keeps) {
  const Tables before = model();
  Tables next = before;
  recorder_.begun(contents.size());
  std::uint64_t id = 0;
  {
    engine::WriteTxn txn = must(database_->write());
    DualWriter writer(*database_, txn, next);
    change(writer);
    id = must(txn.prepare());
  }
  contents.push_back(std::move(next));
  recorder_.acknowledged(static_cast<std::uint64_t>(newest()));
  if (keeps) {
    must(database_->commit_prepared(id));
    return;
  }
  recorder_.begun(contents.size());
  contents.push_back(before);
  must(database_->roll_back_prepared(id));
  recorder_.acknowledged(static_cast<std::uint64_t>(newest()));
}

void Trace::abort(const std::function<void(DualWriter&)>& change) {
  Tables forgotten = model();
  engine::WriteTxn txn = must(database_->write());
  DualWriter writer(*database_, txn, forgotten);
  change(writer);
}

void Trace::sync() {
  must(database_->sync());
  recorder_.acknowledged(static_cast<std::uint64_t>(newest()));
}

namespace {

void put_some(Trace& trace, DualWriter& writer, const std::string& table, int count,
              std::uint64_t keys, std::uint64_t longest) {
  for (int i = 0; i < count; ++i) {
    const std::string key = "key " + std::to_string(trace.random.below(keys));
    writer.put(table, key, trace.random.bytes(trace.random.below(longest + 1)));
  }
}

void erase_some(Trace& trace, DualWriter& writer, const std::string& table, int count) {
  for (int i = 0; i < count && !writer.model().at(table).empty(); ++i) {
    const Records& records = writer.model().at(table);
    writer.erase(
        table,
        std::next(records.begin(), static_cast<long>(trace.random.below(records.size())))->first);
  }
}

void creation(Trace& trace) {
  trace.open();
  for (int i = 0; i < 3; ++i) {
    trace.commit([&](DualWriter& writer) { put_some(trace, writer, "", 1, 10, 30); });
  }
}

void small_commits(Trace& trace) {
  trace.open();
  for (int i = 0; i < 20; ++i) {
    trace.commit([&](DualWriter& writer) {
      put_some(trace, writer, "", 2, 60, 100);
      if (i % 4 == 3) erase_some(trace, writer, "", 2);
    });
    if (i % 7 == 5)
      trace.abort([&](DualWriter& writer) { put_some(trace, writer, "", 5, 60, 200); });
  }
}

void growth(Trace& trace) {
  trace.open();
  for (int i = 0; i < 8; ++i) {
    trace.commit([&](DualWriter& writer) {
      put_some(trace, writer, "", 20 << (i / 2), 100000, trace.page_size() / 8);
    });
  }
}

void overflow_values(Trace& trace) {
  trace.open();
  for (int i = 0; i < 12; ++i) {
    trace.commit([&](DualWriter& writer) {
      put_some(trace, writer, "", 2, 6, 5 * trace.page_size());
      if (i % 4 == 1) put_some(trace, writer, "", 1, 6, 90000);
      if (i % 3 == 2) erase_some(trace, writer, "", 1);
      put_some(trace, writer, "", 2, 40, 20);
    });
  }
}

void named_tables(Trace& trace) {
  trace.open();
  for (int i = 0; i < 14; ++i) {
    trace.commit([&](DualWriter& writer) {
      const std::string name = "table " + std::to_string(trace.random.below(4));
      const std::string other = "table " + std::to_string(4 + trace.random.below(2));
      if (!writer.model().contains(name)) {
        writer.create(name);
      } else if (trace.random.one_in(4)) {
        writer.drop(name);
        return;
      } else if (trace.random.one_in(4)) {
        writer.clear(name);
      } else if (trace.random.one_in(4) && !writer.model().contains(other)) {
        writer.rename(name, other);
        return;
      }
      put_some(trace, writer, name, 10, 50, 60);
    });
  }
}

void delete_to_empty(Trace& trace) {
  trace.open();
  trace.commit([&](DualWriter& writer) {
    put_some(trace, writer, "", 150, 1000, trace.page_size() / 8);
    put_some(trace, writer, "", 4, 1000, 6 * trace.page_size());
  });
  while (!trace.model().at("").empty()) {
    trace.commit([&](DualWriter& writer) { erase_some(trace, writer, "", 25); });
  }
  trace.commit([&](DualWriter& writer) { put_some(trace, writer, "", 2, 10, 30); });
}

void relaxed_then_sync(Trace& trace) {
  trace.open();
  for (int i = 0; i < 24; ++i) {
    const bool durable = i % 8 == 7;
    trace.commit([&](DualWriter& writer) { put_some(trace, writer, "", 3, 60, 150); },
                 durable ? Durability::kDurable : Durability::kRelaxed);
    if (i % 12 == 4) trace.sync();
  }
  trace.close();
}

// The second of two writers works while the commit of the first is flushed.
void overlapping(Trace& trace) {
  trace.open();
  for (int i = 0; i < 10; ++i) {
    const auto change = [&](DualWriter& writer) {
      put_some(trace, writer, "", i % 5 == 4 ? 40 : 3, 60, 150);
    };
    trace.commit_two(change, change, i % 3 == 2 ? Durability::kRelaxed : Durability::kDurable);
    if (i % 4 == 3) trace.commit(change, Durability::kRelaxed);
  }
  trace.close();
}

void close_and_reopen(Trace& trace) {
  for (int session = 0; session < 4; ++session) {
    trace.open();
    for (int i = 0; i < session; ++i) {
      trace.commit([&](DualWriter& writer) { put_some(trace, writer, "", 4, 50, 80); },
                   i % 2 == 0 ? Durability::kRelaxed : Durability::kDurable);
    }
    trace.close();
  }
}

// Values so large that they are written before the commit, and given up again after that.
void huge_values(Trace& trace) {
  trace.open();
  for (int i = 0; i < 3; ++i) {
    const auto put_huge = [&](DualWriter& writer) {
      writer.put("", "huge", trace.random.bytes((1 << 20) + trace.random.below(9000)));
    };
    trace.abort(put_huge);
    trace.commit([&](DualWriter& writer) { put_some(trace, writer, "", 30, 1000, 3000); });
    if (i == 1) trace.commit(put_huge);
    trace.commit([&](DualWriter& writer) { put_some(trace, writer, "", 3, 1000, 100); });
  }
  trace.close();
}

// Transactions that outgrow their memory and write the same pages twice before their commit.
void spilled(Trace& trace) {
  trace.transaction_memory = 0;
  trace.open();
  for (int i = 0; i < 2; ++i) {
    const auto change = [&](DualWriter& writer) {
      put_some(trace, writer, "", 700, 350, trace.page_size() / 4);
      put_some(trace, writer, "", 2, 350, 6 * trace.page_size());
    };
    if (i == 1) trace.abort(change);
    trace.commit(change, i % 2 == 0 ? Durability::kRelaxed : Durability::kDurable);
    trace.commit([&](DualWriter& writer) { put_some(trace, writer, "", 3, 350, 50); });
  }
  trace.close();
}

// Nested transactions, kept and forgotten, some of them larger than their memory.
void nested(Trace& trace) {
  trace.transaction_memory = 0;
  trace.open();
  for (int i = 0; i < 2; ++i) {
    trace.commit([&](DualWriter& writer) {
      put_some(trace, writer, "", 50, 400, trace.page_size() / 4);
      for (int j = 0; j < 3; ++j) {
        writer.nested(
            [&](DualWriter& inner) {
              put_some(trace, inner, "", i % 2 == 0 ? 400 : 20, 400, trace.page_size() / 4);
              inner.nested([&](DualWriter& innermost) { erase_some(trace, innermost, "", 10); },
                           j == 1);
              put_some(trace, inner, "", 1, 6, 5 * trace.page_size());
            },
            j != 1);
      }
    });
  }
  trace.close();
}

void growing_and_shrinking(Trace& trace) {
  trace.open();
  for (int i = 0; i < 6; ++i) {
    trace.commit([&](DualWriter& writer) {
      for (int j = 0; j < 8; ++j) {
        writer.put("", "large " + std::to_string(j), trace.random.bytes(24 * trace.page_size()));
      }
    });
    trace.commit([&](DualWriter& writer) { writer.clear(""); });
    trace.commit([&](DualWriter& writer) { put_some(trace, writer, "", 2, 20, 50); });
  }
  trace.close();
}

void two_phases(Trace& trace) {
  trace.open();
  for (int i = 0; i < 8; ++i) {
    trace.commit([&](DualWriter& writer) { put_some(trace, writer, "", 3, 40, 100); },
                 i % 3 == 2 ? Durability::kRelaxed : Durability::kDurable);
    trace.commit_in_two_phases(
        [&](DualWriter& writer) {
          put_some(trace, writer, "", 2, 40, i == 4 ? 9 * trace.page_size() : 100);
        },
        i % 2 == 0);
    if (i == 5) {
      trace.close();
      trace.open();
    }
  }
  trace.close();
}

}  // namespace

const std::vector<TraceKind>& trace_kinds() {
  static const std::vector<TraceKind> kinds{
      {"creation", creation},
      {"small commits", small_commits},
      {"two phases", two_phases},
      {"growth", growth},
      {"overflow values", overflow_values},
      {"named tables", named_tables},
      {"delete to empty", delete_to_empty},
      {"relaxed, then sync", relaxed_then_sync},
      {"overlapping commits", overlapping},
      {"close and reopen", close_and_reopen},
      {"huge values", huge_values},
      {"spilled", spilled},
      {"nested", nested},
      {"growing and shrinking", growing_and_shrinking},
      {"two phases", two_phases},
  };
  return kinds;
}

}  // namespace kist::test
