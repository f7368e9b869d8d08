#include "engine/upkeep/grant_page.h"

#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "engine/base/byte_order.h"

namespace kist::engine {
namespace {

constexpr std::uint64_t kMagic = 0x746E617247747369;  // "istGrant" on a little-endian machine
constexpr std::uint64_t kVersion = 1;
constexpr std::uint32_t kIndexAt = 124;  // of the meta slot's own number
// A newest state that changes more often while it is copied is somebody's bad joke.
constexpr int kMostTries = 1000;

}  // namespace

Result<GrantPageWriter> GrantPageWriter::make(const std::string& name) {
  KIST_ASSIGN(os::File file, os::File::create_in_memory(name));
  const std::vector<std::uint8_t> zeros(kGrantPageBytes);
  KIST_TRY(file.write_at(0, Bytes(zeros)));
  KIST_ASSIGN(auto memory, os::SharedMemory::map(file, kGrantPageBytes));
  GrantPageWriter page(std::move(file), std::move(memory));
  page.layout().version.store(kVersion, std::memory_order_relaxed);
  page.layout().magic.store(kMagic, std::memory_order_release);
  return page;
}

void GrantPageWriter::publish(const MetaSlot& slot) {
  const MetaSlotBytes bytes = encode_meta_slot(slot);
  std::array<std::uint64_t, kHeadWords> words;
  static_assert(sizeof words == sizeof bytes);
  std::memcpy(words.data(), bytes.data(), bytes.size());
  const std::uint64_t before = layout().newest.load(std::memory_order_relaxed);
  const std::uint64_t buffer = (before & 1) ^ 1;
  // Each release: who copies one of these words sees that the newest is another than the one that
  // lay here before.
  for (std::size_t i = 0; i < words.size(); ++i) {
    layout().slots[buffer][i].store(words[i], std::memory_order_release);
  }
  layout().newest.store(slot.id * 2 + buffer, std::memory_order_release);
}

void GrantPageWriter::set_oldest(std::uint64_t id) {
  layout().oldest.store(id, std::memory_order_seq_cst);
}

Result<GrantPageReader> GrantPageReader::open(os::File file) {
  KIST_ASSIGN(const std::uint64_t bytes, file.size());
  if (bytes < kGrantPageBytes) {
    return fail(ErrorCode::kDamaged, file.path() + ": the second descriptor is no grant's");
  }
  KIST_ASSIGN(auto memory, os::SharedMemory::map(file, kGrantPageBytes));
  GrantPageReader page(std::move(file), std::move(memory));
  if (page.layout().magic.load(std::memory_order_acquire) != kMagic) {
    return fail(ErrorCode::kDamaged, page.file_.path() + ": the second descriptor is no grant's");
  }
  if (page.layout().version.load(std::memory_order_relaxed) != kVersion) {
    return fail(ErrorCode::kNewerFormat, page.file_.path() + ": grants of another version");
  }
  return page;
}

Result<MetaSlot> GrantPageReader::read_newest() const {
  for (int tries = 0; tries < kMostTries; ++tries) {
    const std::uint64_t place = newest();
    MetaSlotBytes bytes;
    for (std::size_t i = 0; i < kHeadWords; ++i) {
      const std::uint64_t word = layout().slots[place & 1][i].load(std::memory_order_acquire);
      std::memcpy(bytes.data() + i * sizeof word, &word, sizeof word);
    }
    if (newest() != place) continue;
    const DecodedSlot decoded = decode_meta_slot(bytes, load32(bytes.data() + kIndexAt));
    if (decoded.verdict != SlotVerdict::kValid || decoded.slot.id != place / 2) break;
    return decoded.slot;
  }
  return fail(ErrorCode::kDamaged, file_.path() + ": what is granted cannot be read");
}

}  // namespace kist::engine
