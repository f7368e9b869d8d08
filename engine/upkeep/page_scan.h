#pragma once

#include <cstdint>

#include <kist/engine/error.h>

#include "engine/format/page.h"
#include "engine/pager/pager.h"
#include "engine/space/run.h"

namespace kist::engine {

/// A page, or a run of pages with one header, as it describes itself.
struct FoundRun {
  Run run;
  Ref ref;                 ///< What a parent would have to say of it; tree pages: count is 0.
  std::uint32_t kind = 0;  ///< page_kind().
  PageType type() const { return static_cast<PageType>(kind & 0xFF); }
  bool tree_page() const { return type() != PageType::kOverflow && type() != PageType::kSpace; }
};

/// Holds what begins at page `page` against its own header and checksums, without knowing what
/// refers to it: so it may be older than what should lie there. `data` is the mapped file, of which
/// `limit` pages may be read. Errors: kDamaged.
Result<FoundRun> verify_alone(const Pager& pager, const std::uint8_t* data, std::uint64_t page,
                              std::uint64_t limit);

}  // namespace kist::engine
