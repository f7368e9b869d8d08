#include "engine/txn/lock_file.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include <xxhash.h>

#include "engine/os/random.h"
#include "engine/txn/lock_bytes.h"

namespace kist::engine {
namespace {

constexpr std::uint64_t kMagic = 0x6B636F4C7473694B;  // "KistLock" on little-endian machines
constexpr std::uint64_t kVersion = 1;

std::array<std::uint64_t, 2> words_of(const Identity& identity) {
  std::array<std::uint64_t, 2> words;
  std::memcpy(words.data(), identity.data(), sizeof words);
  return words;
}

std::uint64_t checksum_of(std::span<const std::uint64_t, kHeadWords> words,
                          std::uint64_t sequence) {
  return XXH3_64bits_withSeed(words.data(), words.size_bytes(), sequence);
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

LockFile::LockFile(os::File file, std::unique_ptr<os::SharedMemory> memory, std::uint64_t place)
    : file_(std::move(file)), memory_(std::move(memory)), place_(place) {}

Result<LockFile> LockFile::rebuild(const std::string& path, const Identity& identity,
                                   const FileAccess& created, os::CallObserver* observer) {
  KIST_ASSIGN(os::File file, open_or_create(path, created, observer));
  KIST_ASSIGN(const std::uint64_t old_size, file.size());
  // In place rather than aside, because readers without a slot may have this file mapped. They must
  // not meet an old sequence number beside half of a new head, so it goes first.
  std::vector<std::uint64_t> words(kInitialLockFileBytes / sizeof(std::uint64_t));
  const auto bytes_of = [&words](std::size_t from, std::size_t count) {
    return Bytes(reinterpret_cast<const std::uint8_t*>(words.data() + from),
                 count * sizeof(std::uint64_t));
  };
  constexpr std::uint64_t kSequenceOffset = offsetof(LockFileLayout, head_sequence);
  if (old_size > kSequenceOffset) KIST_TRY(file.write_at(kSequenceOffset, bytes_of(0, 1)));
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

void publish_head(LockFileLayout& layout, std::span<const std::uint64_t> words) {
  std::array<std::uint64_t, kHeadWords> all{};
  std::copy(words.begin(), words.end(), all.begin());
  // Relaxed: only publishers change it, and the writer lock orders them.
  std::uint64_t next = layout.head_sequence.load(std::memory_order_relaxed) + 1;
  if (next == 0) next = 2;  // 0 means "none"; only a forged number comes near it
  HeadBuffer& head = layout.head[next & 1];
  // Release: see read_head_words(); whoever reads one of these words early sees the publish before.
  for (std::size_t i = 0; i < kHeadWords; ++i) {
    head.words[i].store(all[i], std::memory_order_release);
  }
  head.checksum.store(checksum_of(all, next), std::memory_order_release);
  // Sequentially consistent: the writer's half of the agreement with readers; see
  // ReaderTable::collect().
  layout.head_sequence.store(next, std::memory_order_seq_cst);
  layout.wakes.fetch_add(1, std::memory_order_release);
}

bool read_head_checked(const LockFileLayout& layout, std::span<std::uint64_t, kHeadWords> words) {
  for (int attempt = 0; attempt < 1000; ++attempt) {
    const std::uint64_t sequence = layout.head_sequence.load(std::memory_order_seq_cst);
    if (sequence == 0) return false;
    const HeadBuffer& head = layout.head[sequence & 1];
    // Orders as in read_head_words().
    for (std::size_t i = 0; i < kHeadWords; ++i) {
      words[i] = head.words[i].load(std::memory_order_acquire);
    }
    const std::uint64_t checksum = head.checksum.load(std::memory_order_acquire);
    if (layout.head_sequence.load(std::memory_order_relaxed) == sequence) {
      return checksum == checksum_of(words, sequence);
    }
  }
  return false;
}

}  // namespace kist::engine
