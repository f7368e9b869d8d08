#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <kist/engine/database.h>
#include <kist/engine/salvage.h>

#include "engine/tree/comparators.h"
#include "engine/upkeep/arrival_order.h"
#include "engine/upkeep/pace.h"
#include "engine/upkeep/salvage_state.h"
#include "engine/upkeep/table_copy.h"

namespace kist::engine {

/// Puts what is left of tables into a new environment.
class SalvageTables {
 public:
  SalvageTables(SalvageSource& source, const SalvageOptions& options, const Database& to,
                WriteTxn& txn, Pace& pace, SalvageReport& report)
      : source_(source),
        options_(options),
        to_(to),
        txn_(txn),
        pace_(pace),
        report_(report),
        arrival_(source.page_size()) {
    for (const auto& [name, compare] : options.comparators) (void)given_.add(name, compare);
  }

  /// Everything of `state`. Errors: kNoSpace, kIo, kStopped.
  Result<void> run(const SalvageState& state);

 private:
  /// A table being filled.
  struct Target {
    std::string name;
    Table table;
    TableShapes shapes;
    bool by_arrival = false;  // ordered by a comparator that is not known
    bool any_order = false;   // what comes was found where no way led
    bool counted = false;     // what it lacks is counted at the gap that it fell out of
    std::uint64_t recovered = 0;
    std::uint64_t accounted = 0;  // records of found pages that are lost, or in gaps of their own
    LikelyAppend append;
  };
  /// A subtree of a table's tree, or of the tree of the values of one key, that cannot be read.
  struct Gap {
    std::size_t target;
    SalvageGap gap;
    std::optional<std::string> key = {};  // of a tree of values
    std::uint64_t recovered = 0;
    std::uint64_t accounted = 0;  // these, and what is known to be lost of them
    bool filled() const { return !gap.ref.empty() && accounted >= gap.ref.count; }
  };

  Result<void> fill(const SalvageTable& table);
  Result<bool> know(const std::string& name);
  Result<void> create(Target& target, const TableOptions& options);
  Result<void> walk(std::size_t index, const Ref& root);
  Result<void> leaf(Target& target, const std::uint8_t* page);
  Result<void> group(Target& target, const LeafRecord& record, std::uint64_t page);
  Result<void> values(Target& target, Bytes key, const std::uint8_t* page);
  void lose(Target& target, const Ref& ref, std::uint64_t records, Bytes key);
  void lose_values(Target& target, const SalvageGap& gap, Bytes key);
  Result<void> add(Target& target, Bytes key, Bytes value);
  Result<void> store(Target& target);
  Result<void> store_one(Target& target, const Record& record);

  // Gaps: salvage_gaps.cc.
  Result<void> fill_gaps();
  Result<void> fill_from(std::size_t gap, std::uint64_t page);
  std::optional<std::size_t> gap_for(std::uint64_t page);
  std::optional<std::size_t> value_gap_for(std::uint64_t page);
  bool takes_values(const Gap& gap, std::uint64_t page);
  bool may_hide_values(const Gap& gap, std::uint64_t page);
  bool group_leaf(const LeafView& leaf, const TreeShape& values) const;
  bool value_leaf(const LeafView& leaf) const;

  TreeShape values_shape(Ref root);
  bool leads_to_unreached(const Ref& ref, std::uint64_t& budget) const;
  Result<void> unplaced_trees();

  SalvageSource& source_;
  const SalvageOptions& options_;
  const Database& to_;
  WriteTxn& txn_;
  Pace& pace_;
  SalvageReport& report_;
  ArrivalOrder arrival_;
  Comparators given_;
  std::map<std::string, bool> comparators_;  // those that the new environment has: stand-ins?
  bool catalog_complete_ = true;
  bool has_value_trees_ = false;  // trees of values that are not dense may exist
  std::vector<Target> targets_;
  std::vector<Gap> gaps_;
  std::size_t value_gaps_ = 0;
  bool too_many_value_gaps_ = false;  // some are not in gaps_
  std::vector<Record> batch_;
  std::uint64_t batch_bytes_ = 0;
};

}  // namespace kist::engine
