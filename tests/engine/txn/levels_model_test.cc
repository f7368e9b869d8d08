#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/model.h"
#include "tests/support/random.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

// Random changes, tables, levels and readers of uncommitted states, in memory so small that much is
// written early, against a stack of copies of the content.
class LevelsModelTest : public StoreTest, public testing::WithParamInterface<std::uint32_t> {
 protected:
  struct Savepoint {
    engine::Savepoint point;
    Tables content;
  };
  struct Reader {
    ReadTxn txn;
    Tables content;
  };
  // One open transaction: the outermost one or one nested in the one before.
  struct Level {
    WriteTxn txn;
    Tables content;
    std::vector<Savepoint> savepoints = {};
    std::vector<Reader> readers = {};
  };

  void begin() {
    database_ = std::make_unique<Database>(
        open({.page_size = GetParam(), .transaction_memory = GetParam() * 100}));
    content_ = read_all(*database_, must(database_->read()));
  }

  void run_transaction(int steps) {
    levels_.clear();
    readers_ = random_.one_in(2);
    levels_.push_back(std::make_unique<Level>(Level{must(database_->write()), content_}));
    for (int i = 0; i < steps; ++i) step();
    while (levels_.size() > 1) end_level();
    compare();
    while (!levels_.back()->readers.empty()) end_reader(*levels_.back());
    if (random_.one_in(6)) {
      levels_.clear();
    } else {
      content_ = levels_.back()->content;
      levels_.back()->savepoints.clear();
      must(levels_.back()->txn.commit(random_.one_in(2) ? Durability::kDurable
                                                        : Durability::kRelaxed));
    }
    levels_.clear();
    EXPECT_EQ(difference(content_, read_all(*database_, must(database_->read()))), "");
    require_clean(*database_);
  }

  void step() {
    Level& level = *levels_.back();
    switch (random_.below(40)) {
      case 0:
      case 1:
        if (levels_.size() > 6) break;
        levels_.push_back(std::make_unique<Level>(Level{must(level.txn.nested()), level.content}));
        break;
      case 2:
      case 3:
        if (levels_.size() > 1) end_level();
        break;
      case 4:
        level.savepoints.push_back({must(level.txn.savepoint()), level.content});
        break;
      case 5:
        roll_back(level);
        break;
      case 6:
        release(level);
        break;
      case 7:
      case 8:
        change_tables(level);
        break;
      case 9:
        if (random_.one_in(4)) compare();
        break;
      case 10:
        // Not always: while there are readers, nothing is written twice.
        if (readers_ && level.readers.size() < 3) {
          level.readers.push_back({must(level.txn.read_uncommitted()), level.content});
        }
        break;
      case 11:
        end_reader(level);
        break;
      default:
        change_records(level);
    }
  }

  void end_level() {
    std::unique_ptr<Level> inner = std::move(levels_.back());
    levels_.pop_back();
    if (random_.one_in(2)) {
      must(inner->txn.commit());
      levels_.back()->content = std::move(inner->content);
    }
  }

  void roll_back(Level& level) {
    if (level.savepoints.empty()) return;
    const std::size_t which = random_.below(level.savepoints.size());
    must(level.txn.rollback_to(level.savepoints[which].point));
    level.content = level.savepoints[which].content;
    level.savepoints.resize(which + 1);
  }

  void release(Level& level) {
    if (level.savepoints.empty()) return;
    const std::size_t which = random_.below(level.savepoints.size());
    must(level.txn.release(level.savepoints[which].point));
    level.savepoints.resize(which);
  }

  void end_reader(Level& level) {
    if (level.readers.empty()) return;
    const std::size_t which = random_.below(level.readers.size());
    const Reader& reader = level.readers[which];
    EXPECT_EQ(difference(reader.content, read_all(*database_, reader.txn)), "");
    level.readers.erase(level.readers.begin() + static_cast<long>(which));
  }

  void change_tables(Level& level) {
    DualWriter writer(*database_, level.txn, level.content);
    const std::string name = "table " + std::to_string(random_.below(4));
    const std::string other = "table " + std::to_string(random_.below(6));
    if (!level.content.contains(name)) return writer.create(name);
    if (random_.one_in(4)) return writer.clear(name);
    if (random_.one_in(3)) return writer.drop(name);
    if (!level.content.contains(other)) writer.rename(name, other);
  }

  void change_records(Level& level) {
    DualWriter writer(*database_, level.txn, level.content);
    const auto table =
        std::next(level.content.begin(), static_cast<long>(random_.below(level.content.size())));
    const std::string name = table->first;
    const std::uint64_t count = random_.between(1, 12);
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::string key = "key " + std::to_string(random_.below(600));
      if (random_.one_in(3)) {
        writer.erase(name, key);
      } else {
        writer.put(name, key, random_.bytes(random_.below(longest())));
      }
      writer.look_up(name, "key " + std::to_string(random_.below(600)));
    }
  }

  std::uint64_t longest() {
    if (random_.one_in(300)) return std::uint64_t{3} << 20;  // written at once
    if (random_.one_in(12)) return 5 * GetParam();
    return GetParam() / 10;
  }

  void compare() {
    const Level& level = *levels_.back();
    EXPECT_EQ(difference(level.content, read_all(*database_, level.txn)), "");
  }

  Random random_{test_seed("LevelsModelTest")};
  std::unique_ptr<Database> database_;
  Tables content_;
  std::vector<std::unique_ptr<Level>> levels_;  // of the transaction, outermost first
  bool readers_ = false;                        // the transaction has readers now and then
};

TEST_P(LevelsModelTest, RandomLevels) {
  begin();
  const int transactions = GetParam() > 4096 ? 4 : 10;
  for (int i = 0; i < transactions && !HasFailure(); ++i) {
    run_transaction(static_cast<int>(random_.between(1, 250)));
  }
}

INSTANTIATE_TEST_SUITE_P(PageSizes, LevelsModelTest, testing::Values(256, 1024, 4096, 65536));

}  // namespace
}  // namespace kist::test
