#pragma once

#include <set>
#include <string>

#include "tests/model/family.h"
#include "tests/model/world.h"

namespace kist::test::model {

/// Which families take part, by name; all when `only` is empty.
struct Selection {
  std::set<std::string> only;
  std::set<std::string> without;
};

/// Random operations on a fresh store in the file `path`, all of them done to a model, too; then
/// removes every record and looks whether nothing is left. Throws on the first difference, with
/// what is needed to repeat it.
void run_round(const std::string& path, const RoundOptions& round, const Selection& selection,
               Figures& figures);

/// Rounds over page sizes of 256 to 65,536 bytes (or of `page_size` alone, when it is not 0) in
/// fresh directories until `operations` were done or `seconds` have passed. Round i has seed
/// `seed` + i; a report of each goes to standard output when `verbose`.
struct RunOptions {
  std::uint64_t seed = 0;
  std::uint64_t operations = 0;
  double seconds = 0;
  std::uint32_t page_size = 0;
  std::uint64_t trace_from = ~std::uint64_t{0};
  bool verbose = false;
  Selection selection = {};
};
Figures run(const RunOptions& options);

/// The selection of the environment: KIST_MODEL_ONLY and KIST_MODEL_WITHOUT, names with commas
/// between them.
Selection selection_of_environment();
std::set<std::string> split_names(const std::string& names);

}  // namespace kist::test::model
