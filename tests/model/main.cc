// kist_model: random operations of every kind on stores, held against a model in memory.
//
//   kist_model                        one million operations
//   kist_model --operations N --seconds N --seed S --page-size P
//   kist_model --only put,erase --without take
//   kist_model --trace-from N         prints each operation of a round from number N on
//
// A difference ends it and tells how to repeat it.

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <optional>
#include <string>

#include "tests/model/round.h"

namespace {

using kist::test::model::RunOptions;

[[noreturn]] void usage() {
  std::fprintf(stderr,
               "usage: kist_model [--operations N] [--seconds N] [--seed S] [--page-size P]\n"
               "                  [--only FAMILY,...] [--without FAMILY,...] [--trace-from N]\n"
               "families:");
  for (const auto& family : kist::test::model::families()) {
    std::fprintf(stderr, " %s", family.name);
  }
  std::fprintf(stderr, "\n");
  std::exit(2);
}

RunOptions parse(int argc, char** argv) {
  RunOptions options;
  options.verbose = true;
  options.selection = kist::test::model::selection_of_environment();
  std::optional<std::uint64_t> seed;
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    if (i + 1 == argc) usage();
    const char* value = argv[i + 1];
    if (name == "--operations") {
      options.operations = std::strtoull(value, nullptr, 10);
    } else if (name == "--seconds") {
      options.seconds = std::strtod(value, nullptr);
    } else if (name == "--seed") {
      seed = std::strtoull(value, nullptr, 10);
    } else if (name == "--page-size") {
      options.page_size = static_cast<std::uint32_t>(std::strtoul(value, nullptr, 10));
    } else if (name == "--only") {
      options.selection.only = kist::test::model::split_names(value);
    } else if (name == "--without") {
      options.selection.without = kist::test::model::split_names(value);
    } else if (name == "--trace-from") {
      options.trace_from = std::strtoull(value, nullptr, 10);
    } else {
      usage();
    }
  }
  if (options.operations == 0 && options.seconds == 0) options.operations = 1'000'000;
  options.seed = seed ? *seed : kist::test::test_seed("kist_model");
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const RunOptions options = parse(argc, argv);
  try {
    const kist::test::model::Figures figures = kist::test::model::run(options);
    std::cout << "seed " << options.seed << ": " << figures << std::endl;
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
