#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "tests/support/child_process.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

// Many environments in one process.
class ManyEnvironmentsTest : public StoreTest {
 protected:
  // All open at once, each with a reader, a writer and growth; then each as it was left.
  void use(int count) const {
    {
      std::vector<Database> databases;
      std::vector<ReadTxn> readers;
      for (int i = 0; i < count; ++i) {
        databases.push_back(must(Database::open(directory().file(std::to_string(i)))));
        put(databases.back(), "number", std::to_string(i));
        readers.push_back(must(databases.back().read()));
      }
      for (int i = 0; i < count; ++i) {
        WriteTxn txn = must(databases[i].write());
        must(txn.put({}, as_bytes("large"), as_bytes(std::string(300'000, 'l'))));
        must(txn.commit(Durability::kRelaxed));
      }
      for (int i = 0; i < count; ++i) {
        require(get(readers[i], "number") == std::to_string(i), "environments are mixed up");
        require(get(databases[i], "large")->size() == 300'000, "a value is wrong");
      }
      readers.clear();
      for (Database& database : databases) {
        require(must(database.check()).clean(), "not clean");
        must(database.close());
      }
    }
    const Database last = must(Database::open(directory().file(std::to_string(count - 1))));
    require(get(last, "number") == std::to_string(count - 1), "environments are mixed up");
  }
};

TEST_F(ManyEnvironmentsTest, TwoHundredAtOnce) {
  use(200);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_F(ManyEnvironmentsTest, TwoHundredInLittleAddressSpace) {
  ChildProcess child([&] {
    // 8 GiB for what would like to have 64 GiB each.
    const rlimit limit{std::uint64_t{8} << 30, std::uint64_t{8} << 30};
    require(::setrlimit(RLIMIT_AS, &limit) == 0, "no limit can be set");
    use(200);
    return 0;
  });
  EXPECT_EQ(child.wait(), 0);
}
#endif

}  // namespace
}  // namespace kist::test
