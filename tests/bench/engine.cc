#include "tests/bench/engine.h"

#include <algorithm>

namespace kist::bench {
namespace {

std::vector<Engine>& registry() {
  static std::vector<Engine> all;
  return all;
}

[[noreturn]] void no(const char* what) {
  throw Skipped(std::string("the engine has no ") + what);
}

}  // namespace

const std::vector<Engine>& engines() {
  return registry();
}

EngineEntry::EngineEntry(Engine engine) {
  std::vector<Engine>& all = registry();
  all.insert(std::ranges::upper_bound(all, engine.place, {}, &Engine::place), std::move(engine));
}

// An engine that lacks something is skipped where that is asked for.

void Session::put_each(KeySpan /*keys*/, ValuePool::Stream /*values*/, std::size_t /*batch*/,
                       Latencies* /*latencies*/) {
  no("put_each");
}
void Session::bulk_load(KeySpan /*sorted*/, ValuePool::Stream /*values*/) {
  no("bulk_load");
}
std::uint64_t Session::get_each(KeySpan /*keys*/, std::size_t /*batch*/, Latencies* /*latencies*/) {
  no("get_each");
}
std::uint64_t Session::get_many(KeySpan /*keys*/, std::size_t /*batch*/) {
  no("get_many");
}
std::uint64_t Session::scan(bool /*forward*/) {
  no("scan");
}
std::uint64_t Session::ranges(KeySpan /*from*/, std::size_t /*count*/) {
  no("ranges");
}
std::uint64_t Session::count_ranges(KeySpan /*from*/, KeySpan /*to*/) {
  no("count_ranges");
}
void Session::erase_range(std::string_view /*from*/, std::string_view /*to*/) {
  no("erase_range");
}
std::uint64_t Session::perform(std::span<const Step> /*steps*/, ValuePool::Stream /*values*/,
                               Latencies* /*latencies*/) {
  no("perform");
}
void Session::put_queued(KeySpan /*keys*/, ValuePool::Stream /*values*/, std::size_t /*callers*/) {
  no("queue of writes");
}
void Session::compact(const std::string& /*copy*/) {
  no("compaction");
}

}  // namespace kist::bench
