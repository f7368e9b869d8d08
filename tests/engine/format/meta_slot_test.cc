#include "engine/format/meta_slot.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace kist::test {
namespace {

using namespace kist::engine;

TableRecord multimap() {
  return {.root = {.page = 70,
                   .birth = 5,
                   .count = 900,
                   .checksum = 0xABCD,
                   .flags = kRefIndirect | 2,
                   .keys = 31},
          .sequence = 7,
          .created = 3,
          .key_order = Order::kCustom,
          .multi = true,
          .value_order = static_cast<std::uint8_t>(Order::kCustom),
          .value_size = 12,
          .key_comparator_size = 3,
          .value_comparator_size = 32};
}

std::vector<std::uint8_t> encoded(const TableRecord& record) {
  std::vector<std::uint8_t> bytes(TableRecord::kSize + record.names_size(), 'n');
  encode_table_record(record, bytes.data());
  return bytes;
}

TEST(TableRecordTest, ComesBackAsItWas) {
  const TableRecord plain{.root = {.page = 1, .birth = 2, .count = 3, .keys = 3}};
  EXPECT_EQ(decode_table_record(encoded(plain)), plain);
  EXPECT_EQ(decode_table_record(encoded(multimap())), multimap());
  TableRecord numbers = multimap();
  numbers.key_order = Order::kDouble;
  numbers.value_order = static_cast<std::uint8_t>(Order::kInt32);
  numbers.value_size = 4;
  numbers.key_comparator_size = 0;
  numbers.value_comparator_size = 0;
  EXPECT_EQ(decode_table_record(encoded(numbers)), numbers);
}

TEST(TableRecordTest, HasItsFieldsWhereTheFormatSays) {
  const std::vector<std::uint8_t> bytes = encoded(multimap());
  EXPECT_EQ(load64(bytes.data() + 24), 31U);
  EXPECT_EQ(bytes[48], 8);
  EXPECT_EQ(bytes[49], 1);
  EXPECT_EQ(bytes[50], 8);
  EXPECT_EQ(bytes[51], 0);
  EXPECT_EQ(load16(bytes.data() + 52), 12);
  EXPECT_EQ(bytes[54], 3);
  EXPECT_EQ(bytes[55], 32);
  EXPECT_EQ(load64(bytes.data() + 56), 0U);
}

TEST(TableRecordTest, NamesMustFollowExactly) {
  std::vector<std::uint8_t> bytes = encoded(multimap());
  bytes.push_back(0);
  EXPECT_FALSE(decode_table_record(bytes));
  bytes.resize(bytes.size() - 2);
  EXPECT_FALSE(decode_table_record(bytes));
  bytes.resize(TableRecord::kSize - 1);
  EXPECT_FALSE(decode_table_record(bytes));
  EXPECT_FALSE(decode_table_record({}));
}

TEST(TableRecordTest, WhatMakesNoSenseIsNotUnderstood) {
  struct Change {
    std::size_t at;
    std::uint8_t value;
  };
  const TableRecord plain;
  for (const Change change :
       {Change{48, 0}, Change{48, 9}, Change{48, 8}, Change{49, 1}, Change{49, 2}, Change{50, 1},
        Change{51, 1}, Change{52, 4}, Change{54, 1}, Change{55, 1}, Change{56, 1}, Change{63, 1},
        Change{23, 2}, Change{23, 0x80}}) {
    std::vector<std::uint8_t> bytes = encoded(plain);
    bytes[change.at] = change.value;
    EXPECT_FALSE(decode_table_record(bytes)) << change.at << " " << int{change.value};
  }
  for (const Change change : {Change{48, 1}, Change{49, 0}, Change{50, 0}, Change{50, 9},
                              Change{50, 3}, Change{54, 0}, Change{54, 33}, Change{55, 0}}) {
    std::vector<std::uint8_t> bytes = encoded(multimap());
    bytes[change.at] = change.value;
    bytes.resize(TableRecord::kSize + bytes[54] + bytes[55], 'n');
    EXPECT_FALSE(decode_table_record(bytes)) << change.at << " " << int{change.value};
  }
}

TEST(TableRecordTest, OfASlotIsPlain) {
  MetaSlot slot;
  slot.page_size = 4096;
  slot.file_pages = 4;
  slot.id = 9;
  slot.id_ceiling = 10;
  const auto verdict = [&] { return decode_meta_slot(encode_meta_slot(slot), 0).verdict; };
  EXPECT_EQ(verdict(), SlotVerdict::kValid);
  slot.main.key_order = Order::kReversed;
  EXPECT_EQ(verdict(), SlotVerdict::kBroken);
  slot.main.key_order = Order::kBytes;
  slot.catalog.multi = true;
  slot.catalog.value_order = 1;
  EXPECT_EQ(verdict(), SlotVerdict::kBroken);
}

}  // namespace
}  // namespace kist::test
