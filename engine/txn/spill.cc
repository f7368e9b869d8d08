// Transactions larger than their memory: dirty trees go to their final place before the commit.
// engine/docs/transactions.md says what is written, and why it is safe.

#include <algorithm>
#include <deque>

#include "engine/base/failpoints.h"
#include "engine/format/overflow.h"
#include "engine/tree/branch_edit.h"
#include "engine/tree/leaf_edit.h"
#include "engine/txn/environment.h"
#include "engine/txn/overflow_writer.h"
#include "engine/txn/page_writer.h"
#include "engine/txn/tree_commit.h"
#include "engine/txn/write_state.h"

namespace kist::engine {
namespace {

/// Counts what TreeCommit will write when it leaves marked pages: all but those that a marked state
/// has, and those that refer to such, directly or not.
class SpillPlan {
 public:
  explicit SpillPlan(const WriteContext& context) : context_(context) {}

  /// Adds the tree below `ref`. Whether all of it will be written.
  bool add(const Ref& ref) {
    if ((ref.flags & kRefDirty) == 0) return true;
    if (!context_.arena.changeable(ref.page)) return false;
    const std::uint8_t* page = context_.arena.page(ref.page);
    const bool whole = ref.level() == 0 ? add_leaf(page) : add_branch(page);
    if (whole) ++pages_;
    return whole;
  }
  std::uint64_t pages() const { return pages_; }
  const std::vector<std::uint64_t>& values() const { return values_; }

 private:
  bool add_branch(const std::uint8_t* page) {
    const BranchView branch = private_branch(page, context_.view.page_size());
    bool whole = true;
    for (std::size_t i = 0; i < branch.count(); ++i) whole &= add(branch.ref(i));
    return whole;
  }
  bool add_leaf(const std::uint8_t* page) {
    const LeafReader leaf(page, context_.view.page_size(), page_shape(page));
    std::vector<std::uint64_t> values;
    bool whole = true;
    for (std::size_t i = 0; i < leaf.count(); ++i) {
      const LeafRecord record = leaf.record(i);
      if (!record.indirect) continue;
      const Ref value = load_ref(record.value());
      if ((value.flags & kRefDirty) == 0) continue;
      if ((value.flags & kRefNested) != 0) {
        whole &= add(value);
      } else {
        values.push_back(value.page);
      }
    }
    if (whole) values_.insert(values_.end(), values.begin(), values.end());
    return whole;
  }

  const WriteContext& context_;
  std::uint64_t pages_ = 0;
  std::vector<std::uint64_t> values_;
};

}  // namespace

std::uint64_t WriteState::memory_limit() const {
  return std::max(environment_.options.transaction_memory,
                  kLeastPages * std::uint64_t{environment_.page_size});
}

void WriteState::memory_shrank() {
  unspilled_ = std::min(unspilled_, memory_->bytes());
}

/// Writing little again and again, because most of the memory is not to be had, would cost more
/// than the memory is worth.
bool WriteState::worth_spilling(std::uint64_t above, std::uint64_t grown_by) {
  memory_shrank();
  return memory_->bytes() > above && memory_->bytes() - unspilled_ >= grown_by;
}

Result<void> WriteState::make_room() {
  const std::uint64_t limit = memory_limit();
  return worth_spilling(limit, limit / 4) ? spill() : Result<void>();
}

Result<void> WriteState::make_room_for_level() {
  const std::uint64_t limit = memory_limit();
  if (!worth_spilling(limit / 2, limit / 8)) return {};
  const Change announced(*snapshot_, context);
  return spill();
}

/// Space that this transaction wrote and gave up may be written again where no state can have it.
void WriteState::reuse_given_up() {
  if (readers.any()) return;
  std::vector<FreedRun>& freed = context.freed;
  const auto first =
      freed.begin() + static_cast<std::ptrdiff_t>(std::max(looked_through_, context.freed_before));
  freed.erase(std::remove_if(first, freed.end(),
                             [this](const FreedRun& one) {
                               return one.birth == id_ && early.give_back(one.run, false);
                             }),
              freed.end());
  looked_through_ = freed.size();
}

void WriteState::look_again(std::size_t freed) {
  looked_through_ = std::min(looked_through_, freed);
}

Result<void> WriteState::spill() {
  forget_writer();
  readers.any();  // before anything is counted, because it frees what those that are gone kept
  std::vector<Ref*> roots{&snapshot_->catalog.root};
  for (TableState& table : snapshot_->tables) roots.push_back(&table.record.root);
  SpillPlan plan(context);
  for (const Ref* root : roots) plan.add(*root);
  reuse_given_up();
  if (plan.pages() != 0) KIST_TRY(write_early(roots, plan.pages(), plan.values()));
  unspilled_ = memory_->bytes();
  return {};
}

Result<void> WriteState::write_early(std::span<Ref* const> roots, std::uint64_t pages,
                                     std::span<const std::uint64_t> values) {
  const std::uint32_t page_size = environment_.page_size;
  std::vector<std::uint64_t> sizes;
  for (const std::uint64_t value : values) {
    sizes.push_back(overflow_pages(context.values.bytes(value).size(), page_size));
  }
  KIST_ASSIGN(const TakenSpace space, early.take_space(pages, sizes));
  if (auto extended = extend_views(); !extended) {
    for (const Run& run : space.all) early.give_back(run, false);
    return extended;
  }
  for (const Run& run : space.all) early.wrote(run.pages * page_size);
  PageWriter out(environment_.file, page_size);
  std::deque<OverflowImage> images;
  std::vector<Ref> places(context.values.size());
  WrittenEarly written;
  std::vector<Ref> final_roots;
  TreeCommit trees(context, space.tree, id_, environment_.seed, places, out);
  trees.leave_marked(written);
  const Result<void> done = [&]() -> Result<void> {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const OverflowImage& image = images.emplace_back(
          context.values.bytes(values[i]), space.overflow[i], id_, page_size, environment_.seed);
      places[values[i]] = image.ref();
      KIST_TRY(out.add_pieces(space.overflow[i], image.pieces()));
    }
    for (const Ref* root : roots) {
      KIST_ASSIGN(const Ref final_root, trees.write(*root));
      final_roots.push_back(final_root);
    }
    return out.write();
  }();
  KIST_FAILPOINT("spill.after_pages");
  if (!done) return std::unexpected(environment_.latch(done.error()));
  environment_.pager->wrote(space.tree, id_);
  // Only now is anything given up that was in memory.
  for (const WrittenEarly::Patch& patch : written.patches) {
    if (patch.leaf) {
      set_leaf_ref(patch.page, page_size, patch.index, patch.ref);
    } else {
      branch_set_ref(patch.page, patch.index, patch.ref);
    }
  }
  for (std::size_t i = 0; i < roots.size(); ++i) *roots[i] = final_roots[i];
  for (const std::uint64_t page : written.pages) context.arena.release(page);
  context.operations.spilled += written.pages.size();
  for (const std::uint64_t value : written.values) context.values.release(value);
  return {};
}

}  // namespace kist::engine
