#pragma once

#include "tests/model/world.h"

namespace kist::test::model {

/// A table of the innermost write transaction, to be changed in engine and model.
struct Target {
  explicit Target(World& world)
      : level(world.level()),
        txn(level.txn),
        name(world.some_table(level.state)),
        handle(world.handle(name)),
        table(level.state.change(name)) {
    level.touched = true;
  }

  Level& level;
  engine::WriteTxn& txn;
  const std::string name;
  const engine::Table handle;
  TableModel& table;
};

/// A table of some open transaction, to be read.
struct Source {
  explicit Source(World& world)
      : view(world.some_view()),
        txn(*view.txn),
        name(world.some_table(*view.state)),
        handle(world.handle(name)),
        table(*view.state->find(name)) {}

  View view;
  const engine::Txn& txn;
  const std::string name;
  const engine::Table handle;
  const TableModel& table;
};

/// A span of a string that stays where it is.
inline std::optional<engine::Bytes> optional_bytes(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return engine::as_bytes(*text);
}
using engine::as_bytes;

}  // namespace kist::test::model
