#pragma once

#include <map>
#include <memory>
#include <string>

#include "tests/model/table_model.h"

namespace kist::test::model {

/// All tables of a store at one moment, by name; "" is the default table. Copies share the tables
/// until one of them changes its own, so a snapshot costs nothing.
class State {
 public:
  using Tables = std::map<std::string, std::shared_ptr<TableModel>>;

  const Tables& tables() const { return tables_; }
  /// The table, or null.
  const TableModel* find(const std::string& name) const {
    const auto found = tables_.find(name);
    return found == tables_.end() ? nullptr : found->second.get();
  }
  /// A table that must exist, to be changed.
  TableModel& change(const std::string& name) {
    std::shared_ptr<TableModel>& table = tables_.at(name);
    if (table.use_count() > 1) table = std::make_shared<TableModel>(*table);
    return *table;
  }
  void create(const std::string& name, TableModel table) {
    tables_[name] = std::make_shared<TableModel>(std::move(table));
  }
  void drop(const std::string& name) { tables_.erase(name); }
  void rename(const std::string& from, const std::string& to) {
    auto node = tables_.extract(from);
    node.key() = to;
    tables_.insert(std::move(node));
  }
  std::uint64_t records() const {
    std::uint64_t sum = 0;
    for (const auto& table : tables_) sum += table.second->size();
    return sum;
  }

 private:
  Tables tables_;
};

}  // namespace kist::test::model
