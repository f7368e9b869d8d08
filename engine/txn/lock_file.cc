#include "engine/txn/lock_file.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include <xxhash.h>

#include "engine/base/byte_order.h"
#include "engine/os/random.h"
#include "engine/txn/lock_bytes.h"

namespace kist::engine {
namespace {

constexpr std::uint64_t kMagic = 0x6B636F4C7473694B;  // "KistLock" on little-endian machines
constexpr std::uint64_t kVersion = 2;

std::array<std::uint64_t, 2> words_of(const Identity& identity) {
  std::array<std::uint64_t, 2> words;
  std::memcpy(words.data(), identity.data(), sizeof words);
  return words;
}

Result<os::File> open_or_create(const std::string& path, const FileAccess& created,
                                os::CallObserver* observer) {
  if (path.empty()) return os::File::create_in_memory("lock file in memory", observer);
  Result<os::File> file = os::File::open(path, os::Access::kReadWrite, observer);
  if (file || file.error().code != ErrorCode::kNotFound) return file;
  file = os::File::create_new(path, created.mode, observer);
  if (file && created.group) KIST_TRY(file->set_group(*created.group));
  return file;
}

}  // namespace

Identity identity_of(const MetaSlot& slot) {
  Identity identity;
  store64(identity.data(), slot.nonce_high);
  store64(identity.data() + 8, slot.nonce_low);
  return identity;
}

LockFile::LockFile(os::File file, std::unique_ptr<os::SharedMemory> memory, std::uint64_t place)
    : file_(std::move(file)), memory_(std::move(memory)), place_(place) {}

Result<LockFile> LockFile::rebuild(const std::string& path, const Identity& identity,
                                   const FileAccess& created, os::CallObserver* observer) {
  KIST_ASSIGN(os::File file, open_or_create(path, created, observer));
  KIST_ASSIGN(const std::uint64_t old_size, file.size());
  // In place rather than aside, because readers without a slot may have this file mapped. They must
  // not meet the old place of a head beside half of a new one, so it goes first.
  std::vector<std::uint64_t> words(kInitialLockFileBytes / sizeof(std::uint64_t));
  const auto bytes_of = [&words](std::size_t from, std::size_t count) {
    return Bytes(reinterpret_cast<const std::uint8_t*>(words.data() + from),
                 count * sizeof(std::uint64_t));
  };
  constexpr std::uint64_t kHeadOffset = offsetof(LockFileLayout, head);
  if (old_size > kHeadOffset) KIST_TRY(file.write_at(kHeadOffset, bytes_of(0, 1)));
  if (old_size > kInitialLockFileBytes) KIST_TRY(file.resize(kInitialLockFileBytes));

  KIST_ASSIGN(const std::uint64_t instance, os::random_u64());
  const auto identity_words = words_of(identity);
  words[offsetof(LockFileLayout, magic) / 8] = kMagic;
  words[offsetof(LockFileLayout, version) / 8] = kVersion;
  words[offsetof(LockFileLayout, identity) / 8] = identity_words[0];
  words[offsetof(LockFileLayout, identity) / 8 + 1] = identity_words[1];
  words[offsetof(LockFileLayout, instance) / 8] = instance;
  // Real zeros: a store through the map into a hole would end in SIGBUS on a full disk.
  KIST_TRY(file.write_at(0, bytes_of(0, words.size())));
  return map(std::move(file));
}

Result<LockFile> LockFile::open(const std::string& path, os::Access access,
                                os::CallObserver* observer) {
  KIST_ASSIGN(os::File file, os::File::open(path, access, observer));
  return map(std::move(file));
}

bool LockFile::carries(const Identity& identity) const {
  const auto expected = words_of(identity);
  const LockFileLayout& words = layout();
  return words.identity[0].load(std::memory_order_acquire) == expected[0] &&
         words.identity[1].load(std::memory_order_acquire) == expected[1];
}

Result<LockFile> LockFile::map(os::File file) {
  KIST_ASSIGN(const std::uint64_t size, file.size());
  const auto refuse = [&file](ErrorCode code, const std::string& what) {
    return fail(code, "lock file '" + file.path() + "' " + what);
  };
  if (size < kInitialLockFileBytes) {
    return refuse(ErrorCode::kDamaged, "has " + std::to_string(size) +
                                           " bytes, expected at least " +
                                           std::to_string(kInitialLockFileBytes));
  }
  KIST_ASSIGN(auto memory, os::SharedMemory::map(file, kMaxLockFileBytes));
  const auto& layout = *reinterpret_cast<const LockFileLayout*>(memory->data());
  const auto load = [](const SharedWord& word) { return word.load(std::memory_order_acquire); };
  if (load(layout.magic) != kMagic) return refuse(ErrorCode::kDamaged, "is no lock file");
  if (load(layout.version) != kVersion) {
    return refuse(ErrorCode::kNewerFormat, "has layout version " +
                                               std::to_string(load(layout.version)) +
                                               ", expected " + std::to_string(kVersion));
  }
  KIST_ASSIGN(const os::FileIdentity file_identity, file.identity());
  const std::uint64_t parts[2] = {file_identity.inode, load(layout.instance)};
  const std::uint64_t place = XXH3_64bits(parts, sizeof parts) & (kIdLimit - 1);
  return LockFile(std::move(file), std::move(memory), place);
}

std::uint64_t tip_checksum(std::span<const std::uint64_t, kHeadWords> words, std::uint64_t id) {
  return XXH3_64bits_withSeed(words.data(), words.size_bytes(), id);
}

Result<std::vector<HeadWords>> leftover_tips(const std::string& path, const Identity& identity,
                                             os::CallObserver* observer) {
  std::vector<HeadWords> found;
  const Result<os::File> file = os::File::open(path, os::Access::kRead, observer);
  if (!file) {
    // One that is there and cannot be read just now may hold what was acknowledged.
    const ErrorCode code = file.error().code;
    const bool fleeting =
        code == ErrorCode::kIo || code == ErrorCode::kOutOfMemory || code == ErrorCode::kNoSpace;
    if (fleeting) return std::unexpected(file.error());
    return found;
  }
  // Copied as bytes, not mapped: nobody uses the file, and whatever it holds is only looked at.
  std::array<std::uint64_t, kSlotsOffset / sizeof(std::uint64_t)> words{};
  KIST_ASSIGN(const std::size_t read,
              file->read_at(0, {reinterpret_cast<std::uint8_t*>(words.data()), kSlotsOffset}));
  if (read < kSlotsOffset) return found;
  const auto at = [&](std::size_t offset) { return words[offset / sizeof(std::uint64_t)]; };
  const auto expected = words_of(identity);
  constexpr std::size_t kIdentityAt = offsetof(LockFileLayout, identity);
  if (at(offsetof(LockFileLayout, magic)) != kMagic ||
      at(offsetof(LockFileLayout, version)) != kVersion || at(kIdentityAt) != expected[0] ||
      at(kIdentityAt + 8) != expected[1]) {
    return found;
  }
  for (std::size_t i = 0; i < kTips; ++i) {
    const std::size_t tip = offsetof(LockFileLayout, tips) + i * sizeof(TipBuffer);
    HeadWords copy;
    std::copy_n(words.begin() + static_cast<std::ptrdiff_t>(tip / 8), kHeadWords, copy.begin());
    const std::uint64_t id = at(tip + offsetof(TipBuffer, id));
    if (at(tip + offsetof(TipBuffer, checksum)) == tip_checksum(copy, id)) found.push_back(copy);
  }
  return found;
}

}  // namespace kist::engine
