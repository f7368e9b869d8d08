#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "tests/damage/seed_stores.h"

namespace kist::test {

/// A damaged store, and how it is to be used.
struct Mutant {
  const SeedStore* seed = nullptr;
  std::string bytes;
  bool resealed = false;   ///< Its checksums were made right again: a forger's file.
  bool verify = true;      ///< Options::verify.
  bool read_only = false;  ///< Options::read_only.
  std::uint8_t use = 0;    ///< What else is done with it; see use_mutant().

  /// Whether whatever is read of it must be right, or an error.
  bool must_be_right() const { return verify && !resealed; }
};

/// Makes a mutant as the bytes of `input`, at least two, say: a seed store, and one edit for each
/// eight bytes. Edits know where slots, pages and runs lie: they change fields, copy references
/// from elsewhere (and so swap and cycle them), put pages in the place of others, also those of
/// an older state of the store and of another store, and zero or swap them.
Mutant make_mutant(std::span<const std::uint8_t> input);

}  // namespace kist::test
