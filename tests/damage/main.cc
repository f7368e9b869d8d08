// kist_mutants: damages stores at random, as tests/damage/mutator.h says, uses each in a child
// process, and counts what came of it: killed by a signal, read wrongly without an error, reported,
// or right. The first two fail.
//
//   kist_mutants                       10,000 mutants
//   kist_mutants --count N --seed S
//   kist_mutants --only I --seed S     that one, in this process

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

#include "tests/damage/judge.h"
#include "tests/support/child_process.h"
#include "tests/support/must.h"
#include "tests/support/random.h"

namespace kist::test {
namespace {

constexpr unsigned kHungSeconds = 60;

/// What the processes tell each other; in memory that they share.
struct Board {
  std::atomic<std::uint64_t> next{0};  // the first mutant that nobody has begun with
  std::array<std::atomic<std::uint64_t>, 4> verdicts{};
  std::atomic<std::uint64_t> unjudged{0};
  std::atomic<std::uint64_t> killed{0};
};

Mutant mutant_number(std::uint64_t seed, std::uint64_t index) {
  Random random(seed * 1'000'003 + index);
  const std::uint64_t edits = random.one_in(2) ? 1 : random.between(2, 8);
  std::string input = random.bytes(2 + 8 * edits);
  // One in eight is cut; here that shall be rarer.
  if (!random.one_in(8)) input[0] = static_cast<char>(input[0] & 0x7F);
  return make_mutant(engine::as_bytes(input));
}

class Run {
 public:
  Run(std::uint64_t count, std::uint64_t seed) : count_(count), seed_(seed) {
    void* const shared =
        ::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    require(shared != MAP_FAILED, "no shared memory");
    board_ = new (shared) Board;
  }

  int run() {
    seed_stores();  // once for all children
    repeat_found();
    std::vector<std::jthread> watchers;
    const unsigned processes = std::max(1U, std::thread::hardware_concurrency());
    for (unsigned i = 0; i < processes; ++i) {
      watchers.emplace_back([this, i] { keep_one_going(i); });
    }
    watchers.clear();
    return report();
  }

 private:
  // What earlier runs found.
  void repeat_found() const {
    struct Found {
      std::uint64_t seed;
      std::uint64_t index;
    };
    // split() of a table that has a count and no page.
    for (const Found& found : {Found{20261121, 57243}, Found{20261121, 88793}}) {
      ChildProcess child([&] {
        use_mutant(mutant_number(found.seed, found.index), scratch_directory() + "/found");
        return 0;
      });
      if (child.wait() == 0) continue;
      ++board_->killed;
      std::printf("mutant %llu of seed %llu, found before: ended by a signal\n",
                  static_cast<unsigned long long>(found.index),
                  static_cast<unsigned long long>(found.seed));
    }
  }

  // Children are started again when a signal ended them; it is the mutant's that they were at.
  void keep_one_going(unsigned worker) {
    void* const shared = ::mmap(nullptr, sizeof(std::uint64_t), PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    require(shared != MAP_FAILED, "no shared memory");
    auto* const current = new (shared) std::atomic<std::uint64_t>(0);
    const std::string path = scratch_directory() + "/store " + std::to_string(worker);
    while (board_->next < count_) {
      ChildProcess child([&] {
        work(path, *current);
        return 0;
      });
      const int status = child.wait();
      if (status == 0) continue;
      ++board_->killed;
      std::printf("mutant %llu: ended with %d; repeat with --seed %llu --only %llu\n",
                  static_cast<unsigned long long>(*current), status,
                  static_cast<unsigned long long>(seed_),
                  static_cast<unsigned long long>(*current));
    }
    ::munmap(shared, sizeof(std::uint64_t));
  }

  void work(const std::string& path, std::atomic<std::uint64_t>& current) {
    for (;;) {
      const std::uint64_t index = board_->next++;
      if (index >= count_) return;
      current = index;
      ::alarm(kHungSeconds);
      const Mutant mutant = mutant_number(seed_, index);
      const Reading reading = use_mutant(mutant, path);
      ++(mutant.must_be_right() ? board_->verdicts[static_cast<std::size_t>(reading.verdict)]
                                : board_->unjudged);
      if (reading.verdict == Verdict::kWrong) {
        std::printf("mutant %llu: %s; repeat with --seed %llu --only %llu\n",
                    static_cast<unsigned long long>(index), reading.what.c_str(),
                    static_cast<unsigned long long>(seed_), static_cast<unsigned long long>(index));
        std::fflush(stdout);
      }
    }
  }

  int report() const {
    const auto number = [this](Verdict verdict) {
      return static_cast<unsigned long long>(board_->verdicts[static_cast<std::size_t>(verdict)]);
    };
    const unsigned long long killed = board_->killed;
    std::printf(
        "%llu mutants: %llu killed by a signal or hung, %llu silently wrong\n"
        "with their checksums as they were: %llu errors, %llu read right and whole, %llu an older "
        "commit\n"
        "resealed or unverified, so only to be survived: %llu\n",
        static_cast<unsigned long long>(count_), killed, number(Verdict::kWrong),
        number(Verdict::kError), number(Verdict::kRight), number(Verdict::kOlder),
        static_cast<unsigned long long>(board_->unjudged));
    return killed == 0 && number(Verdict::kWrong) == 0 ? 0 : 1;
  }

  const std::uint64_t count_;
  const std::uint64_t seed_;
  Board* board_;
};

int run_one(std::uint64_t seed, std::uint64_t index) {
  const Mutant mutant = mutant_number(seed, index);
  std::printf("pages of %u bytes, %s, verify %d, read_only %d, use %d\n", mutant.seed->page_size,
              mutant.resealed ? "resealed" : "checksums as they were", mutant.verify,
              mutant.read_only, mutant.use);
  const Reading reading = use_mutant(mutant, scratch_directory() + "/store");
  std::printf("verdict %d %s\n", static_cast<int>(reading.verdict), reading.what.c_str());
  return reading.verdict == Verdict::kWrong ? 1 : 0;
}

}  // namespace
}  // namespace kist::test

int main(int argc, char** argv) {
  std::uint64_t count = 10'000;
  std::optional<std::uint64_t> seed;
  std::optional<std::uint64_t> only;
  for (int i = 1; i < argc; ++i) {
    const auto given = [&](const char* name) {
      return std::strcmp(argv[i], name) == 0 && i + 1 < argc;
    };
    if (given("--count")) {
      count = std::strtoull(argv[++i], nullptr, 10);
    } else if (given("--seed")) {
      seed = std::strtoull(argv[++i], nullptr, 10);
    } else if (given("--only")) {
      only = std::strtoull(argv[++i], nullptr, 10);
    } else {
      std::fprintf(stderr, "usage: kist_mutants [--count N] [--seed S] [--only I]\n");
      return 2;
    }
  }
  try {
    const std::uint64_t used = seed ? *seed : kist::test::test_seed("kist_mutants");
    return only ? kist::test::run_one(used, *only) : kist::test::Run(count, used).run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
