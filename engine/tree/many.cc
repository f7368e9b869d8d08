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
  const std::uint8_t* page;  // which it has reached
  const std::uint8_t* next;  // where the ref to the page below is stored
  std::size_t index;         // in the leaf, where the key's record may be
};

class Batch {
 public:
  Batch(const PageView& view, std::span<const Bytes> keys) : view_(view), keys_(keys) {}

  /// All searches begin at the page `root`.
  void start(const std::uint8_t* root) {
    for (std::size_t i = 0; i < keys_.size(); ++i) searches_[i].page = root;
  }

  /// Chooses the child of every branch that was reached and asks for its page.
  Result<void> choose_children() {
    const std::size_t page_size = view_.page_size();
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      Search& search = searches_[i];
      const BranchView branch(search.page, page_size);
      const Position at = branch.child_of(keys_[i]);
      if (at.damaged) [[unlikely]] {
        return std::unexpected(
            view_.damaged_page(search.page, "a separator lies outside the page"));
      }
      search.next = branch.stored_ref(at.index);
      view_.prefetch_child(search.next);
    }
    return {};
  }

  /// Goes to the pages that were asked for, of `level`.
  Result<void> descend(std::uint8_t level) {
    const std::uint32_t kind = tree_page_kind(level);
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      Search& search = searches_[i];
      search.page = view_.fetch_child(search.next, kind);
      if (search.page == nullptr) [[unlikely]]
        return std::unexpected(view_.take_error());
    }
    return {};
  }

  /// Searches the leaves and asks for the records that the heads lead to.
  void choose_records() {
    const std::size_t page_size = view_.page_size();
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      Search& search = searches_[i];
      const LeafView leaf(search.page, page_size);
      search.index = leaf.probable(keys_[i]);
      const std::uint8_t* record = leaf.start(search.index);
      __builtin_prefetch(record);
      __builtin_prefetch(record + 64);
    }
  }

  Result<void> read(std::span<std::optional<Bytes>> values) {
    const std::size_t page_size = view_.page_size();
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      bool damaged = false;
      const std::uint8_t* page = searches_[i].page;
      const LeafRecord record =
          LeafView(page, page_size).find_from(searches_[i].index, keys_[i], damaged);
      if (damaged) [[unlikely]] {
        return std::unexpected(view_.damaged_page(page, "a record lies outside the page"));
      }
      values[i].reset();
      if (record.key == nullptr) continue;
      if (!record.indirect) [[likely]] {
        values[i].emplace(record.value(), record.value_size);
      } else {
        KIST_ASSIGN(values[i], view_.large_value(record.value()));
      }
    }
    return {};
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
  const std::uint8_t* top = view.fetch(root, root.level());
  if (top == nullptr) return std::unexpected(view.take_error());
  while (!keys.empty()) {
    const std::size_t size = std::min(keys.size(), kBatch);
    Batch batch(view, keys.first(size));
    batch.start(top);
    for (std::uint8_t level = root.level(); level > 0; --level) {
      KIST_TRY(batch.choose_children());
      KIST_TRY(batch.descend(static_cast<std::uint8_t>(level - 1)));
    }
    batch.choose_records();
    KIST_TRY(batch.read(values.first(size)));
    keys = keys.subspan(size);
    values = values.subspan(size);
  }
  return {};
}

}  // namespace kist::engine
