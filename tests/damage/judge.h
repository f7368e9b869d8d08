#pragma once

#include <string>

#include <kist/engine/database.h>

#include "tests/damage/mutator.h"

namespace kist::test {

/// What came of reading a damaged store.
enum class Verdict : std::uint8_t {
  kRight,  ///< Everything could be read and is as it was committed last.
  kOlder,  ///< The same, of an older commit: all slots of the newest one were damaged.
  kError,  ///< Something was reported as an error, and nothing that was read is wrong.
  kWrong,  ///< Something was read that is not what that snapshot holds, without an error.
};

struct Reading {
  Verdict verdict = Verdict::kRight;
  std::string what;  ///< With kWrong: what is wrong.
};

/// Reads the whole of a store that was made from `seed` and damaged, in every way there is, and
/// holds each answer against what the snapshot held.
Reading read_judged(const engine::Database& database, const SeedStore& seed);

/// Writes the mutant to `path` and does with it whatever a program could: opens, reads, walks,
/// checks, writes, and one of salvage, backup, compaction, dump and list of snapshots. Nothing of
/// it may crash. Says whether what was read was right, where it must be; kRight where it need not.
Reading use_mutant(const Mutant& mutant, const std::string& path);

}  // namespace kist::test
