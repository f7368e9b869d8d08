#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <kist/store.h>
#include <kist/transaction.h>

namespace kist {

enum class Batch::OperationKind : std::uint8_t { kPut, kErase, kErasePair, kEraseRange, kClear };

/// What to do, with keys and values as they stand in the file.
struct Batch::Operation {
  OperationKind kind;
  Store store;
  std::optional<std::string> key = {};    // kEraseRange: the lower bound
  std::optional<std::string> value = {};  // kEraseRange: the upper bound
};

}  // namespace kist
