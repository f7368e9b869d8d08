#include "engine/tree/tree_writer.h"

#include <functional>
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "tests/engine/tree/tree_harness.h"
#include "tests/support/random.h"

namespace kist::test {
namespace {

const Comparator kReversed = compare_reversed;
const Comparator kByLength = compare_by_length;

using KeyMaker = std::function<std::string(Random&, std::uint32_t page_size)>;

/// A kind of tree, and keys that are hard for it.
struct Kind {
  const char* name;
  TreeShape shape;
  KeyMaker key;
};

/// Keys of all lengths, 0 included, many of which share beginnings.
std::string any_key(Random& random, std::uint32_t page_size) {
  std::string key(random.below(4) * random.below(12), 'a');
  key += random.bytes(random.below(3));
  if (random.one_in(20)) key += std::string(random.below(max_key_size(page_size)), 'b');
  key.resize(std::min(key.size(), max_key_size(page_size)));
  return key;
}

KeyMaker fixed_key(std::size_t size) {
  return [size](Random& random, std::uint32_t) {
    std::string key(size, 'k');
    for (std::size_t i = size - std::min<std::size_t>(size, 2); i < size; ++i) {
      key[i] = static_cast<char>(random.below(60));
    }
    return key;
  };
}

/// Values longer than what leaves keep of them, most of which tie there.
std::string long_key(Random& random, std::uint32_t page_size) {
  const std::size_t limit = inline_value_limit(page_size);
  switch (random.below(6)) {
    case 0:
      return any_key(random, page_size).substr(0, limit);
    case 1:
      return std::string(limit - 1 + random.below(3), 'x');
    default: {
      std::string key(limit, random.one_in(3) ? 'y' : 'x');
      key += std::to_string(random.below(80));
      if (random.one_in(10)) key.append(random.below(3 * page_size), 'z');
      if (random.one_in(10)) key[limit - 1 - random.below(3)] = 'm';
      return key;
    }
  }
}

std::vector<Kind> kinds() {
  return {
      {"plain", {}, any_key},
      {"reversed", {.compare = &kReversed, .by_comparator = true}, any_key},
      {"by_length", {.compare = &kByLength, .by_comparator = true}, any_key},
      {"multi", {.multi = true}, any_key},
      {"multi_by_length", {.compare = &kByLength, .by_comparator = true, .multi = true}, any_key},
      {"dense_1", {.dense = 1}, fixed_key(1)},
      {"dense_8", {.dense = 8}, fixed_key(8)},
      {"dense_reversed", {.compare = &kReversed, .by_comparator = true, .dense = 5}, fixed_key(5)},
      {"dense_100", {.dense = 100}, fixed_key(100)},
      {"long", {.long_keys = true}, long_key},
      {"long_reversed",
       {.compare = &kReversed, .by_comparator = true, .long_keys = true},
       long_key},
      {"long_by_length",
       {.compare = &kByLength, .by_comparator = true, .long_keys = true},
       long_key},
  };
}

struct Case {
  Kind kind;
  std::uint32_t page_size;
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const Kind& kind : kinds()) {
    for (const std::uint32_t page_size : {256U, 512U, 4096U, 65536U}) {
      if (kind.shape.dense > max_key_size(page_size)) continue;
      all.push_back({kind, page_size});
    }
  }
  return all;
}

std::string name_of(const testing::TestParamInfo<Case>& info) {
  return std::string(info.param.kind.name) + "_" + std::to_string(info.param.page_size);
}

class TreeWriterTest : public testing::TestWithParam<Case> {
 protected:
  /// Orders strings as the tree does.
  struct Less {
    TreeShape shape;
    bool operator()(const std::string& a, const std::string& b) const {
      return compare_by(shape, as_bytes(a), as_bytes(b)) < 0;
    }
  };
  using Model = std::map<std::string, std::string, Less>;

  const TreeShape& shape() const { return GetParam().kind.shape; }
  std::uint32_t page_size() const { return GetParam().page_size; }
  std::string some_key(Random& random) const { return GetParam().kind.key(random, page_size()); }

  /// Holds the tree, committed or not, against the model.
  static void expect_equal(const TreeHarness& tree, const Model& model) {
    std::vector<std::string> keys;
    std::uint64_t pairs = 0;
    for (const auto& [key, value] : model) {
      keys.push_back(key);
      pairs += tree.shape.multi ? value.size() : 1;
    }
    ASSERT_EQ(tree.keys(), keys);
    EXPECT_EQ(tree.root.keys, keys.size());
    EXPECT_EQ(tree.root.count, pairs);
  }
  static void expect_sound(const TreeHarness& tree) {
    const std::vector<std::string> faults = tree.faults();
    ASSERT_TRUE(faults.empty()) << faults.front() << " and " << faults.size() - 1 << " more";
  }

  /// One random change to both.
  void change(Random& random, TreeHarness& tree, Model& model, bool shrink) const {
    std::string key = some_key(random);
    if (random.one_in(shrink ? 2 : 4) && !model.empty()) {
      const auto near = model.lower_bound(key);
      if (near != model.end()) key = near->first;
      ASSERT_EQ(tree.erase(as_bytes(key)), model.erase(key) == 1);
      return;
    }
    if (shape().dense != 0 || shape().long_keys) {
      // As a set does: what is there already stays.
      if (!model.emplace(key, "").second) return;
      return tree.put(as_bytes(key), {});
    }
    if (shape().multi) {
      const std::size_t pairs = 1 + random.below(4);
      model[key] = std::string(pairs, 'p');
      if (10 + key.size() + 2 + 3 * pairs > max_inline_entry(page_size())) {
        model.erase(key);
        tree.erase(as_bytes(key));
        return;
      }
      return tree.put_group(as_bytes(key), pairs);
    }
    const std::size_t size =
        random.one_in(30) ? random.below(2 * page_size()) : random.below(page_size() / 8);
    model[key] = std::string(size, static_cast<char>('a' + random.below(26)));
    tree.put(as_bytes(key), as_bytes(model[key]));
  }
};

TEST_P(TreeWriterTest, RandomChangesAgainstAMap) {
  const std::uint64_t seed = test_seed("TreeWriterTest");
  Random random(seed);
  TreeHarness tree(page_size(), shape());
  Model model(Less{shape()});
  const int rounds = page_size() > 4096 ? 4 : 8;
  for (int round = 0; round < rounds; ++round) {
    for (int i = 0; i < 250; ++i) {
      change(random, tree, model, round % 3 == 2);
      if (HasFatalFailure()) return;
    }
    ASSERT_NO_FATAL_FAILURE(expect_equal(tree, model));
    tree.commit();
    ASSERT_NO_FATAL_FAILURE(expect_equal(tree, model));
    ASSERT_NO_FATAL_FAILURE(expect_sound(tree));
    for (int i = 0; i < 50; ++i) {
      const std::string key = some_key(random);
      const auto found = model.find(key);
      const auto got = tree.get(as_bytes(key));
      ASSERT_EQ(got.has_value(), found != model.end());
      if (got && !shape().multi) {
        ASSERT_EQ(*got, found->second);
      }
    }
  }
  while (!model.empty()) {
    auto next = model.lower_bound(some_key(random));
    if (next == model.end()) next = model.begin();
    ASSERT_TRUE(tree.erase(as_bytes(next->first)));
    model.erase(next);
  }
  EXPECT_EQ(tree.root, Ref{});
}

TEST_P(TreeWriterTest, FreesEveryPageOfATree) {
  Random random(test_seed("TreeWriterTest"));
  TreeHarness tree(page_size(), shape());
  Model model(Less{shape()});
  for (int i = 0; i < 400; ++i) change(random, tree, model, false);
  tree.commit();
  for (int i = 0; i < 40; ++i) change(random, tree, model, false);
  TreeShape blind = shape();
  blind.compare = nullptr;  // freeing needs no comparator
  must(free_tree(tree.context(), tree.root, blind));
  EXPECT_EQ(tree.context().arena.live(), 0U);
  EXPECT_EQ(tree.context().values.size() == 0 ? 0U : tree.context().values.bytes(), 0U);
}

TEST_P(TreeWriterTest, SortedLoadsFillPages) {
  Random random(test_seed("TreeWriterTest"));
  Model model(Less{shape()});
  const std::size_t many = page_size() > 4096 ? 12000 : 2000;
  for (std::size_t i = 0; i < many; ++i) {
    // Keys of one size, so that a full page is known by its count.
    std::string key = std::to_string(1'000'000 + i);
    if (shape().dense == 1) break;
    if (shape().dense != 0) key.resize(shape().dense, 'f');
    model.emplace(key, "v");
  }
  TreeHarness tree(page_size(), shape());
  for (const auto& [key, value] : model) {
    if (shape().multi) {
      tree.put_group(as_bytes(key), 1);
    } else {
      tree.put(as_bytes(key), shape().dense != 0 || shape().long_keys ? Bytes() : as_bytes(value));
    }
  }
  ASSERT_NO_FATAL_FAILURE(expect_equal(tree, model));
  if (model.empty()) return;
  const std::size_t key_size = model.begin()->first.size();
  const std::size_t value_size = shape().multi ? 5 : (shape().long_keys ? 0 : 1);
  const std::size_t entry = shape().dense != 0 ? shape().dense : 10 + key_size + value_size;
  const std::size_t in_leaf = page_capacity(page_size()) / entry;
  EXPECT_EQ(tree.pages()[0], (model.size() + in_leaf - 1) / in_leaf);
}

TEST_P(TreeWriterTest, AComparatorThatContradictsItselfBreaksNoPage) {
  if (!shape().by_comparator) return;
  Random random(test_seed("TreeWriterTest"));
  Random moods(random.next());
  const Comparator moody = [&](Bytes a, Bytes b) {
    const int order =
        moods.one_in(3) ? static_cast<int>(moods.below(3)) - 1 : compare_by(shape(), a, b);
    return order;
  };
  TreeShape mad = shape();
  mad.compare = &moody;
  TreeHarness tree(page_size(), mad);
  for (int round = 0; round < 6; ++round) {
    for (int i = 0; i < 150; ++i) {
      const std::string key = some_key(random);
      if (random.one_in(3)) {
        tree.erase(as_bytes(key));
      } else if (shape().multi) {
        if (key.size() < 50) tree.put_group(as_bytes(key), 1 + random.below(3));
      } else {
        const std::string value(shape().dense != 0 || shape().long_keys ? 0 : random.below(40),
                                'v');
        tree.put(as_bytes(key), as_bytes(value));
      }
    }
    tree.commit();
    // Everything but the order is as it should be.
    TreeShape blind = mad;
    blind.compare = nullptr;
    EXPECT_EQ(tree.faults_as(blind), std::vector<std::string>{});
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, TreeWriterTest, testing::ValuesIn(cases()), name_of);

}  // namespace
}  // namespace kist::test
