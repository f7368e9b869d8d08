#include "engine/upkeep/page_scan.h"

#include "engine/format/overflow.h"
#include "engine/space/space_record.h"

namespace kist::engine {
namespace {

bool tree_type(PageType type) {
  return type == PageType::kLeaf || type == PageType::kBranch || type == PageType::kDenseLeaf ||
         type == PageType::kMultiBranch;
}

}  // namespace

Result<FoundRun> verify_alone(const Pager& pager, const std::uint8_t* data, std::uint64_t page,
                              std::uint64_t limit) {
  const std::uint32_t page_size = pager.page_size();
  const std::uint8_t* bytes = data + page * page_size;
  FoundRun found;
  found.run = {page, 1};
  found.kind = load32(bytes + page_layout::kType);
  found.ref.page = page;
  found.ref.birth = load48(bytes + page_layout::kBirth);
  found.ref.checksum = static_cast<std::uint32_t>(load64(bytes + page_layout::kChecksum));
  const auto outside = [&] {
    return std::unexpected(pager.damage(page, "a run reaches beyond the end of the file"));
  };
  if (tree_type(found.type())) {
    found.ref.flags = bytes[page_layout::kLevel];
    KIST_TRY(pager.verify_tree_page(bytes, found.ref, found.kind));
  } else if (found.type() == PageType::kOverflow) {
    found.ref.count = load64(bytes + overflow_layout::kLength);
    // Before anything else the header: the length decides how much is read.
    KIST_TRY(pager.verify_overflow_header(bytes, found.ref));
    if (found.ref.count > kMaxValueSize) return outside();
    found.run.pages = overflow_pages(found.ref.count, page_size);
    if (found.run.pages > limit - page) return outside();
    KIST_TRY(pager.verify_overflow(bytes, found.ref));
  } else if (found.type() == PageType::kSpace) {
    found.ref.count = load64(bytes + space_layout::kSize);
    if (found.ref.count > kMaxValueSize) return outside();
    found.run.pages = space_record_pages(found.ref.count, page_size);
    if (found.run.pages == 0 || found.run.pages > limit - page) return outside();
    const Bytes record(bytes, found.run.pages * page_size);
    KIST_TRY(verify_space_record(record, found.ref, pager.seed()));
  } else {
    return std::unexpected(pager.damage(page, "is of no known type"));
  }
  return found;
}

}  // namespace kist::engine
