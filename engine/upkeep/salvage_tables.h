#pragma once

#include <functional>
#include <map>
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
    std::uint64_t recovered = 0;
    LikelyAppend append;
  };
  struct Gap {
    std::size_t target;
    SalvageGap gap;
    std::uint64_t recovered = 0;
  };

  Result<void> fill(const SalvageTable& table);
  Result<bool> know(const std::string& name);
  Result<void> create(Target& target, const TableOptions& options);
  Result<void> walk(std::size_t index, const Ref& root);
  Result<void> leaf(Target& target, const std::uint8_t* page);
  Result<void> group(Target& target, const LeafRecord& record, std::uint64_t page);
  void lose(const Target& target, const Ref& ref, std::uint64_t records, Bytes key);
  Result<void> add(Target& target, Bytes key, Bytes value);
  Result<void> store(Target& target);
  Result<void> store_one(Target& target, const Record& record);
  Result<void> fill_gaps();
  Gap* gap_for(std::uint64_t page);
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
  std::vector<Record> batch_;
  std::uint64_t batch_bytes_ = 0;
};

}  // namespace kist::engine
