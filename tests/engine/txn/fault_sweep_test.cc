// What becomes of a store when calls to the operating system fail: each call of a script in turn,
// once or for ever, with each reason that a full or failing disk gives.

#include <cerrno>
#include <iostream>
#include <memory>
#include <optional>
#include <set>

#include <gtest/gtest.h>

#include <kist/engine/value_stream.h>

#include "engine/os/call_observer.h"
#include "tests/support/child_process.h"
#include "tests/support/model.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using engine::os::Call;

/// Fails call number `index`, or all from there on.
class Fault : public engine::os::CallObserver {
 public:
  Fault(int index, int error, bool for_ever) : index_(index), error_(error), for_ever_(for_ever) {}

  int before(const Call& call) override {
    const int number = calls_++;
    if (off_ || number < index_ || (number > index_ && !for_ever_)) return 0;
    // A disk that is full or broken for ever does not keep anybody from locking.
    if (for_ever_ && call.kind == Call::Kind::kLock) return 0;
    if (!kind_) kind_ = call.kind;
    return error_;
  }
  int calls() const { return calls_; }
  bool struck() const { return kind_.has_value(); }
  /// From now on nothing fails.
  void repair() { off_ = true; }
  /// Whether calls still fail.
  bool broken() const { return struck() && for_ever_ && !off_; }

 private:
  const int index_;
  const int error_;
  const bool for_ever_;
  bool off_ = false;
  int calls_ = 0;
  std::optional<Call::Kind> kind_;
};

/// One store through the script, and what it must hold.
class Script {
 public:
  /// `shared`: another process has the store open, too, until reopen().
  Script(std::string path, Fault& fault, bool shared)
      : path_(std::move(path)), fault_(fault), shared_(shared) {
    if (shared_) hold();
  }

  /// Everything there is to do. A step that failed is followed by the next, as in a program that
  /// hopes for better times.
  void run() {
    for (int round = 0; round < 2; ++round) {
      std::optional<Database> database = open_store();
      if (!database) {
        fault_.repair();
        database = open_store();
        require(database.has_value(), "cannot be opened after the fault has gone");
      }
      for (int step = 0; step < 8; ++step) commit(*database, round * 8 + step);
      if (auto synced = database->sync(); !synced) judge(synced.error());
      std::ignore = database->stats();
      look(*database, "at the end of a round");
      if (auto closed = database->close(); !closed) judge(closed.error());
    }
  }

  /// The store as a later process finds it.
  void reopen() {
    fault_.repair();
    holder_.reset();
    const Database database = must(Database::open(path_, options()));
    forget_prepared(database);
    const Tables found = read_all(database, must(database.read()));
    const bool old = difference(model_, found).empty();
    const bool undecided = maybe_ && difference(*maybe_, found).empty();
    require(old || undecided, "what was acknowledged is gone: " + difference(model_, found));
    require_clean(database);
    WriteTxn txn = must(database.write(kNoWait));
    must(txn.put({}, as_bytes("after"), as_bytes("all")));
    require(must(txn.commit()) > last_id_, "an id was used twice");
    require_clean(database);
  }

  /// Commits that failed without latching the environment.
  int refused() const { return refused_; }
  int latched() const { return latched_; }

 private:
  Options options() {
    Options options;
    options.page_size = 512;
    options.transaction_memory = 0;  // as little as possible, so that trees are written early
    options.observer = &fault_;
    return options;
  }

  std::optional<Database> open_store() {
    Result<Database> opened = Database::open(path_, options());
    if (opened) {
      forget_prepared(*opened);
      const auto now = opened->read();
      if (now) adopt(read_all(*opened, *now));
      return std::move(*opened);
    }
    judge(opened.error());
    require(fault_.struck(), "was refused without a fault: " + opened.error().message);
    return std::nullopt;
  }

  // A commit whose outcome was not told may be there after all.
  void adopt(const Tables& found) {
    if (maybe_ && difference(*maybe_, found).empty()) model_ = *maybe_;
    if (!shared_) maybe_.reset();  // else it was not looked for: others have the store open
    require(difference(model_, found).empty(),
            "a fresh opening shows something else: " + difference(model_, found));
  }

  // Errors must say what happened, and none of them that the store is damaged or Kist wrong.
  static void judge(const Error& error) {
    static const std::set<ErrorCode> kAllowed{ErrorCode::kIo, ErrorCode::kNoSpace,
                                              ErrorCode::kLatched, ErrorCode::kOutOfMemory};
    require(kAllowed.contains(error.code),
            "error " + std::to_string(static_cast<int>(error.code)) + ": " + error.message);
    require(error.message.size() > 10, "an error without a message");
  }

  void commit(const Database& database, int step) {
    Result<WriteTxn> begun = database.write(kNoWait);
    if (!begun) {
      judge(begun.error());
      after_failure(database, false);
      return;
    }
    Tables next = model_;
    if (auto changed = change(database, *begun, next, step); !changed) {
      judge(changed.error());
      begun->abort();
      after_failure(database, false);
      return;
    }
    if (step % 8 == 7) {
      in_two_phases(database, *begun, next);
      return;
    }
    const auto durability = step % 3 == 1 ? Durability::kRelaxed : Durability::kDurable;
    const auto committed = begun->commit(durability);
    if (committed) {
      require(!maybe_, "was acknowledged after a commit of which nobody knows");
      require(*committed > last_id_, "an id was used twice");
      last_id_ = *committed;
      model_ = std::move(next);
      look(database, "after a commit");
      return;
    }
    judge(committed.error());
    if (!maybe_) maybe_ = std::move(next);
    after_failure(database, true);
  }

  void in_two_phases(const Database& database, WriteTxn& txn, Tables& next) {
    const auto prepared = txn.prepare();
    if (!prepared) {
      judge(prepared.error());
      after_failure(database, false);
      return;
    }
    last_id_ = *prepared;
    look(database, "while a transaction is prepared");
    Result<void> decided = database.commit_prepared(*prepared, kNoWait);
    if (!decided && decided.error().code != ErrorCode::kLatched) {
      judge(decided.error());
      decided = database.commit_prepared(*prepared, kNoWait);  // it waits for that
    }
    if (decided) {
      model_ = std::move(next);
      look(database, "after a commit in two phases");
      return;
    }
    judge(decided.error());
    if (!maybe_) maybe_ = std::move(next);
  }

  // What was prepared and not decided is given up.
  void forget_prepared(const Database& database) {
    const auto waiting = database.prepared();
    if (!waiting) {
      judge(waiting.error());
    } else if (*waiting) {
      if (auto done = database.roll_back_prepared((*waiting)->id, kNoWait); !done) {
        judge(done.error());
      }
    }
  }

  void hold() {
    Signal opened;
    holder_ = std::make_unique<ChildProcess>([&] {
      Options mine;
      mine.page_size = 512;
      const Database database = must(Database::open(path_, mine));
      opened.send();
      for (;;) ::pause();
      return 0;
    });
    opened.wait();
  }

  // Either the environment works on as if nothing had been tried, or it is latched; readers see
  // what was acknowledged in both cases.
  void after_failure(const Database& database, bool committing) {
    require(fault_.struck(), "failed without a fault");
    look(database, "after a failure");
    const Result<WriteTxn> again = database.write(kNoWait);
    if (!again && again.error().code == ErrorCode::kLatched) {
      ++latched_;
      return;
    }
    if (!again && again.error().code == ErrorCode::kPrepared) return;
    if (!again) {
      require(fault_.broken(), "neither latched nor usable: " + again.error().message);
      return;
    }
    ++refused_;
    if (committing) maybe_.reset();
    require(difference(model_, read_all(database, *again)).empty(),
            "half of a failed commit is there");
  }

  void look(const Database& database, const char* when) {
    const Result<ReadTxn> txn = database.read();
    if (!txn) {
      require(fault_.struck(), "cannot be read: " + txn.error().message);
      judge(txn.error());
      return;
    }
    const std::string what = difference(model_, read_all(database, *txn));
    require(what.empty(), std::string(when) + ": " + what);
  }

  Result<void> put(WriteTxn& txn, Tables& next, const std::string& table, engine::Table handle,
                   const std::string& key, const std::string& value) {
    KIST_TRY(txn.put(handle, as_bytes(key), as_bytes(value)));
    next[table][key] = value;
    return {};
  }

  Result<void> change(const Database& database, WriteTxn& txn, Tables& next, int step) {
    const std::string number = std::to_string(step);
    KIST_TRY(put(txn, next, "", {}, "step", number));
    KIST_TRY(put(txn, next, "", {}, "key " + number, std::string(100 + step, 'v')));
    if (step % 8 == 2) {
      // Trees that outgrow their memory.
      for (int i = 0; i < 900; ++i) {
        KIST_TRY(put(txn, next, "", {}, "many " + std::to_string(i), std::string(60, 'm')));
      }
    }
    if (step % 8 == 3) {
      const Table table = must(database.table("table " + number));
      KIST_TRY(txn.create_table(table));
      next["table " + number];
      KIST_TRY(put(txn, next, "table " + number, table, "large", std::string(9000, 'l')));
    }
    if (step % 8 == 4) {
      // Written to its place at once, and a stream.
      KIST_TRY(put(txn, next, "", {}, "huge", std::string((1 << 20) + step, 'h')));
      const std::string value(70'000, 's');
      KIST_ASSIGN(engine::ValueWriter writer,
                  txn.stream_value({}, as_bytes("stream"), value.size()));
      KIST_TRY(writer.write(as_bytes(value)));
      KIST_TRY(writer.finish());
      next[""]["stream"] = value;
    }
    if (step % 8 == 6) {
      KIST_TRY(txn.clear({}));
      next[""].clear();
      KIST_TRY(put(txn, next, "", {}, "step", number));
    }
    return {};
  }

  const std::string path_;
  Fault& fault_;
  const bool shared_;
  std::unique_ptr<ChildProcess> holder_;
  Tables model_{{"", {}}};
  std::optional<Tables> maybe_;  // what a commit without an answer may have left
  std::uint64_t last_id_ = 0;
  int refused_ = 0;
  int latched_ = 0;
};

class FaultSweepTest : public StoreTest {
 protected:
  /// On memory where there is some: the sweep flushes a hundred thousand times.
  std::string fresh_path() { return memory_.file("store " + std::to_string(next_++)); }
  static void remove(const std::string& path) {
    std::filesystem::remove(path);
    std::filesystem::remove(path + "-lock");
  }
  int calls_of_the_script() {
    Fault none(1 << 30, 0, false);
    Script script(fresh_path(), none, false);
    script.run();
    script.reopen();
    return none.calls();
  }

  // What goes wrong when call number `index` fails; empty when nothing does.
  std::string one_run(int index, int error, bool for_ever, bool shared, int& refused,
                      int& latched) {
    const std::string path = fresh_path();
    Fault fault(index, error, for_ever);
    Script script(path, fault, shared);
    std::string failure;
    try {
      script.run();
      script.reopen();
    } catch (const std::exception& thrown) {
      failure = thrown.what();
    }
    refused += script.refused() > 0 ? 1 : 0;
    latched += script.latched() > 0 ? 1 : 0;
    remove(path);
    return failure;
  }

  // Every `stride`-th call.
  void sweep(int error, bool for_ever, int stride = 1, bool shared = false) {
    const int calls = calls_of_the_script();
    int refused = 0;
    int latched = 0;
    for (int i = 0; i < calls; i += stride) {
      const std::string failure = one_run(i, error, for_ever, shared, refused, latched);
      EXPECT_EQ(failure, "") << "call " << i << " of " << calls;
    }
    std::cout << (calls + stride - 1) / stride << " of " << calls << " calls failed with error "
              << error << (for_ever ? " for ever" : " once") << ": " << refused
              << " times a commit was refused and the next one taken, " << latched
              << " times the environment was latched" << std::endl;
    EXPECT_GT(latched, 0);
    EXPECT_TRUE(refused > 0 || for_ever);
  }

 private:
  TempDirectory memory_{"/dev/shm"};
  int next_ = 0;
};

using LongFaultSweepTest = FaultSweepTest;

TEST_F(LongFaultSweepTest, EachCallFailsOnceWithAnIoError) {
  sweep(EIO, false);
}

TEST_F(LongFaultSweepTest, EachCallFailsOnceForWantOfSpace) {
  sweep(ENOSPC, false);
}

TEST_F(LongFaultSweepTest, CallsFailOnceBecauseOfTheQuota) {
  sweep(EDQUOT, false, 7);
}

TEST_F(LongFaultSweepTest, CallsFailOnceWhileAnotherProcessHasItOpen) {
  sweep(EIO, false, 2, true);
}

TEST_F(LongFaultSweepTest, EverythingFailsFromACallOnWithAnIoError) {
  sweep(EIO, true, 3);
}

TEST_F(LongFaultSweepTest, EverythingFailsFromACallOnForWantOfSpace) {
  sweep(ENOSPC, true, 5);
}

}  // namespace
}  // namespace kist::test
