#include "engine/os/mapping.h"

#include <algorithm>
#include <string>
#include <utility>

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine/os/posix/fault_guard.h"
#include "engine/os/posix/system_error.h"

namespace kist::engine::os {
namespace {

constexpr std::uint64_t kAlignment = std::uint64_t{1} << 21;
constexpr std::uint64_t kUsualReserve = std::uint64_t{1}
                                        << (sizeof(void*) == 8 ? 36 : 28);  // 64 GiB or 256 MiB

constexpr std::uint64_t round_up(std::uint64_t bytes, std::uint64_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

std::uint64_t machine_page_size() {
  return static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

/// Address space to ask for at first: where it is limited, a share that leaves room for hundreds of
/// maps.
std::uint64_t usual_reserve() {
  struct rlimit limit{};
  if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kUsualReserve;
  return std::min<std::uint64_t>(kUsualReserve, limit.rlim_cur / 512);
}

std::uint8_t* map_anonymous(std::uint64_t bytes, int protection) {
  void* const place = ::mmap(nullptr, static_cast<std::size_t>(bytes), protection,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return place == MAP_FAILED ? nullptr : static_cast<std::uint8_t*>(place);
}

/// Maps the file, read-only and shared, at an aligned address. Returns nullptr with errno set.
std::uint8_t* map_aligned(int fd, std::uint64_t bytes) {
  std::uint8_t* const room = map_anonymous(bytes + kAlignment, PROT_NONE);
  if (room == nullptr) return nullptr;
  const auto address = reinterpret_cast<std::uintptr_t>(room);
  const std::uint64_t before = round_up(address, kAlignment) - address;
  std::uint8_t* const place = room + before;
  if (::mmap(place, bytes, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED) {
    const int error = errno;
    ::munmap(room, bytes + kAlignment);
    errno = error;
    return nullptr;
  }
  if (before != 0) ::munmap(room, before);
  ::munmap(place + bytes, kAlignment - before);
  return place;
}

std::unexpected<Error> map_error(const File& file, int error, std::uint64_t bytes) {
  auto result = system_error("map", file.path(), error);
  result.error().message += " (" + std::to_string(bytes) + " bytes of address space)";
  return result;
}

std::unexpected<Error> forked_error(const File& file) {
  return fail(ErrorCode::kForked, "map '" + file.path() + "': inherited through fork");
}

void unmap(std::uint8_t* data, std::uint64_t size) {
  const auto no_fork = hold_off_forks();
  unguard_range(data);
  ::munmap(data, size);
}

}  // namespace

Result<std::unique_ptr<Mapping>> Mapping::map(const File& file, std::uint64_t bytes_needed,
                                              MapRoom room) {
  if (file.descriptor() < 0) return forked_error(file);
  const Call call{
      .kind = Call::Kind::kMap, .path = file.path(), .length = bytes_needed, .data = {}};
  if (const int error = ask(file.observer(), call)) return map_error(file, error, bytes_needed);
  if (bytes_needed > SIZE_MAX / 4) return map_error(file, ENOMEM, bytes_needed);
  const std::uint64_t least = round_up(std::max<std::uint64_t>(bytes_needed, 1), kAlignment);
  std::uint64_t size =
      room == MapRoom::kTight ? least : std::max(round_up(usual_reserve(), kAlignment), 2 * least);
  const auto no_fork = hold_off_forks();
  std::uint8_t* data = nullptr;
  while ((data = map_aligned(file.descriptor(), size)) == nullptr) {
    // EINVAL is what a range beyond the address space gives under valgrind.
    if ((errno != ENOMEM && errno != EINVAL) || size == least) {
      return map_error(file, errno, size);
    }
    size = std::max(least, round_up(size / 2, kAlignment));
  }
  std::unique_ptr<Mapping> mapping(new Mapping(data, size));
  if (!guard_range(data, size, false, &mapping->damaged_)) {
    ::munmap(data, size);
    mapping->data_ = nullptr;
    return fail(ErrorCode::kOutOfMemory,
                "map '" + file.path() + "': too many maps in this process");
  }
  tell(file.observer(), call);
  return mapping;
}

Mapping::~Mapping() {
  if (data_ != nullptr) unmap(data_, size_);
}

Result<std::unique_ptr<SharedMemory>> SharedMemory::map(const File& file, std::uint64_t bytes) {
  if (file.descriptor() < 0) return forked_error(file);
  const Call call{.kind = Call::Kind::kMap, .path = file.path(), .length = bytes, .data = {}};
  if (const int error = ask(file.observer(), call)) return map_error(file, error, bytes);
  const bool writable = file.access() == Access::kReadWrite;
  const std::uint64_t size = round_up(bytes, machine_page_size());
  const auto no_fork = hold_off_forks();
  void* const place = ::mmap(nullptr, size, writable ? PROT_READ | PROT_WRITE : PROT_READ,
                             MAP_SHARED, file.descriptor(), 0);
  if (place == MAP_FAILED) return map_error(file, errno, size);
  auto* const data = static_cast<std::uint8_t*>(place);
  std::unique_ptr<SharedMemory> memory(new SharedMemory(data, size));
  if (!guard_range(data, size, writable, &memory->damaged_)) {
    ::munmap(data, size);
    memory->data_ = nullptr;
    return fail(ErrorCode::kOutOfMemory,
                "map '" + file.path() + "': too many maps in this process");
  }
  tell(file.observer(), call);
  return memory;
}

SharedMemory::~SharedMemory() {
  if (data_ != nullptr) unmap(data_, size_);
}

Result<ReservedArray> ReservedArray::reserve(std::uint64_t bytes) {
  const std::uint64_t size = round_up(std::max<std::uint64_t>(bytes, 1), machine_page_size());
  std::uint8_t* const data =
      size < bytes || size > SIZE_MAX / 2 ? nullptr : map_anonymous(size, PROT_READ | PROT_WRITE);
  if (data == nullptr) {
    return fail(ErrorCode::kOutOfMemory,
                "reserve " + std::to_string(bytes) + " bytes: out of address space");
  }
  return ReservedArray(data, size);
}

ReservedArray::ReservedArray(ReservedArray&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

ReservedArray& ReservedArray::operator=(ReservedArray&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

ReservedArray::~ReservedArray() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

}  // namespace kist::engine::os
