// The C++ process of the stress over several languages: moves amounts between accounts, and checks
// that no snapshot ever shows another sum.
//
//     kist_transfers PROFILE_DIR SECONDS SEED
//
// The profile has a store "accounts" with "a0" to "a9", 10,000 in all. Ends after SECONDS or at
// 10,000 transactions, whichever is later, and prints one line of JSON; the exit status is 0 only
// if every sum was right.

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include <kist/manager.h>

namespace kist::stress {

namespace {

constexpr int kAccounts = 10;
constexpr std::int64_t kSum = 10'000;
constexpr std::uint64_t kLeastTransactions = 10'000;
constexpr std::uint64_t kTransactionsPerCheck = 100;
constexpr const char* kCounter = "count/cpp";

std::string account(int number) {
  return "a" + std::to_string(number);
}

struct Counts {
  std::uint64_t transactions = 0;
  std::uint64_t checks = 0;
};

/// What both kinds of transaction can read.
template <typename Transaction>
Result<std::int64_t> balance(const Transaction& transaction, const Store& accounts, int number) {
  KIST_ASSIGN(const auto found, transaction.template get<std::int64_t>(accounts, account(number)));
  if (!found) return fail(ErrorCode::kNotFound, "account " + account(number) + " is missing");
  return *found;
}

class Transfers {
 public:
  static Result<Transfers> open(const std::string& directory, std::uint64_t seed) {
    Transfers transfers;
    KIST_ASSIGN(transfers.profile_, Manager::instance().open(directory, {.create = false}));
    KIST_ASSIGN(transfers.accounts_, transfers.profile_.open_store("accounts", /*create=*/false));
    KIST_ASSIGN(transfers.counters_, transfers.profile_.open_store("counters"));
    transfers.random_.seed(seed);
    return transfers;
  }

  Result<Counts> run(std::chrono::duration<double> duration) {
    const auto end = std::chrono::steady_clock::now() + duration;
    Counts counts;
    while (counts.transactions < kLeastTransactions || std::chrono::steady_clock::now() < end) {
      KIST_TRY(transfer());
      if (++counts.transactions % kTransactionsPerCheck != 0) continue;
      KIST_TRY(check());
      ++counts.checks;
    }
    KIST_TRY(profile_.close());
    return counts;
  }

 private:
  /// Moves an amount between two accounts, which may be the same, and counts.
  Result<void> transfer() {
    const int from = static_cast<int>(random_() % kAccounts);
    const int to = static_cast<int>(random_() % kAccounts);
    const auto amount = static_cast<std::int64_t>(random_() % 100);
    KIST_ASSIGN(Writer writer, profile_.write());
    KIST_ASSIGN(const std::int64_t source, balance(writer, accounts_, from));
    KIST_TRY(writer.put(accounts_, account(from), Value::i64(source - amount)));
    KIST_ASSIGN(const std::int64_t target, balance(writer, accounts_, to));
    KIST_TRY(writer.put(accounts_, account(to), Value::i64(target + amount)));
    KIST_ASSIGN(const auto count, writer.get<std::uint64_t>(counters_, kCounter));
    KIST_TRY(writer.put(counters_, kCounter, Value::u64(count.value_or(0) + 1)));
    KIST_TRY(writer.commit(Durability::kRelaxed));
    return {};
  }

  /// Adds all accounts up in one snapshot.
  Result<void> check() {
    KIST_ASSIGN(const Reader reader, profile_.read());
    std::int64_t sum = 0;
    for (int i = 0; i < kAccounts; ++i) {
      KIST_ASSIGN(const std::int64_t found, balance(reader, accounts_, i));
      sum += found;
    }
    if (sum == kSum) return {};
    return fail(ErrorCode::kInternal,
                "snapshot " + std::to_string(reader.id()) + " has a sum of " + std::to_string(sum));
  }

  Profile profile_;
  Store accounts_;
  Store counters_;
  std::mt19937_64 random_;
};

Result<Counts> run(const char* directory, double seconds, std::uint64_t seed) {
  KIST_ASSIGN(Transfers transfers, Transfers::open(directory, seed));
  return transfers.run(std::chrono::duration<double>(seconds));
}

}  // namespace

}  // namespace kist::stress

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: kist_transfers PROFILE_DIR SECONDS SEED\n");
    return 2;
  }
  const auto counts = kist::stress::run(argv[1], std::strtod(argv[2], nullptr),
                                        std::strtoull(argv[3], nullptr, 10));
  if (!counts) {
    std::fprintf(stderr, "cpp, seed %s: %s\n", argv[3], counts.error().message.c_str());
    std::printf("{\"language\":\"cpp\",\"ok\":false}\n");
    return 1;
  }
  std::printf("{\"language\":\"cpp\",\"transactions\":%llu,\"checks\":%llu,\"ok\":true}\n",
              static_cast<unsigned long long>(counts->transactions),
              static_cast<unsigned long long>(counts->checks));
  return 0;
}
