#include "engine/space/space_record.h"

#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "engine/base/byte_order.h"
#include "engine/base/checksum.h"

namespace kist::engine::testing {
namespace {

constexpr std::uint64_t kSeed = 77;
using Image = std::vector<std::uint8_t>;

SpaceRecord delta() {
  SpaceRecord record;
  record.page = 140;
  record.birth = 9;
  record.commit_nonce = 5;
  record.file_pages = 300;
  record.previous = {130, 8, 150, 0xABCD, 0, 150};
  record.taken = {{120, 2}, {140, 3}, {160, 1}};
  record.freed = {{{150, 4}, 3}, {{154, 1}, 8}};
  record.size = space_record_size(3, 2, 0, 0);
  return record;
}

SpaceRecord checkpoint() {
  SpaceRecord record;
  record.page = 90;
  record.birth = 12;
  record.commit_nonce = 6;
  record.file_pages = 400;
  record.free = {{64, 5}, {100, 90}};
  record.pending = {{{70, 1}, 2, 12}, {{200, 200}, 5, 6}};
  record.size = space_record_size(0, 0, 2, 2);
  return record;
}

Result<SpaceRecord> open(const Image& image, const Ref& ref, std::uint32_t page_size) {
  KIST_TRY(verify_space_record(image, ref, kSeed));
  return decode_space_record(image, ref, page_size);
}

void seal(Image& image, Ref& ref) {
  const std::size_t size = std::min<std::size_t>(ref.count, image.size());
  const std::uint64_t sum = checksum(image.data() + 8, size - 8, kSeed);
  store64(image.data(), sum);
  ref.checksum = static_cast<std::uint32_t>(sum);
}

bool runs_are_sane(const SpaceRecord& record, std::uint64_t first) {
  const auto inside = [&](const Run& run, std::uint64_t& lowest) {
    const bool sane = run.pages != 0 && run.start >= lowest && run.start < record.file_pages &&
                      run.pages <= record.file_pages - run.start;
    lowest = run.end();
    return sane;
  };
  std::uint64_t taken = first;
  std::uint64_t freed = first;
  std::uint64_t free = first;
  std::uint64_t pending = first;
  for (const Run& run : record.taken) {
    if (!inside(run, taken)) return false;
  }
  for (const FreedRun& one : record.freed) {
    if (!inside(one.run, freed) || one.birth >= record.birth) return false;
  }
  for (const Run& run : record.free) {
    if (!inside(run, free)) return false;
  }
  for (const PendingRun& one : record.pending) {
    if (!inside(one.run, pending) || one.birth >= one.freed || one.freed > record.birth)
      return false;
  }
  return true;
}

class SpaceRecordTest : public ::testing::TestWithParam<bool> {
 protected:
  SpaceRecord record() const { return GetParam() ? checkpoint() : delta(); }
};

TEST_P(SpaceRecordTest, ComesBackAsItWas) {
  for (const std::uint32_t page_size : {256U, 4096U, 65536U}) {
    const Image image = encode_space_record(record(), page_size, kSeed);
    EXPECT_EQ(image.size() % page_size, 0U);
    const auto read = open(image, space_record_ref(record(), image), page_size);
    ASSERT_TRUE(read.has_value()) << read.error().message;
    EXPECT_EQ(*read, record());
  }
}

TEST_P(SpaceRecordTest, MayHoldZerosBehindItsLists) {
  SpaceRecord roomy = record();
  roomy.size += 300;
  const Image image = encode_space_record(roomy, 256, kSeed);
  const auto read = open(image, space_record_ref(roomy, image), 256);
  // The delta's own run is three pages long, as `taken` says.
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(*read, roomy);
}

TEST_P(SpaceRecordTest, EveryFlippedBitIsNoticed) {
  const Image whole = encode_space_record(record(), 256, kSeed);
  const Ref ref = space_record_ref(record(), whole);
  for (std::size_t bit = 0; bit < 8 * ref.count; ++bit) {
    Image image = whole;
    image[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    const auto read = open(image, ref, 256);
    ASSERT_FALSE(read.has_value()) << "bit " << bit;
    EXPECT_EQ(read.error().code, ErrorCode::kDamaged);
    EXPECT_NE(read.error().message.find(std::to_string(ref.page)), std::string::npos);
  }
}

TEST_P(SpaceRecordTest, EveryFlippedBitUnderAFreshChecksumIsSaneOrRefused) {
  const Image whole = encode_space_record(record(), 256, kSeed);
  int refused = 0;
  for (std::size_t bit = 64; bit < 8 * record().size; ++bit) {
    Image image = whole;
    Ref ref = space_record_ref(record(), whole);
    image[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    seal(image, ref);
    const auto read = open(image, ref, 256);
    if (!read) {
      ++refused;
      EXPECT_EQ(read.error().code, ErrorCode::kDamaged);
    } else {
      EXPECT_TRUE(runs_are_sane(*read, first_page(256))) << "bit " << bit;
    }
  }
  EXPECT_GT(refused, 0);
}

TEST_P(SpaceRecordTest, CountsThatOverflowAreRefused) {
  for (const std::size_t at :
       {space_layout::kTaken, space_layout::kFreed, space_layout::kFree, space_layout::kPending}) {
    for (const std::uint64_t count :
         {std::uint64_t{1} << 63, ~std::uint64_t{0}, ~std::uint64_t{0} / 12,
          ~std::uint64_t{0} / 18 + 1, ~std::uint64_t{0} / 24 + 1, std::uint64_t{1000}}) {
      Image image = encode_space_record(record(), 256, kSeed);
      Ref ref = space_record_ref(record(), image);
      store64(image.data() + at, count);
      seal(image, ref);
      EXPECT_FALSE(open(image, ref, 256).has_value()) << at << " " << count;
    }
  }
}

TEST_P(SpaceRecordTest, ARefThatDoesNotFitIsRefused) {
  const Image image = encode_space_record(record(), 256, kSeed);
  const Ref good = space_record_ref(record(), image);
  Ref ref = good;
  for (const std::uint64_t count : {std::uint64_t{0}, std::uint64_t{111}, good.count - 1,
                                    good.count + 1, std::uint64_t{image.size() + 1}, kMax48}) {
    ref.count = count;
    EXPECT_FALSE(open(image, ref, 256).has_value()) << count;
  }
  ref = good;
  ref.page += 1;
  EXPECT_FALSE(open(image, ref, 256).has_value());
  ref = good;
  ref.birth += 1;
  EXPECT_FALSE(open(image, ref, 256).has_value());
  ref = good;
  ref.flags = 1;
  EXPECT_FALSE(open(image, ref, 256).has_value());
}

INSTANTIATE_TEST_SUITE_P(Kinds, SpaceRecordTest, ::testing::Values(false, true));

TEST(SpaceRecordDelta, MustTakeItsOwnRun) {
  SpaceRecord record = delta();
  record.taken[1].start = 141;
  const Image image = encode_space_record(record, 256, kSeed);
  const auto read = open(image, space_record_ref(record, image), 256);
  ASSERT_FALSE(read.has_value());
  EXPECT_NE(read.error().message.find("own run"), std::string::npos);
}

}  // namespace
}  // namespace kist::engine::testing
