#include "engine/txn/tree_commit.h"

#include <cstring>
#include <utility>

#include "engine/base/checksum.h"
#include "engine/tree/branch_edit.h"
#include "engine/tree/leaf_edit.h"

namespace kist::engine {

void set_leaf_ref(std::uint8_t* page, std::size_t page_size, std::size_t index, const Ref& ref) {
  std::uint8_t bytes[ref_layout::kSize];
  store_ref(bytes, ref);
  leaf_overwrite(page, page_size, index, bytes, true);
}

Result<Ref> TreeCommit::write(const Ref& ref) {
  if ((ref.flags & kRefDirty) == 0) return ref;
  if (written_ != nullptr && !context_.arena.changeable(ref.page)) return ref;
  std::uint8_t* page = context_.arena.page(ref.page);
  KIST_ASSIGN(const Ref final_ref,
              ref.level() == 0 ? write_leaf(ref, page) : write_branch(ref, page));
  if (written_ != nullptr && (final_ref.flags & kRefDirty) == 0) {
    written_->pages.push_back(ref.page);
  }
  return final_ref;
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

/// Where page `number`, the final form of `page`, is made: a page that needs no building where it
/// lies, unless somebody reads it there or the commit goes on with what is in memory.
Result<std::uint8_t*> TreeCommit::room_for(const Ref& ref, std::uint8_t* page,
                                           std::uint64_t number) {
  const bool in_place =
      !is_edited(page) && written_ == nullptr && context_.arena.changeable(ref.page);
  if (!in_place) return out_.add_page(number);
  KIST_TRY(out_.add_own_page(number, page));
  return page;
}

Result<Ref> TreeCommit::write_leaf(const Ref& ref, std::uint8_t* page) {
  std::uint16_t indirect = 0;
  std::vector<std::pair<std::size_t, Ref>> places;  // of what lay in memory
  std::vector<std::uint64_t> values;
  bool left = false;
  const LeafReader leaf(page, page_size(), page_shape(page));
  const std::size_t count = leaf_has_indirect(page, page_size()) ? leaf.count() : 0;
  for (std::size_t i = 0; i < count; ++i) {
    const LeafRecord record = leaf.record(i);
    if (!record.indirect) continue;
    indirect = kRefIndirect;
    const Ref value = load_ref(record.value());
    if ((value.flags & kRefDirty) == 0) continue;
    if ((value.flags & kRefNested) == 0) {
      places.emplace_back(i, values_[value.page]);
      values.push_back(value.page);
      continue;
    }
    KIST_ASSIGN(Ref root, write(value));
    root.flags |= kRefNested;
    if ((root.flags & kRefDirty) != 0) {
      left = true;
    } else {
      places.emplace_back(i, root);
    }
  }
  if (left) {  // with its values, which have no places then
    for (const auto& [index, place] : places) {
      if ((place.flags & kRefNested) != 0) {
        written_->patches.push_back({page, index, place, true});
      }
    }
    return ref;
  }
  if (written_ != nullptr) {
    written_->values.insert(written_->values.end(), values.begin(), values.end());
  }
  KIST_ASSIGN(const std::uint64_t number, next_number());
  KIST_ASSIGN(std::uint8_t* out, room_for(ref, page, number));
  if (is_edited(page)) {
    records_.clear();
    leaf_gather(page, page_size(), records_);
    leaf_build(out, page_size(), page_shape(page), records_);
  } else if (out != page) {
    std::memcpy(out, page, page_size());
  }
  for (const auto& [index, place] : places) set_leaf_ref(out, page_size(), index, place);
  return seal(out, number, ref, indirect);
}

Result<Ref> TreeCommit::write_branch(const Ref& ref, std::uint8_t* page) {
  std::uint16_t indirect = 0;
  const BranchView branch = private_branch(page, page_size());
  // Most children are not dirty: only their flags are looked at.
  const std::size_t first = children_.size();
  bool left = false;
  for (std::size_t i = 0; i < branch.count(); ++i) {
    const std::uint16_t flags = branch.ref_flags(i);
    indirect |= static_cast<std::uint16_t>(flags & kRefIndirect);
    if ((flags & kRefDirty) == 0) continue;
    KIST_ASSIGN(const Ref child, write(branch.ref(i)));
    children_.emplace_back(i, child);
    indirect |= static_cast<std::uint16_t>(child.flags & kRefIndirect);
    left |= (child.flags & kRefDirty) != 0;
  }
  const std::span written = std::span(children_).subspan(first);
  if (left) {
    for (const auto& [index, child] : written) {
      if ((child.flags & kRefDirty) == 0) written_->patches.push_back({page, index, child, false});
    }
    children_.resize(first);
    return ref;
  }
  KIST_ASSIGN(const std::uint64_t number, next_number());
  KIST_ASSIGN(std::uint8_t* out, room_for(ref, page, number));
  if (is_edited(page)) {
    BranchEntries entries;
    entries.append(page, page_size(), {});
    branch_build(out, page_size(), page_shape(page), ref.level(), entries.entries);
  } else if (out != page) {
    std::memcpy(out, page, page_size());
  }
  for (const auto& [index, child] : written) branch_set_ref(out, index, child);
  children_.resize(first);
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
