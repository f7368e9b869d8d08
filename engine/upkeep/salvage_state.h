#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <kist/engine/salvage.h>

#include "engine/format/meta_slot.h"
#include "engine/upkeep/salvage_source.h"

namespace kist::engine {

/// A subtree that cannot be read, and where in the order of keys it belongs.
struct SalvageGap {
  Ref ref;
  std::uint8_t level = 0;
  std::string lower;
  std::optional<std::string> upper;
};

/// Walks what is left of one tree, in order, and notes that it was reached.
class SalvageWalk {
 public:
  using OnLeaf = std::function<Result<void>(const std::uint8_t* page)>;
  using OnGap = std::function<Result<void>(const SalvageGap& gap)>;

  SalvageWalk(SalvageSource& source, const TreeShape& shape, OnLeaf on_leaf, OnGap on_gap)
      : source_(source),
        shape_(shape),
        on_leaf_(std::move(on_leaf)),
        on_gap_(std::move(on_gap)),
        budget_(source.pages()) {}

  /// Errors: only those that the callbacks return.
  Result<void> run(const Ref& root);

 private:
  Result<void> below(const Ref& ref, std::uint8_t level, const std::string& lower,
                     const std::optional<std::string>& upper);

  SalvageSource& source_;
  const TreeShape shape_;
  const OnLeaf on_leaf_;
  const OnGap on_gap_;
  std::uint64_t budget_;  // pages that may still be visited: a tree has no more than the file
};

/// A table, as the catalog tells.
struct SalvageTable {
  std::string name;  ///< Empty: the default table.
  TableRecord record;
  std::string comparators;
};

/// What is to be salvaged.
struct SalvageState {
  std::vector<SalvageTable> tables;
  std::optional<MetaSlot> slot;     ///< Nothing when no slot is whole.
  bool default_root_known = false;  ///< Else its leaves are those that belong to no other table.
  bool catalog_complete = true;
};

/// Finds the state that has lost least, and its tables; notes in `source` which pages are in use
/// and in `report` what is lost.
SalvageState find_state(SalvageSource& source, SalvageReport& report);

/// The pages in use that were not reached and that no other of them refers to.
std::vector<Ref> unreached_roots(SalvageSource& source, bool in_use_only);

/// Appends a loss, unless there are too many.
void add_loss(SalvageReport& report, SalvageLoss loss);

}  // namespace kist::engine
