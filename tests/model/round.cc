#include "tests/model/round.h"

#include <array>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <numeric>
#include <stdexcept>

#include "tests/model/ending.h"
#include "tests/support/temp_directory.h"

namespace kist::test::model {
namespace {

/// One round; see run_round().
class Round {
 public:
  Round(const std::string& path, const RoundOptions& options, const Selection& selection,
        Figures& figures)
      : world_(path, options, figures), selection_(selection) {
    for (const Family& family : families()) {
      const bool taken = selection.only.empty() ? !selection.without.contains(family.name)
                                                : selection.only.contains(family.name);
      // Every round is made of another mixture: what is rare beside everything else meets itself
      // when others stay away.
      static constexpr std::array<std::uint32_t, 8> kShares{0, 1, 1, 1, 1, 2, 3, 5};
      const std::uint32_t share = kShares[world_.random.below(kShares.size())];
      weights_.push_back(taken ? family.weight * share : 0);
    }
  }

  void run() {
    const std::uint64_t end = world_.round.operations;
    while (world_.operations < end) {
      if (world_.random.one_in(world_.growing ? 4000 : 1000)) world_.growing = !world_.growing;
      step();
    }
    while (!world_.levels.empty()) end_level(world_);
    world_.compare(world_.some_view());
    remove_everything();
  }

  std::string place() const {
    const RoundOptions& round = world_.round;
    return "\nin operation " + std::to_string(world_.operations) +
           " of the round; to see its transaction: kist_model --seed " +
           std::to_string(round.seed) + " --page-size " + std::to_string(round.page_size) +
           " --operations " + std::to_string(round.operations) +
           names(" --only ", selection_.only) + names(" --without ", selection_.without) +
           " --trace-from " + std::to_string(world_.transaction_start);
  }

 private:
  void step() {
    if (world_.levels.empty()) {
      between_transactions();
    } else if (world_.level().left == 0) {
      end_level(world_);
      return;
    } else {
      --world_.level().left;
    }
    choose().run(world_);
  }

  void between_transactions() {
    if (world_.random.one_in(40)) note_depth();
    if (world_.random.one_in(300)) world_.reopen();
    if (world_.random.one_in(world_.small() ? 60 : 600)) world_.compare(world_.some_view());
    if (!world_.random.one_in(4)) begin_writer(world_);
  }

  /// A family that can be used now, by weight.
  const Family& choose() {
    const bool writing = !world_.levels.empty();
    const bool full = !world_.growing || world_.committed.records() > world_.most_records;
    const auto weight = [&](std::size_t i) -> std::uint32_t {
      const Family& family = families()[i];
      if (family.needs == Family::Needs::kWriter && !writing) return 0;
      if (family.needs == Family::Needs::kNoWriter && writing) return 0;
      const int effect = static_cast<int>(family.effect) * (full ? -1 : 1);
      return effect < 0 ? weights_[i] / 3 : weights_[i];
    };
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < weights_.size(); ++i) sum += weight(i);
    if (sum == 0) return families().front();
    std::uint64_t dice = world_.random.below(sum);
    for (std::size_t i = 0;; ++i) {
      if (dice < weight(i)) return families()[i];
      dice -= weight(i);
    }
  }

  void note_depth() {
    const View view = world_.some_view();
    for (const auto& table : view.state->tables()) {
      const engine::TableStats stats = must(view.txn->table_stats(world_.handle(table.first)));
      world_.figures.deepest = std::max(world_.figures.deepest, stats.depth);
    }
  }

  /// Removes all records one by one in an order of their own, from both ends and from the middle.
  void remove_everything() {
    begin_writer(world_);
    const State before = world_.committed;
    for (const auto& [name, table] : before.tables()) {
      Level& level = world_.level();
      const std::size_t begin = world_.random.below(table->size() + 1);
      const bool backward = world_.random.one_in(2);
      TableModel& model = level.state.change(name);
      level.touched = true;
      while (!model.empty()) {
        const std::size_t at = std::min(begin, model.size() - 1);
        const Pair pair = model.at(backward ? model.size() - 1 - at : at);
        world_.call("erase_pair", name, pair.key, pair.value);
        agree(level.txn.erase_pair(world_.handle(name), engine::as_bytes(pair.key),
                                   engine::as_bytes(pair.value)),
              model.erase_pair(pair.key, pair.value));
      }
    }
    commit(world_);
    world_.compare(world_.view_of(world_.begin_reader()));
    world_.reopen();
    const View view = world_.some_view();
    for (const auto& [name, table] : view.state->tables()) {
      require(must(view.txn->table_stats(world_.handle(name))).depth == 0,
              "a table without records keeps pages");
    }
  }

  /// An option of kist_model that takes names.
  static std::string names(const std::string& option, const std::set<std::string>& names) {
    std::string result;
    for (const std::string& name : names) result += (result.empty() ? option : ",") + name;
    return result;
  }

  World world_;
  const Selection& selection_;
  std::vector<std::uint32_t> weights_;
};

std::uint32_t some_page_size(std::uint64_t seed) {
  static constexpr std::array<std::uint32_t, 12> kSizes{256,  256,  256,  512,  512,   1024,
                                                        2048, 4096, 4096, 8192, 16384, 65536};
  return kSizes[Random(seed).below(kSizes.size())];
}

}  // namespace

void run_round(const std::string& path, const RoundOptions& options, const Selection& selection,
               Figures& figures) {
  Round round(path, options, selection, figures);
  try {
    round.run();
  } catch (const std::exception& error) {
    throw std::runtime_error(error.what() + round.place());
  }
  ++figures.rounds;
}

Figures run(const RunOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  const auto elapsed = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  Figures figures;
  for (std::uint64_t seed = options.seed;; ++seed) {
    if (options.operations != 0 && figures.operations >= options.operations) break;
    if (options.seconds != 0 && elapsed() >= options.seconds) break;
    RoundOptions round;
    round.seed = seed;
    round.page_size = options.page_size != 0 ? options.page_size : some_page_size(seed);
    round.trace_from = options.trace_from;
    if (round.page_size > 4096) round.operations /= 2;
    if (options.operations != 0) {
      round.operations = std::min(round.operations, options.operations - figures.operations);
    }
    const TempDirectory directory;
    run_round(directory.file("store"), round, options.selection, figures);
    if (options.verbose) {
      std::cout << elapsed() << " s, seed " << seed << ", page size " << round.page_size
                << "; so far " << figures << std::endl;
    }
  }
  return figures;
}

std::set<std::string> split_names(const std::string& names) {
  std::set<std::string> result;
  std::size_t begin = 0;
  while (begin < names.size()) {
    const std::size_t end = std::min(names.find(',', begin), names.size());
    result.insert(names.substr(begin, end - begin));
    begin = end + 1;
  }
  return result;
}

Selection selection_of_environment() {
  const auto names = [](const char* variable) {
    const char* value = std::getenv(variable);
    return value == nullptr ? std::set<std::string>() : split_names(value);
  };
  return {names("KIST_MODEL_ONLY"), names("KIST_MODEL_WITHOUT")};
}

}  // namespace kist::test::model
