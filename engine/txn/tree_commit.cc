#include "engine/txn/tree_commit.h"

#include <cstring>
#include <utility>

#include "engine/base/checksum.h"
#include "engine/tree/branch_edit.h"
#include "engine/tree/leaf_edit.h"

namespace kist::engine {

Result<Ref> TreeCommit::write(const Ref& ref) {
  if ((ref.flags & kRefDirty) == 0) return ref;
  const std::uint8_t* page = context_.arena.page(ref.page);
  return ref.level() == 0 ? write_leaf(ref, page) : write_branch(ref, page);
}

Result<std::uint64_t> TreeCommit::next_number() {
  while (run_ < runs_.size() && used_ == runs_[run_].pages) {
    ++run_;
    used_ = 0;
  }
  if (run_ == runs_.size()) {
    return fail(ErrorCode::kDamaged,
                context_.view.pager().path() + ": a dirty page is referred to more than once");
  }
  return runs_[run_].start + used_++;
}

Result<Ref> TreeCommit::write_leaf(const Ref& ref, const std::uint8_t* page) {
  std::uint16_t indirect = 0;
  std::vector<std::pair<std::size_t, Ref>> places;  // of what lay in memory
  const LeafReader leaf(page, page_size(), page_shape(page));
  for (std::size_t i = 0; i < leaf.count(); ++i) {
    const LeafRecord record = leaf.record(i);
    if (!record.indirect) continue;
    indirect = kRefIndirect;
    const Ref value = load_ref(record.value());
    if ((value.flags & kRefDirty) == 0) continue;
    if ((value.flags & kRefNested) != 0) {
      KIST_ASSIGN(Ref root, write(value));
      root.flags |= kRefNested;
      places.emplace_back(i, root);
    } else {
      places.emplace_back(i, values_[value.page]);
    }
  }
  KIST_ASSIGN(const std::uint64_t number, next_number());
  KIST_ASSIGN(std::uint8_t* out, out_.add_page(number));
  if (is_edited(page)) {
    records_.clear();
    leaf_gather(page, page_size(), records_);
    leaf_build(out, page_size(), page_shape(page), records_);
  } else {
    std::memcpy(out, page, page_size());
  }
  for (const auto& [index, place] : places) {
    std::uint8_t bytes[ref_layout::kSize];
    store_ref(bytes, place);
    leaf_overwrite(out, page_size(), index, bytes, true);
  }
  return seal(out, number, ref, indirect);
}

Result<Ref> TreeCommit::write_branch(const Ref& ref, const std::uint8_t* page) {
  std::uint16_t indirect = 0;
  const BranchView branch = private_branch(page, page_size());
  std::vector<Ref> children(branch.count());
  for (std::size_t i = 0; i < children.size(); ++i) {
    KIST_ASSIGN(children[i], write(branch.ref(i)));
    indirect |= static_cast<std::uint16_t>(children[i].flags & kRefIndirect);
  }
  KIST_ASSIGN(const std::uint64_t number, next_number());
  KIST_ASSIGN(std::uint8_t* out, out_.add_page(number));
  if (is_edited(page)) {
    BranchEntries entries;
    entries.append(page, page_size(), {});
    branch_build(out, page_size(), page_shape(page), ref.level(), entries.entries);
  } else {
    std::memcpy(out, page, page_size());
  }
  for (std::size_t i = 0; i < children.size(); ++i) branch_set_ref(out, i, children[i]);
  return seal(out, number, ref, indirect);
}

/// Numbers and hashes the page at `out`; the final form of `ref`.
Ref TreeCommit::seal(std::uint8_t* out, std::uint64_t number, const Ref& ref,
                     std::uint16_t indirect) const {
  store48(out + page_layout::kNumber, number);
  store48(out + page_layout::kBirth, id_);
  const std::uint64_t sum =
      checksum(out + page_layout::kNumber, page_size() - page_layout::kNumber, seed_);
  store64(out + page_layout::kChecksum, sum);
  Ref sealed = ref;
  sealed.page = number;
  sealed.birth = id_;
  sealed.checksum = static_cast<std::uint32_t>(sum);
  sealed.flags = static_cast<std::uint16_t>(ref.level() | indirect);
  return sealed;
}

}  // namespace kist::engine
