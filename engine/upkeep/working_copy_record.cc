// The record beside a working copy; engine/docs/working-copy.md has its form.

#include "engine/upkeep/working_copy_record.h"

#include <algorithm>
#include <array>
#include <span>

#include "engine/base/byte_order.h"
#include "engine/base/checksum.h"
#include "engine/format/meta_slot.h"
#include "engine/os/directory.h"

namespace kist::engine {
namespace {

constexpr std::array<std::uint8_t, 8> kMagic{'K', 'i', 's', 't', 'W', 'o', 'r', 'k'};
constexpr std::size_t kHeaderSize = 16;   // magic, u32 version, u32 number of looks
constexpr std::size_t kLookSize = 48;     // u64 there, u64 slots, 4 * u64 state
constexpr std::size_t kChecksumSize = 8;  // of everything before it
constexpr std::size_t kMostBytes = 65'536;
constexpr std::uint32_t kVersion = 1;

std::vector<std::uint8_t> encode(const WorkingCopyRecord& record, const std::string& original) {
  std::vector<std::uint8_t> bytes(kHeaderSize + record.size() * kLookSize);
  std::ranges::copy(kMagic, bytes.begin());
  store32(bytes.data() + 8, kVersion);
  store32(bytes.data() + 12, static_cast<std::uint32_t>(record.size()));
  std::uint8_t* at = bytes.data() + kHeaderSize;
  for (const KnownOriginal& known : record) {
    const BackupPoint& state = known.state;
    for (const std::uint64_t field :
         {std::uint64_t{known.look.there}, known.look.slots, state.environment_high,
          state.environment_low, state.transaction, state.commit_nonce}) {
      store64(at, field);
      at += sizeof field;
    }
  }
  bytes.insert(bytes.end(), original.begin(), original.end());
  std::array<std::uint8_t, kChecksumSize> sum;
  store64(sum.data(), checksum(bytes.data(), bytes.size(), 0));
  bytes.insert(bytes.end(), sum.begin(), sum.end());
  return bytes;
}

Result<WorkingCopyRecord> decode(std::span<const std::uint8_t> bytes, const std::string& path,
                                 const std::string& original) {
  const auto damaged = [&] { return fail(ErrorCode::kDamaged, path + ": is no whole record"); };
  if (bytes.size() < kHeaderSize + kChecksumSize) return damaged();
  const std::size_t size = bytes.size() - kChecksumSize;
  if (load64(bytes.data() + size) != checksum(bytes.data(), size, 0)) return damaged();
  const std::size_t looks = load32(bytes.data() + 12);
  if (!std::ranges::equal(bytes.first(8), kMagic) || load32(bytes.data() + 8) != kVersion ||
      looks > (size - kHeaderSize) / kLookSize) {
    return damaged();
  }
  const auto name =
      bytes.subspan(kHeaderSize + looks * kLookSize).first(size - kHeaderSize - looks * kLookSize);
  if (!std::ranges::equal(name, as_bytes(original))) {
    return fail(ErrorCode::kConflict, path + ": belongs to the working copy of '" +
                                          std::string(as_text(name)) + "', not of '" + original +
                                          "'");
  }
  WorkingCopyRecord record;
  for (std::size_t i = 0; i < looks; ++i) {
    const std::uint8_t* at = bytes.data() + kHeaderSize + i * kLookSize;
    record.push_back({{load64(at) != 0, load64(at + 8)},
                      {load64(at + 16), load64(at + 24), load64(at + 32), load64(at + 40)}});
  }
  return record;
}

}  // namespace

Result<OriginalLook> look_at(const std::string& path, os::CallObserver* observer) {
  const auto file = os::File::open(path, os::Access::kRead, observer);
  if (!file && file.error().code == ErrorCode::kNotFound) return OriginalLook{};
  KIST_TRY(file);
  std::array<std::uint8_t, kMetaSlots * kMetaSlotStride> slots{};
  KIST_ASSIGN(const std::size_t got, file->read_at(0, slots));
  return OriginalLook{true, checksum(slots.data(), got, 0)};
}

Result<WorkingCopyRecord> read_record(const std::string& path, const std::string& original,
                                      os::CallObserver* observer) {
  const auto file = os::File::open(path, os::Access::kRead, observer);
  if (!file && file.error().code == ErrorCode::kNotFound) return WorkingCopyRecord{};
  KIST_TRY(file);
  std::vector<std::uint8_t> bytes(kMostBytes);
  KIST_ASSIGN(const std::size_t got, file->read_at(0, bytes));
  return decode(std::span(bytes).first(got), path, original);
}

Result<void> write_record(const std::string& path, const std::string& original,
                          const WorkingCopyRecord& record, os::CallObserver* observer) {
  const std::string aside = path + "-new";
  KIST_TRY(os::unlink_file(aside, observer));  // of a process that ended before its renaming
  {
    KIST_ASSIGN(os::File file, os::File::create_new(aside, 0600, observer));
    KIST_TRY(file.write_at(0, encode(record, original)));
    KIST_TRY(file.flush());
  }
  KIST_TRY(os::replace_file(aside, path, observer));
  return os::flush_directory(path.substr(0, path.find_last_of('/') + 1), observer);
}

}  // namespace kist::engine
