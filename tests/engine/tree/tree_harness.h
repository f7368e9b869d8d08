#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/os/file.h"
#include "engine/pager/pager.h"
#include "engine/tree/comparators.h"
#include "engine/tree/group.h"
#include "engine/tree/search.h"
#include "engine/tree/tree_writer.h"
#include "engine/txn/overflow_writer.h"
#include "engine/txn/page_writer.h"
#include "engine/txn/tree_commit.h"
#include "engine/upkeep/page_check.h"
#include "tests/support/must.h"
#include "tests/support/temp_directory.h"

namespace kist::test {

using namespace kist::engine;

/// By length, then by bytes from the last: an order that has nothing to do with prefixes.
inline int compare_by_length(Bytes a, Bytes b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return compare_reversed(a, b);
}

/// One tree in a file of its own: what TreeWriter needs and nothing else. Committed pages are never
/// used again.
class TreeHarness {
 public:
  explicit TreeHarness(std::uint32_t page_size, const TreeShape& tree_shape = kPlainShape)
      : shape(tree_shape),
        page_size_(page_size),
        file_(must(os::File::create_new(directory_.file("tree"), 0600))),
        next_page_(first_page(page_size)),
        memory_(page_size) {
    must(file_.resize(next_page_ * page_size_));
    pager_ = must(Pager::open(file_, "tree", page_size, kSeed, next_page_, true));
    begin();
  }

  WriteContext& context() { return *context_; }
  const PageView& view() const { return context_->view; }
  TreeWriter writer() { return {*context_, root, shape}; }
  std::uint32_t page_size() const { return page_size_; }

  /// Stores a record as tables do: a value too long for the leaf goes to a run.
  void put(Bytes key, Bytes value) {
    TreeWriter tree = writer();
    const std::size_t key_size = must(tree.seek(key)) ? tree.record().key_size : key.size();
    if (shape.dense != 0 || shape.long_keys ||
        value_fits_inline(page_size_, key_size, value.size())) {
      return must(tree.store(value, false));
    }
    std::uint8_t reference[ref_layout::kSize];
    store_ref(reference, context_->values.add(value));
    must(tree.store(reference, true));
  }
  /// Stores a group of `pairs` one-byte values.
  void put_group(Bytes key, std::size_t pairs) {
    std::vector<std::uint8_t> value(2 + 3 * pairs);
    store16(value.data(), static_cast<std::uint16_t>(pairs));
    for (std::size_t i = 0; i < pairs; ++i) {
      store16(value.data() + 2 + 2 * i, static_cast<std::uint16_t>(i + 1));
      value[2 + 2 * pairs + i] = static_cast<std::uint8_t>(i);
    }
    TreeWriter tree = writer();
    const bool there = must(tree.seek(key));
    const std::uint64_t before = there ? record_pairs(shape, tree.record()) : 0;
    must(tree.store_group(value, false, static_cast<std::int64_t>(pairs - before)));
  }
  /// False when the key was not there.
  bool erase(Bytes key) {
    TreeWriter tree = writer();
    if (!must(tree.seek(key))) return false;
    if (shape.multi) {
      must(tree.erase_group(record_pairs(shape, tree.record())));
    } else {
      must(tree.erase());
    }
    return true;
  }
  /// The value of a key, or nothing.
  std::optional<std::string> get(Bytes key) const {
    LeafRecord record;
    const Found found = find_record(view(), root, shape, key, record);
    require(found != Found::kError, "find_record failed");
    if (found == Found::kNo) return std::nullopt;
    if (shape.long_keys) return std::string();
    return to_string(must(value_of(view(), record)));
  }

  /// Writes what is dirty and begins a new transaction on it.
  void commit() {
    PageWriter out(file_, page_size_);
    std::vector<Ref> values(memory_.values.size());
    std::deque<OverflowImage> images;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!memory_.values.live(i)) continue;
      const Bytes bytes = memory_.values.bytes(i);
      images.emplace_back(bytes, next_page_, id_, page_size_, kSeed);
      values[i] = images.back().ref();
      must(out.add_pieces(next_page_, images.back().pieces()));
      next_page_ += overflow_pages(bytes.size(), page_size_);
    }
    const Run run{next_page_, memory_.arena.live()};
    next_page_ += run.pages;
    must(file_.resize(next_page_ * page_size_));
    TreeCommit commit(*context_, {&run, 1}, id_, kSeed, values, out);
    root = must(commit.write(root));
    must(out.write());
    ++id_;
    memory_.reset();
    begin();
  }

  /// What is wrong with the committed tree: pages by their content, counts in every ref.
  std::vector<std::string> faults() const { return faults_as(shape); }
  /// The same with another shape, say one without the comparator.
  std::vector<std::string> faults_as(const TreeShape& judged) const {
    std::vector<std::string> found;
    const auto whole = [this](const LeafRecord& record) -> std::optional<Bytes> {
      return must(whole_key(view(), shape, record));
    };
    std::optional<Bytes> before;
    const PageRules rules{
        .shape = judged, .values = {}, .key_size = 0, .value_size = 0, .whole_key = whole};
    if (!root.empty()) check(root, root.level(), rules, {}, before, found);
    return found;
  }
  /// All keys in order, whole; of a committed or a dirty tree.
  std::vector<std::string> keys() const {
    std::vector<std::string> all;
    if (!root.empty()) gather(root, root.level(), all);
    return all;
  }
  /// Pages of each level, leaves first.
  std::vector<std::size_t> pages() const {
    std::vector<std::size_t> counts(root.empty() ? 0 : root.level() + 1U);
    if (!root.empty()) count_pages(root, root.level(), counts);
    return counts;
  }

  Ref root;
  const TreeShape shape;

 private:
  static constexpr std::uint64_t kSeed = 42;

  void begin() {
    context_ = std::make_unique<WriteContext>(
        PageView(pager_.get(), must(pager_->cover(next_page_)), next_page_), memory_);
    context_->changes = 1;
  }

  void check(const Ref& ref, std::uint8_t level, const PageRules& rules, const KeyRange& range,
             std::optional<Bytes>& before, std::vector<std::string>& found) const {
    const std::uint8_t* page = fetch_page(view(), ref, level, shape);
    if (page == nullptr) return found.push_back(view().take_error().message);
    const Bytes bytes(page, page_size_);
    Ref sum;
    if (level == 0) {
      check_leaf_page(bytes, rules, range, before, found);
      const LeafReader leaf(page, page_size_, shape);
      sum.keys = leaf.count();
      for (std::size_t i = 0; i < leaf.count(); ++i) {
        sum.count += record_pairs(shape, leaf.record(i));
      }
    } else {
      check_branch_page(bytes, rules, range, found);
      const BranchView branch = branch_view(view(), page, shape);
      std::string lower = to_string(range.lower);
      for (std::size_t i = 0; i < branch.count(); ++i) {
        const bool last = i + 1 == branch.count();
        std::string upper = last ? std::string() : whole_separator(bytes, shape, i + 1);
        const KeyRange inner{as_bytes(lower), last ? range.upper : std::optional(as_bytes(upper))};
        check(branch.ref(i), static_cast<std::uint8_t>(level - 1), rules, inner, before, found);
        sum.count += branch.ref(i).count;
        sum.keys += branch.ref(i).keys;
        lower = std::move(upper);
      }
    }
    if (sum.count != ref.count || sum.keys != ref.keys) {
      found.push_back("page " + std::to_string(ref.page) + ": wrong counts in the ref to it");
    }
  }

  void gather(const Ref& ref, std::uint8_t level, std::vector<std::string>& all) const {
    const std::uint8_t* page = fetch_page(view(), ref, level, shape);
    require(page != nullptr, "a page could not be fetched");
    if (level == 0) {
      const LeafReader leaf(page, page_size_, shape);
      for (std::size_t i = 0; i < leaf.count(); ++i) {
        all.push_back(to_string(must(whole_key(view(), shape, leaf.record(i)))));
      }
      return;
    }
    const BranchView branch = branch_view(view(), page, shape);
    for (std::size_t i = 0; i < branch.count(); ++i) {
      gather(branch.ref(i), static_cast<std::uint8_t>(level - 1), all);
    }
  }

  void count_pages(const Ref& ref, std::uint8_t level, std::vector<std::size_t>& counts) const {
    ++counts[level];
    if (level == 0) return;
    const BranchView branch = branch_view(view(), fetch_page(view(), ref, level, shape), shape);
    for (std::size_t i = 0; i < branch.count(); ++i) {
      count_pages(branch.ref(i), static_cast<std::uint8_t>(level - 1), counts);
    }
  }

  const std::uint32_t page_size_;
  TempDirectory directory_;
  os::File file_;
  std::uint64_t next_page_;
  std::uint64_t id_ = kFirstTransaction;
  std::unique_ptr<Pager> pager_;
  DirtyMemory memory_;
  std::unique_ptr<WriteContext> context_;
};

}  // namespace kist::test
