#include "engine/tree/many.h"

#include <algorithm>
#include <array>

#include "engine/tree/tree_reader.h"

namespace kist::engine {
namespace {

/// As many searches as go down together: enough to cover the time of a miss by work on the others,
/// few enough that what was asked for is still in the cache when its turn comes.
constexpr std::size_t kBatch = 32;

/// One search on its way down.
struct Search {
  Ref ref;                             // of the page that comes next
  const std::uint8_t* page = nullptr;  // the leaf at the end
};

class Batch {
 public:
  Batch(const PageView& view, std::span<const Bytes> keys) : view_(view), keys_(keys) {}

  /// Takes every search one level down, to the children of branches at `level`.
  Result<void> descend(std::uint8_t level) {
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      Search& search = searches_[i];
      const std::uint8_t* page = view_.fetch(search.ref, level);
      if (page == nullptr) return std::unexpected(view_.take_error());
      const BranchView branch(page, view_.page_size());
      const Position at = branch.child_of(keys_[i]);
      if (at.damaged) {
        return std::unexpected(view_.damaged_page(page, "a separator lies outside the page"));
      }
      search.ref = branch.ref(at.index);
      view_.prefetch(search.ref);
    }
    return {};
  }

  /// Finds the leaves and asks for the records that the heads lead to.
  Result<void> reach_leaves() {
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      Search& search = searches_[i];
      search.page = view_.fetch(search.ref, 0);
      if (search.page == nullptr) return std::unexpected(view_.take_error());
      __builtin_prefetch(LeafView(search.page, view_.page_size()).probable(keys_[i]));
    }
    return {};
  }

  Result<void> read(std::span<std::optional<Bytes>> values) {
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      bool damaged = false;
      const std::uint8_t* page = searches_[i].page;
      const LeafRecord record = LeafView(page, view_.page_size()).find(keys_[i], damaged);
      if (damaged) {
        return std::unexpected(view_.damaged_page(page, "a record lies outside the page"));
      }
      values[i].reset();
      if (record.key == nullptr) continue;
      KIST_ASSIGN(values[i], value_of(view_, record));
    }
    return {};
  }

  void start(const Ref& root) {
    for (std::size_t i = 0; i < keys_.size(); ++i) searches_[i].ref = root;
  }

 private:
  const PageView& view_;
  std::span<const Bytes> keys_;
  std::array<Search, kBatch> searches_;
};

}  // namespace

Result<void> find_many(const PageView& view, const Ref& root, std::span<const Bytes> keys,
                       std::span<std::optional<Bytes>> values) {
  if (root.empty()) {
    std::ranges::fill(values, std::nullopt);
    return {};
  }
  while (!keys.empty()) {
    const std::size_t size = std::min(keys.size(), kBatch);
    Batch batch(view, keys.first(size));
    batch.start(root);
    for (std::uint8_t level = root.level(); level > 0; --level) KIST_TRY(batch.descend(level));
    KIST_TRY(batch.reach_leaves());
    KIST_TRY(batch.read(values.first(size)));
    keys = keys.subspan(size);
    values = values.subspan(size);
  }
  return {};
}

}  // namespace kist::engine
