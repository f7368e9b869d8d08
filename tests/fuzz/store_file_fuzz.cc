// Damages small valid stores at the places that mean something, makes the checksums right again
// half of the time, and does with the result whatever a program could. The input is a list of
// edits; see tests/damage. Nothing may crash; without new checksums and with verification,
// whatever is read is moreover right.

#include <cstdint>
#include <cstdlib>
#include <iostream>

#include "tests/damage/judge.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kist::test;
  if (size < 2) return 0;
  const Mutant mutant = make_mutant({data, size});
  const Reading reading = use_mutant(mutant, scratch_directory() + "/store");
  if (reading.verdict == Verdict::kWrong) {
    std::cerr << reading.what << std::endl;
    std::abort();
  }
  return 0;
}
