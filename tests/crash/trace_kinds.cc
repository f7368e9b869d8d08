#include <iterator>
#include <string>

#include "tests/crash/trace.h"

namespace kist::test {

using engine::Durability;

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
    trace.commit_beside(change, change, i % 3,
                        i % 3 == 2 ? Durability::kRelaxed : Durability::kDurable);
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

// Relaxed ones of that kind, each in the place of the last but one: what the lock file said of an
// older one must not be believed.
void spilled_and_relaxed(Trace& trace) {
  trace.transaction_memory = 0;
  trace.open();
  for (int i = 0; i < 4; ++i) {
    trace.commit(
        [&](DualWriter& writer) { put_some(trace, writer, "", 500, 250, trace.page_size() / 4); },
        Durability::kRelaxed);
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

// Compaction in small steps, some of them with commits in between.
void compaction(Trace& trace) {
  trace.open();
  for (int i = 0; i < 2; ++i) {
    trace.commit([&](DualWriter& writer) {
      put_some(trace, writer, "", 200, 1000, trace.page_size() / 4);
      put_some(trace, writer, "", 3, 1000, 5 * trace.page_size());
    });
    trace.commit([&](DualWriter& writer) { erase_some(trace, writer, "", 150); });
    for (int j = 0; j < 4; ++j) {
      trace.compact(6, 2);
      trace.commit([&](DualWriter& writer) { put_some(trace, writer, "", 2, 1000, 50); },
                   j % 2 == 0 ? Durability::kRelaxed : Durability::kDurable);
    }
    trace.compact(20, 100);
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
        {.keeps = i % 2 == 0, .reopens = i % 3 == 1});
    if (i == 5) {
      trace.close();
      trace.open();
    }
  }
  trace.close();
}

// Writers in other processes die on their way; the next one goes on from there.
void dying_writers(Trace& trace) {
  trace.open();
  const auto change = [&](DualWriter& writer) { put_some(trace, writer, "", 6, 60, 150); };
  for (int i = 0; i < 3; ++i) {
    trace.commit(change, i == 1 ? Durability::kRelaxed : Durability::kDurable);
    trace.die_writing(change, "commit.after_pages", false);
    trace.commit(change, i == 2 ? Durability::kRelaxed : Durability::kDurable);
    trace.die_writing(change, "commit.after_tip", true);
    trace.commit(change, Durability::kRelaxed);
    trace.die_writing(change, "flush.after_slot", true);
  }
  trace.commit(change);
  trace.close();
}

void backup_and_restore(Trace& trace) {
  trace.restore(
      [&](DualWriter& writer) {
        put_some(trace, writer, "", 12, 60, trace.page_size() / 4);
        put_some(trace, writer, "", 1, 4, 5 * trace.page_size());
      },
      3);
  trace.open();
  trace.commit([&](DualWriter& writer) { put_some(trace, writer, "", 3, 60, 100); });
  trace.close();
}

}  // namespace

void second_life(Trace& trace) {
  const auto change = [&](DualWriter& writer) { put_some(trace, writer, "", 2, 60, 150); };
  trace.commit(change, Durability::kRelaxed);
  trace.commit(change);
  trace.commit(change);
}

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
      {"dying writers", dying_writers},
      {"huge values", huge_values},
      {"spilled", spilled},
      {"spilled and relaxed", spilled_and_relaxed},
      {"nested", nested},
      {"growing and shrinking", growing_and_shrinking},
      {"compaction", compaction},
      {"backup and restore", backup_and_restore},
  };
  return kinds;
}

}  // namespace kist::test
