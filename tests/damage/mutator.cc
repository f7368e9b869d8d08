#include "tests/damage/mutator.h"

#include <algorithm>
#include <array>

#include "engine/base/byte_order.h"

namespace kist::test {
namespace {

constexpr std::size_t kEditSize = 8;

/// One edit: eight bytes that say what is done where.
class Edit {
 public:
  Edit(const SeedStore& seed, std::string& bytes, const std::uint8_t* p)
      : seed_(seed), bytes_(bytes), p_(p) {
    const std::vector<Place>& places = seed.seals.places();
    place_ = places[engine::load16(p) % places.size()];
    other_ = places[engine::load16(p + 5) % places.size()];
    // Headers and arrays lie at the start; every place can be reached.
    const std::uint64_t wide = engine::load16(p + 2);
    offset_ = place_.offset + (p[4] >= 128 ? wide % 48 : wide) % place_.length;
  }

  void apply() {
    switch (p_[4] % 16) {
      case 0:
        return set(1, p_[5]);
      case 1:
        return set(1, static_cast<std::uint8_t>(bytes_[offset_]) ^ (1U << (p_[5] % 8)));
      case 2:
        return set(2, engine::load16(p_ + 5));
      case 3:
        return set(4, engine::load32(p_ + 4));
      case 4:  // a page number
        return set(6, p_[5] % 200);
      case 5:
        return set(1, static_cast<std::uint8_t>(bytes_[offset_]) + p_[5] % 5 + 254U);
      case 6:
        return splice(seed_.bytes, other_.offset);
      case 7:
        return set(8, engine::load64(p_));
      case 8:
      case 9:
        return copy_field();
      case 10:
        return splice(seed_.older, place_.offset);
      case 11:
        // A meta slot vouches for itself: one of another store, put here whole, is that store's.
        if (place_.offset < engine::kMetaSlots * engine::kMetaSlotStride) return;
        return splice(seed_.stranger, place_.offset);
      case 12:
        return swap_places();
      case 13:
        return zero();
      case 14:
        return set(2, kTelling[p_[5] % kTelling.size()]);
      default:
        return set(6, kTelling[p_[5] % kTelling.size()]);
    }
  }

 private:
  /// Numbers at which something changes.
  static constexpr std::array<std::uint64_t, 12> kTelling{
      0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 0xFFFFFFFFFFFF};

  void set(std::uint64_t width, std::uint64_t value) {
    for (std::uint64_t i = 0; i < width && offset_ + i < bytes_.size(); ++i, value >>= 8) {
      bytes_[offset_ + i] = static_cast<char>(value);
    }
  }

  void copy(const std::string& from, std::uint64_t at, std::uint64_t to, std::uint64_t length) {
    if (at >= from.size() || to >= bytes_.size()) return;
    length = std::min({length, from.size() - at, bytes_.size() - to});
    std::copy_n(from.data() + at, length, bytes_.data() + to);
  }

  /// A page in the place of another one, from the same store or from another file.
  void splice(const std::string& from, std::uint64_t at) {
    copy(from, at, place_.offset, place_.length);
  }

  /// A whole reference, or what it points with, from the same depth of another page.
  void copy_field() {
    static constexpr std::array<std::uint64_t, 4> kWidths{24, 12, 6, 30};
    const std::uint64_t within = (offset_ - place_.offset) % other_.length;
    copy(seed_.bytes, other_.offset + within, offset_, kWidths[p_[7] % kWidths.size()]);
  }

  void swap_places() {
    if (place_.length != other_.length) return;
    const std::string kept = bytes_.substr(place_.offset, place_.length);
    bytes_.replace(place_.offset, place_.length, bytes_, other_.offset, other_.length);
    bytes_.replace(other_.offset, other_.length, kept);
  }

  void zero() {
    const std::uint64_t from = p_[7] % 2 == 0 ? place_.offset : offset_ / 512 * 512;
    const std::uint64_t length = p_[7] % 2 == 0 ? place_.length : 512;
    const std::uint64_t end = std::min<std::uint64_t>(from + length, bytes_.size());
    std::fill(bytes_.begin() + static_cast<std::ptrdiff_t>(from),
              bytes_.begin() + static_cast<std::ptrdiff_t>(end), '\0');
  }

  const SeedStore& seed_;
  std::string& bytes_;
  const std::uint8_t* p_;
  Place place_;
  Place other_;
  std::uint64_t offset_ = 0;  // in the file
};

}  // namespace

Mutant make_mutant(std::span<const std::uint8_t> input) {
  const std::vector<SeedStore>& seeds = seed_stores();
  const std::uint8_t first = input[0];
  const std::uint8_t second = input[1];
  Mutant mutant;
  mutant.seed = &seeds[first % seeds.size()];
  mutant.resealed = (first & 4U) != 0;
  mutant.verify = (first & 24U) != 0;  // a quarter does without
  mutant.read_only = (second & 3U) == 3;
  mutant.use = second >> 2U;
  mutant.bytes = mutant.seed->bytes;
  for (std::size_t at = 2; at + kEditSize <= input.size(); at += kEditSize) {
    Edit(*mutant.seed, mutant.bytes, input.data() + at).apply();
  }
  if (mutant.resealed) mutant.seed->seals.reseal(mutant.bytes);
  if ((first & 224U) == 224) mutant.bytes.resize(mutant.bytes.size() * second / 256);
  return mutant;
}

}  // namespace kist::test
