// kist_instructions ENGINE OPERATION TIMES DIRECTORY: runs one operation a known number of times,
// so that valgrind's count of instructions for two different numbers gives the cost of one.
// count.py does that and prints the table.

#include <cstdlib>
#include <string>

#include "tests/bench/dataset.h"
#include "tests/instructions/lmdb_engine.h"

namespace kist::bench {
namespace {

constexpr std::size_t kRecords = 200000;
constexpr std::size_t kBatch = 1000;

template <typename Engine>
std::uint64_t run_operation(const std::string& operation, std::size_t times,
                            const std::string& directory) {
  Dataset data(KeyKind::kInteger8, kRecords, 100, 1);
  Engine engine(directory, false);
  const Keys& keys = data.shuffled();
  std::uint64_t sum = 0;
  const bool loads = operation == "load" || operation == "append";
  // put and overwrite: records all over the table, 1,000 or one a transaction
  if (loads || operation == "put" || operation == "overwrite") {
    const Keys& order = operation == "append" ? data.sorted() : keys;
    // Other values for each number of times, so that no run writes what the one before wrote.
    ValuePool::Stream values = data.values().stream(loads ? 0 : times);
    const std::size_t count = loads ? kRecords : times;
    const std::size_t batch = operation == "overwrite" ? 1 : kBatch;
    for (std::size_t i = 0; i < count; i += batch) {
      engine.begin_write();
      for (std::size_t j = i; j < i + batch; ++j) engine.put(order[j % kRecords], values.next());
      engine.commit();
    }
  } else if (operation == "begin") {
    for (std::size_t i = 0; i < times; ++i) {
      engine.begin_read();
      engine.end_read();
    }
  } else if (operation == "renew") {
    engine.begin_read();
    for (std::size_t i = 0; i < times; ++i) {
      engine.pause_read();
      engine.renew_read();
    }
    engine.end_read();
  } else {
    engine.begin_read();
    sum += engine.scan(true);  // first touch of every page is not what is counted
    if (operation == "get") {
      for (std::size_t i = 0; i < times; ++i) sum += engine.get(keys[i % kRecords]);
    } else if (operation == "scan") {
      for (std::size_t i = 0; i < times; i += kRecords) sum += engine.scan(true);
    } else {
      give_up("no operation " + operation);
    }
    engine.end_read();
  }
  return sum;
}

}  // namespace
}  // namespace kist::bench

int main(int argc, char** argv) {
  using namespace kist::bench;
  if (argc != 5)
    give_up(
        "usage: kist_instructions kist|lmdb load|append|put|overwrite|get|scan|begin|renew "
        "TIMES DIRECTORY");
  const std::string engine = argv[1];
  const std::size_t times = std::strtoul(argv[3], nullptr, 10);
  const std::uint64_t sum = engine == "kist" ? run_operation<KistEngine>(argv[2], times, argv[4])
                                             : run_operation<LmdbEngine>(argv[2], times, argv[4]);
  fmt::print("{}\n", sum);
}
