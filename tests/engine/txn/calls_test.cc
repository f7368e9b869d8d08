#include <cstddef>
#include <iostream>
#include <utility>

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "tests/support/call_counter.h"
#include "tests/support/child_process.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

// How many calls to the operating system a transaction costs.
using CallsTest = StoreTest;

// Counts calls, and the runs of pages that one commit wrote.
class RunCounter : public CallCounter {
 public:
  void after(const Call& call) override {
    if (call.kind != Call::Kind::kWrite || call.offset < 16384) return;
    if (call.offset != end_) ++runs_;
    end_ = call.offset + call.length;
  }
  int take_runs() {
    end_ = 0;
    return std::exchange(runs_, 0);
  }

 private:
  std::uint64_t end_ = 0;
  int runs_ = 0;
};

TEST_F(CallsTest, ASmallDurableCommitIsOneFlushAndAtMostThreeWrites) {
  RunCounter calls;
  const Database database = open({.page_size = {}, .observer = &calls});
  WriteTxn filler = must(database.write());
  for (int i = 0; i < 5000; ++i) {
    must(filler.put({}, as_bytes("key " + std::to_string(10000 + i)),
                    as_bytes(std::string(100, 'v'))));
  }
  must(filler.commit());
  for (int i = 0; i < 10; ++i)
    put(database, "key 12345", std::string(100, static_cast<char>(65 + i)));

  int measured = 0;
  int split = 0;
  for (int i = 0; i < 300; ++i) {
    WriteTxn txn = must(database.write());
    must(txn.put({}, as_bytes("key " + std::to_string(10000 + i * 16)),
                 as_bytes(std::string(100, static_cast<char>('a' + i % 20)))));
    calls.reset();
    calls.take_runs();
    must(txn.commit());
    const int runs = calls.take_runs();
    if (calls.count(Call::Kind::kResize) + calls.count(Call::Kind::kAllocate) != 0) {
      continue;  // it grew or shrank the file
    }
    EXPECT_EQ(calls.count(Call::Kind::kFlush), 1) << "commit " << i;
    EXPECT_GE(calls.count(Call::Kind::kWrite), 2) << "commit " << i;
    // No run is written in two calls, and there is one call more, for the slot.
    EXPECT_EQ(calls.count(Call::Kind::kWrite), runs + 1) << "commit " << i;
    if (runs > 2) {
      ++split;  // free space had no run for all tree pages
      EXPECT_LE(runs, 5) << "commit " << i;
    } else {
      ++measured;
    }
  }
  std::cout << measured << " commits with at most three writes, " << split << " in fragments"
            << std::endl;
  EXPECT_GE(measured, 200);
  expect_clean(database);
}

TEST_F(CallsTest, ARelaxedCommitDoesNotFlush) {
  CallCounter calls;
  const Database database = open({.page_size = {}, .observer = &calls});
  for (int i = 0; i < 20; ++i) put(database, "key", std::to_string(i));
  for (int i = 0; i < 20; ++i) {
    WriteTxn txn = must(database.write());
    must(txn.put({}, as_bytes("key"), as_bytes("r" + std::to_string(i))));
    calls.reset();
    must(txn.commit(Durability::kRelaxed));
    if (calls.count(Call::Kind::kAllocate) != 0) continue;
    EXPECT_EQ(calls.count(Call::Kind::kFlush), 0);
  }
  expect_clean(database);
}

TEST_F(CallsTest, ACommitWithoutChangesTouchesNothing) {
  CallCounter calls;
  const Database database = open({.page_size = {}, .observer = &calls});
  put(database, "a", "1");
  WriteTxn txn = must(database.write());
  calls.reset();
  must(txn.commit());
  EXPECT_EQ(calls.count(Call::Kind::kWrite), 0);
  EXPECT_EQ(calls.count(Call::Kind::kFlush), 0);
}

void read_everything(const Database& database) {
  const ReadTxn txn = must(database.read());
  require(must(txn.get({}, as_bytes("key 77"))).has_value(), "a record is missing");
  require(must(txn.get({}, as_bytes("large")))->size() == 100000, "a value is wrong");
  Cursor cursor = must(txn.cursor({}));
  int records = 0;
  for (bool on = must(cursor.first()); on; on = must(cursor.next())) ++records;
  require(records == 1001, "records are missing");
}

void fill(const Database& database) {
  WriteTxn txn = must(database.write());
  for (int i = 0; i < 1000; ++i) {
    must(txn.put({}, as_bytes("key " + std::to_string(i)), as_bytes("value")));
  }
  must(txn.put({}, as_bytes("large"), as_bytes(std::string(100000, 'x'))));
  must(txn.commit());
}

TEST_F(CallsTest, AReadTransactionMakesNoObservedCall) {
  CallCounter calls;
  const Database database = open({.page_size = {}, .observer = &calls});
  fill(database);
  read_everything(database);
  calls.reset();
  for (int i = 0; i < 100; ++i) read_everything(database);
  EXPECT_EQ(calls.total(), 0);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// Options under which no reader looks where the file is, once a second.
Options never_looking() {
  Options options;
  options.path_check = std::nullopt;
  return options;
}

// From now on, every system call of this thread but exit_group and write kills the process.
bool forbid_system_calls() {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
  };
  const sock_fprog filter{static_cast<unsigned short>(std::size(program)), program};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

TEST_F(CallsTest, AReadTransactionMakesNoSystemCallAtAll) {
  fill(open());
  const int status = ChildProcess([&] {
                       const Database database = must(Database::open(path(), never_looking()));
                       read_everything(database);
                       if (!forbid_system_calls()) return 99;
                       for (int i = 0; i < 100; ++i) read_everything(database);
                       ::_exit(0);
                     }).wait();
  if (status == 99) GTEST_SKIP() << "this kernel has no seccomp filters";
  EXPECT_EQ(status, 0) << "-31 is SIGSYS: a system call was made";
}

TEST_F(CallsTest, RenewingAReadTransactionMakesNoSystemCallAtAll) {
  fill(open());
  const int status = ChildProcess([&] {
                       const Database database = must(Database::open(path(), never_looking()));
                       ReadTxn txn = must(database.read());
                       Cursor cursor = must(txn.cursor({}));
                       must(cursor.first());
                       read_everything(database);
                       if (!forbid_system_calls()) return 99;
                       for (int i = 0; i < 100; ++i) {
                         if (i % 2 == 0) txn.reset();
                         require(!must(txn.renew()), "another snapshot");
                         require(must(txn.lag()) == 0, "behind");
                         require(must(txn.get({}, as_bytes("key 77"))).has_value(), "missing");
                         require(must(cursor.first()), "no first record");
                       }
                       ::_exit(0);
                     }).wait();
  if (status == 99) GTEST_SKIP() << "this kernel has no seccomp filters";
  EXPECT_EQ(status, 0) << "-31 is SIGSYS: a system call was made";
}

TEST_F(CallsTest, TheFilterWouldNotice) {
  const int status = ChildProcess([&] {
                       if (!forbid_system_calls()) return 99;
                       static_cast<void>(::syscall(SYS_getppid));
                       ::_exit(0);
                     }).wait();
  if (status == 99) GTEST_SKIP() << "this kernel has no seccomp filters";
  EXPECT_EQ(status, -SIGSYS);
}
#endif

}  // namespace
}  // namespace kist::test
