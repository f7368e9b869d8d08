#include "engine/tree/private_page.h"

#include "engine/tree/branch_edit.h"
#include "engine/tree/leaf_edit.h"
#include "engine/tree/search.h"

namespace kist::engine {

bool page_is_sound(const std::uint8_t* page, std::size_t page_size, const TreeShape& shape,
                   std::uint8_t level, bool dirty) {
  return level == 0 ? leaf_is_sound(page, page_size, shape, dirty)
                    : branch_is_sound(page, page_size, shape, level, dirty);
}

bool page_is_bounded(const std::uint8_t* page, std::size_t page_size, const TreeShape& shape,
                     std::uint8_t level) {
  return level == 0 ? leaf_is_bounded(page, page_size, shape)
                    : branch_is_bounded(page, page_size, shape, level);
}

Result<const std::uint8_t*> private_page(const WriteContext& context, const Ref& ref,
                                         std::uint8_t level, const TreeShape& shape,
                                         std::vector<std::uint8_t>& copy) {
  const std::uint8_t* page = fetch_page(context.view, ref, level, shape);
  if (page == nullptr) return std::unexpected(context.view.take_error());
  const bool dirty = (ref.flags & kRefDirty) != 0;
  if (!dirty) {
    copy.assign(page, page + context.view.page_size());
    page = copy.data();
  }
  if (!page_is_sound(page, context.view.page_size(), shape, level, dirty)) {
    return std::unexpected(context.view.damaged_page(page, "counts, offsets or sizes contradict"));
  }
  return page;
}

}  // namespace kist::engine
