#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include <gtest/gtest.h>

#include <kist/engine/value_stream.h>

#include "tests/support/store_test.h"

namespace kist::test {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::uint64_t kPiece = kMiB;

// Bytes that belong to this process alone: its own memory, and pages of files that nobody else
// maps. Nothing where the system does not tell.
std::uint64_t private_bytes() {
  std::ifstream rollup("/proc/self/smaps_rollup");
  std::uint64_t kilobytes = 0;
  for (std::string line; std::getline(rollup, line);) {
    if (line.starts_with("Private_Dirty:") || line.starts_with("Private_Clean:")) {
      kilobytes += std::stoull(line.substr(line.find(':') + 1));
    }
  }
  return kilobytes * 1024;
}

// Piece `index` of a value that nothing can compress or guess: each piece differs from all others.
void fill_piece(std::vector<std::uint64_t>& piece, std::uint64_t index) {
  std::uint64_t word = index * 0x9E3779B97F4A7C15U + 1;
  for (std::uint64_t& out : piece) out = word += 0xD1342543DE82EF95U;
}

class LongStreamTest : public StoreTest {
 protected:
  void SetUp() override {
    constexpr std::uint64_t kNeeded = 7 * 1024 * kMiB;
    const auto space = std::filesystem::space(directory().path());
    if (space.available < kNeeded) {
      GTEST_SKIP() << "LongStreamTest needs 7 GiB of free disk, there are "
                   << space.available / kMiB << " MiB";
    }
    before_ = private_bytes();
    if (before_ == 0) GTEST_SKIP() << "LongStreamTest needs /proc/self/smaps_rollup";
  }

  /// Looks how much memory there is, now and then.
  void watch(std::uint64_t index) {
    if (index % 64 == 0) most_ = std::max(most_, private_bytes());
  }
  /// Holds what was seen against 64 MiB beyond what the program had before.
  void expect_little(const char* during) const {
    std::cout << during << ": at most " << most_ / kMiB << " MiB of private memory, "
              << before_ / kMiB << " MiB of it before" << std::endl;
    EXPECT_LT(most_ - std::min(before_, most_), 64 * kMiB) << during;
  }

 private:
  std::uint64_t before_ = 0;
  std::uint64_t most_ = 0;
};

TEST_F(LongStreamTest, ThreeGibibytes) {
  constexpr std::uint64_t kPieces = 3 * 1024;
  std::vector<std::uint64_t> piece(kPiece / sizeof(std::uint64_t));
  const Bytes bytes{reinterpret_cast<const std::uint8_t*>(piece.data()), kPiece};
  const Database database = open();
  {
    WriteTxn txn = must(database.write());
    engine::ValueWriter writer =
        must(txn.stream_value({}, as_bytes("large"), kPieces * kPiece + 3));
    for (std::uint64_t i = 0; i < kPieces; ++i) {
      fill_piece(piece, i);
      must(writer.write(bytes));
      watch(i);
    }
    must(writer.write(as_bytes("end")));
    must(writer.finish());
    must(txn.commit());
    watch(0);
  }
  expect_little("writing");
  {
    const ReadTxn txn = must(database.read());
    engine::ValueReader reader = must(txn.open_value({}, as_bytes("large"))).value();
    ASSERT_EQ(reader.size(), kPieces * kPiece + 3);
    std::vector<std::uint8_t> got(kPiece);
    for (std::uint64_t i = 0; i < kPieces; ++i) {
      ASSERT_EQ(must(reader.read(i * kPiece, got)), kPiece);
      fill_piece(piece, i);
      ASSERT_TRUE(std::ranges::equal(got, bytes)) << "piece " << i;
      watch(i);
    }
    EXPECT_EQ(must(reader.read(kPieces * kPiece, got)), 3U);
    EXPECT_EQ(as_text(Bytes(got).first(3)), "end");
  }
  expect_little("reading");
  expect_clean(database);
}

}  // namespace
}  // namespace kist::test
