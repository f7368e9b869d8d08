#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include <kist/engine/keys.h>

#include "tests/support/random.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using engine::Comparator;
using engine::CountOf;
using engine::Order;
using engine::Savepoint;
using engine::TableOptions;

int by_bytes(Bytes a, Bytes b) {
  return as_text(a).compare(as_text(b));
}

/// Shorter first, then byte by byte downwards.
int by_length(Bytes a, Bytes b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return by_bytes(b, a);
}

int reversed(Bytes a, Bytes b) {
  std::string x(as_text(a));
  std::string y(as_text(b));
  std::ranges::reverse(x);
  std::ranges::reverse(y);
  return x.compare(y);
}

struct Less {
  int (*compare)(Bytes, Bytes) = by_bytes;
  bool operator()(const std::string& a, const std::string& b) const {
    return compare(as_bytes(a), as_bytes(b)) < 0;
  }
};

Less order_of(Order order) {
  if (order == Order::kReversed) return {reversed};
  return {order == Order::kCustom ? by_length : by_bytes};
}

struct Case {
  const char* name;
  std::uint32_t page_size;
  TableOptions options;
};

std::ostream& operator<<(std::ostream& out, const Case& one) {
  return out << one.name << ", pages of " << one.page_size;
}

using Values = std::set<std::string, Less>;
using Model = std::map<std::string, Values, Less>;

/// Random changes of one multimap, each held against a map of sets.
class MultimapModel : public StoreTest, public testing::WithParamInterface<Case> {
 protected:
  MultimapModel()
      : random_(test_seed("MultimapModel")),
        options_(GetParam().options),
        model_(order_of(options_.key_order)),
        committed_(model_),
        marked_(model_) {
    for (int i = 0; i < 6; ++i) {
      starts_.push_back(random_.bytes(random_.between(1, limit() + 10)));
      starts_.push_back(starts_.back().substr(0, starts_.back().size() / 2) +
                        std::string(2 * GetParam().page_size, 'x'));
    }
  }

  std::size_t limit() const { return GetParam().page_size / 2 - 50; }

  void reopen() {
    txn_.reset();
    database_.reset();
    database_.emplace(open({.page_size = GetParam().page_size,
                            .durability = Durability::kRelaxed,
                            .transaction_memory = random_.one_in(2) ? 1U : 256U << 20}));
    must(database_->register_comparator("length", by_length));
    table_ = must(database_->table("multi"));
  }

  std::string some_key() {
    const std::uint64_t n = random_.below(12);
    switch (options_.key_order) {
      case Order::kUint32:
        return engine::to_string(engine::key_of(static_cast<std::uint32_t>(n * 77)));
      default:
        break;
    }
    if (n == 0) return "";
    if (n == 1) return std::string(GetParam().page_size / 2 - 26, 'k');
    return std::string(n * n % 23, 'a') + std::to_string(n);
  }

  std::string some_value() {
    if (options_.value_size != 0) {
      std::string value = random_.bytes(options_.value_size);
      if (!random_.one_in(8)) std::fill(value.begin() + 2, value.end(), 'v');
      return value;
    }
    switch (random_.below(8)) {
      case 0:
        return std::string(random_.below(3), 'v');
      case 1:
        return random_.bytes(random_.between(limit() - 3, limit() + 3));
      case 2:  // equal as far as pages see
        return starts_[random_.below(starts_.size())] + random_.bytes(random_.below(3));
      case 3:
        return starts_[random_.below(starts_.size())].substr(0, limit() + random_.below(3));
      default:
        return std::to_string(random_.below(100000)) + std::string(random_.below(20), 'v');
    }
  }

  /// A value of the key when it has some, mostly.
  std::string known_value(const std::string& key) {
    const auto found = model_.find(key);
    if (found == model_.end() || random_.one_in(5)) return some_value();
    const std::string probe = some_value();
    const auto at = found->second.lower_bound(probe);
    return at == found->second.end() ? *found->second.begin() : *at;
  }

  std::uint64_t pairs() const {
    std::uint64_t sum = 0;
    for (const auto& [key, values] : model_) sum += values.size();
    return sum;
  }

  void put(const std::string& key, const std::string& value) {
    const auto added =
        model_.try_emplace(key, order_of(options_.value_order)).first->second.insert(value);
    EXPECT_EQ(must(txn_->put(table_, as_bytes(key), as_bytes(value))), added.second);
  }

  void erase_pair(const std::string& key, const std::string& value) {
    const auto found = model_.find(key);
    const bool there = found != model_.end() && found->second.erase(value) != 0;
    if (there && found->second.empty()) model_.erase(found);
    EXPECT_EQ(must(txn_->erase_pair(table_, as_bytes(key), as_bytes(value))), there);
  }

  void put_in_mode(const std::string& key, const std::string& value, PutMode mode) {
    const auto found = model_.find(key);
    const bool exists = found != model_.end();
    const Result<bool> result = txn_->put(table_, as_bytes(key), as_bytes(value), mode);
    if (mode == PutMode::kIfAbsent) {
      ASSERT_TRUE(result) << result.error().message;
      EXPECT_EQ(*result, !exists);
      if (!exists)
        model_.try_emplace(key, order_of(options_.value_order)).first->second.insert(value);
    } else if (mode == PutMode::kIfPresent) {
      if (exists && found->second.size() > 1) {
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, ErrorCode::kAmbiguous);
        return;
      }
      ASSERT_TRUE(result) << result.error().message;
      EXPECT_EQ(*result, exists);
      if (exists) found->second = Values({value}, order_of(options_.value_order));
    } else {
      const Less keys = order_of(options_.key_order);
      const Less values = order_of(options_.value_order);
      const bool last =
          model_.empty() || keys(model_.rbegin()->first, key) ||
          (model_.rbegin()->first == key && values(*model_.rbegin()->second.rbegin(), value));
      if (last) {
        EXPECT_TRUE(result && *result);
        model_.try_emplace(key, values).first->second.insert(value);
      } else {
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, ErrorCode::kOutOfOrder);
      }
    }
  }

  std::optional<std::string> only(const std::string& key) const {
    const auto found = model_.find(key);
    if (found == model_.end()) return std::nullopt;
    return *found->second.begin();
  }

  void change_only_value(const std::string& key) {
    const auto found = model_.find(key);
    const bool ambiguous = found != model_.end() && found->second.size() > 1;
    const std::optional<std::string> before = only(key);
    const std::string value = some_value();
    const auto refused = [&](const auto& result) {
      EXPECT_EQ(!result && result.error().code == ErrorCode::kAmbiguous, ambiguous);
      return ambiguous;
    };
    switch (random_.below(3)) {
      case 0: {
        const auto result = txn_->replace(table_, as_bytes(key), as_bytes(value));
        if (refused(result)) return;
        EXPECT_EQ(must(result), before);
        break;
      }
      case 1: {
        const auto result = txn_->take(table_, as_bytes(key));
        if (refused(result)) return;
        EXPECT_EQ(must(result), before);
        model_.erase(key);
        return;
      }
      default: {
        const std::optional<std::string> expected =
            random_.one_in(3) ? std::optional(some_value()) : before;
        const bool removes = random_.one_in(3);
        const auto result = txn_->compare_and_set(
            table_, as_bytes(key), expected ? std::optional(as_bytes(*expected)) : std::nullopt,
            removes ? std::nullopt : std::optional(as_bytes(value)));
        if (refused(result)) return;
        EXPECT_EQ(must(result), expected == before);
        if (expected != before) return;
        if (removes) {
          model_.erase(key);
          return;
        }
      }
    }
    model_.insert_or_assign(key, Values({value}, order_of(options_.value_order)));
  }

  void step() {
    const std::string key = some_key();
    switch (random_.below(18)) {
      case 0:
      case 1: {  // a group grows
        if (pairs() > 6000) break;
        const std::uint64_t many = random_.one_in(4) ? 400 : 30;
        for (std::uint64_t i = random_.below(many); i > 0; --i) put(key, some_value());
        break;
      }
      case 2:
      case 3:  // and shrinks
        for (std::uint64_t i = random_.below(300); i > 0; --i) erase_pair(key, known_value(key));
        break;
      case 4:
        if (random_.one_in(4)) {
          EXPECT_EQ(must(txn_->erase(table_, as_bytes(key))), model_.erase(key) != 0);
        }
        break;
      case 5:
        put_in_mode(key, some_value(), PutMode::kIfAbsent);
        break;
      case 6:
        put_in_mode(key, known_value(key), PutMode::kIfPresent);
        break;
      case 7:
        put_in_mode(key, some_value(), PutMode::kAppend);
        break;
      case 8:
      case 9:
        change_only_value(key);
        break;
      case 10:
        if (random_.one_in(50)) {
          EXPECT_EQ(must(txn_->clear(table_)), pairs());
          model_.clear();
        }
        break;
      case 11:
        end_transaction();
        break;
      case 12:
        if (random_.one_in(8)) erase_range(key, some_key());
        break;
      case 13:
        mark_or_go_back();
        break;
      default:
        put(key, some_value());
    }
    look(key);
  }

  void erase_range(const std::string& from, const std::string& to) {
    std::uint64_t erased = 0;
    if (order_of(options_.key_order)(from, to)) {
      for (auto at = model_.lower_bound(from); at != model_.lower_bound(to);) {
        erased += at->second.size();
        at = model_.erase(at);
      }
    }
    EXPECT_EQ(must(txn_->erase_range(table_, as_bytes(from), as_bytes(to))), erased);
  }

  void mark_or_go_back() {
    if (!mark_ || random_.one_in(4)) {
      mark_ = must(txn_->savepoint());
      marked_ = model_;
    } else if (random_.one_in(3)) {
      must(txn_->rollback_to(*mark_));
      model_ = marked_;
    }
  }

  /// Holds one key and the counts against the model.
  void look(const std::string& key) {
    const auto found = model_.find(key);
    const bool exists = found != model_.end();
    EXPECT_EQ(must(txn_->count_values(table_, as_bytes(key))), exists ? found->second.size() : 0);
    EXPECT_EQ(must(txn_->contains(table_, as_bytes(key))), exists);
    EXPECT_EQ(get(*txn_, key, table_), only(key));
    EXPECT_EQ(must(txn_->count(table_)), pairs());
    EXPECT_EQ(must(txn_->count(table_, CountOf::kKeys)), model_.size());
    const std::string value = known_value(key);
    EXPECT_EQ(must(txn_->contains_pair(table_, as_bytes(key), as_bytes(value))),
              exists && found->second.contains(value));
  }

  void look_at_everything(const Txn& txn) {
    for (const auto& [key, values] : model_) {
      ASSERT_EQ(must(txn.count_values(table_, as_bytes(key))), values.size());
      ASSERT_EQ(get(txn, key, table_), *values.begin());
      for (const std::string& value : values) {
        ASSERT_TRUE(must(txn.contains_pair(table_, as_bytes(key), as_bytes(value))));
      }
    }
    ASSERT_EQ(must(txn.count(table_)), pairs());
    ASSERT_EQ(must(txn.count(table_, CountOf::kKeys)), model_.size());
  }

  void end_transaction() {
    mark_.reset();
    if (random_.one_in(6)) {
      txn_->abort();
      model_ = committed_;
    } else {
      must(txn_->commit());
      committed_ = model_;
    }
    txn_.reset();
    expect_clean(*database_);
    if (random_.one_in(16)) reopen();
    if (random_.one_in(2)) look_at_everything(must(database_->read()));
    txn_.emplace(must(database_->write()));
  }

  Random random_;
  TableOptions options_;
  Model model_;
  Model committed_;
  Model marked_;  // when mark_ was made
  std::optional<Savepoint> mark_;
  std::vector<std::string> starts_;
  std::optional<Database> database_;
  std::optional<WriteTxn> txn_;
  Table table_;
};

TEST_P(MultimapModel, AgreesWithAMapOfSets) {
  reopen();
  txn_.emplace(must(database_->write()));
  must(txn_->create_table(table_, options_));
  must(txn_->commit());
  txn_.emplace(must(database_->write()));
  for (int i = 0; i < 250 && !HasFailure(); ++i) step();
  end_transaction();
  txn_.reset();
  reopen();
  look_at_everything(must(database_->read()));
}

std::vector<Case> cases() {
  const std::vector<std::pair<const char*, TableOptions>> options{
      {"Bytes", {.multi = true}},
      {"Reversed", {.multi = true, .value_order = Order::kReversed}},
      {"Custom", {.multi = true, .value_order = Order::kCustom, .value_comparator = "length"}},
      {"Uint32", {.multi = true, .value_order = Order::kUint32, .value_size = 4}},
      {"Int32", {.multi = true, .value_order = Order::kInt32, .value_size = 4}},
      {"Uint64", {.multi = true, .value_order = Order::kUint64, .value_size = 8}},
      {"Int64", {.multi = true, .value_order = Order::kInt64, .value_size = 8}},
      {"Double", {.multi = true, .value_order = Order::kDouble, .value_size = 8}},
      {"Size16", {.multi = true, .value_size = 16}},
      {"Size8Reversed", {.multi = true, .value_order = Order::kReversed, .value_size = 8}},
      {"Size4Custom",
       {.multi = true,
        .value_order = Order::kCustom,
        .value_comparator = "length",
        .value_size = 4}},
      {"KeysOfNumbers", {.key_order = Order::kUint32, .multi = true}},
      {"KeysReversed", {.key_order = Order::kReversed, .multi = true, .value_size = 8}},
      {"KeysCustom",
       {.key_order = Order::kCustom,
        .key_comparator = "length",
        .multi = true,
        .value_order = Order::kCustom,
        .value_comparator = "length"}},
      {"Size90", {.multi = true, .value_size = 90}},    // more than a group of small pages takes
      {"Size300", {.multi = true, .value_size = 300}},  // too long for dense leaves of small pages
  };
  std::vector<Case> result;
  for (const auto& [name, one] : options) {
    for (const std::uint32_t size : {256U, 4096U}) result.push_back({name, size, one});
  }
  for (const std::size_t i : {0, 2, 5, 9}) {
    for (const std::uint32_t size : {512U, 1024U, 16384U, 65536U}) {
      result.push_back({options[i].first, size, options[i].second});
    }
  }
  return result;
}

INSTANTIATE_TEST_SUITE_P(Shapes, MultimapModel, testing::ValuesIn(cases()), [](const auto& tested) {
  return std::string(tested.param.name) + std::to_string(tested.param.page_size);
});

}  // namespace
}  // namespace kist::test
