#pragma once

#include <cstdint>
#include <vector>

#include "tests/model/world.h"

namespace kist::test::model {

/// Operations that belong together: one function that chooses one of them, does it to the engine
/// and to the model, and compares. To add one: write the function in families/, declare it in
/// families/families.h, and give it a line in the table of families/families.cc.
struct Family {
  enum class Needs : std::uint8_t {
    kAnything,  ///< Reads: the family takes any open transaction.
    kWriter,    ///< Only while a write transaction is open.
    kNoWriter,  ///< Only while none is.
  };
  enum class Effect : std::int8_t { kShrinks = -1, kNone = 0, kGrows = 1 };

  const char* name;
  Needs needs;
  Effect effect;
  std::uint32_t weight;
  void (*run)(World&);
};

const std::vector<Family>& families();

}  // namespace kist::test::model
