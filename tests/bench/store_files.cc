#include "tests/bench/store_files.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/bench/failure.h"

namespace kist::bench {
namespace {

namespace fs = std::filesystem;

class OpenFile {
 public:
  OpenFile(const fs::path& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {
    if (fd_ < 0) throw Failure("cannot open " + path.string());
  }
  ~OpenFile() { ::close(fd_); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

template <typename Visit>
void for_each_file(const std::string& directory, Visit visit) {
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file()) visit(entry.path());
  }
}

/// Lock files belong to the process, or to the file that they were made for.
bool is_lock(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.ends_with("-lock") || name.ends_with("-lck") || name == "LOCK";
}

void copy_one(const fs::path& from, const fs::path& to) {
  const OpenFile in(from, O_RDONLY);
  const OpenFile out(to, O_WRONLY | O_CREAT | O_TRUNC);
  const off_t size = ::lseek(in.fd(), 0, SEEK_END);
  if (::ftruncate(out.fd(), size) != 0) throw Failure("cannot size " + to.string());
  for (off_t at = ::lseek(in.fd(), 0, SEEK_DATA); at >= 0 && at < size;
       at = ::lseek(in.fd(), at, SEEK_DATA)) {
    const off_t end = ::lseek(in.fd(), at, SEEK_HOLE);
    off_t place = at;
    while (at < end) {
      const ssize_t copied =
          ::copy_file_range(in.fd(), &at, out.fd(), &place, static_cast<std::size_t>(end - at), 0);
      if (copied <= 0) throw Failure("cannot copy " + from.string());
    }
  }
  if (::fsync(out.fd()) != 0) throw Failure("cannot flush " + to.string());
}

/// Whether a page of the file is in memory.
bool in_memory(const OpenFile& file) {
  struct stat info = {};
  if (::fstat(file.fd(), &info) != 0 || info.st_size == 0) return false;
  const auto size = static_cast<std::size_t>(info.st_size);
  void* map = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.fd(), 0);
  if (map == MAP_FAILED) return false;
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  std::vector<unsigned char> present((size + page - 1) / page);
  ::mincore(map, size, present.data());
  ::munmap(map, size);
  return std::ranges::any_of(present, [](unsigned char flags) { return (flags & 1) != 0; });
}

}  // namespace

void make_empty(const std::string& directory) {
  fs::remove_all(directory);
  fs::create_directories(directory);
}

void copy_store(const std::string& from, const std::string& to) {
  make_empty(to);
  for_each_file(from, [&](const fs::path& path) {
    if (is_lock(path)) return;
    const fs::path target = to / fs::relative(path, from);
    fs::create_directories(target.parent_path());
    copy_one(path, target);
  });
}

void flush_store(const std::string& directory) {
  for_each_file(directory, [](const fs::path& path) {
    const OpenFile file(path, O_RDONLY);
    if (::fsync(file.fd()) != 0) throw Failure("cannot flush " + path.string());
  });
}

void evict_store(const std::string& directory) {
  for_each_file(directory, [](const fs::path& path) {
    if (is_lock(path)) return;
    const OpenFile file(path, O_RDONLY);
    // Pages that were just used sit in lists of each processor for a while, out of reach.
    constexpr int kTimes = 50;
    for (int i = 0; i < kTimes; ++i) {
      ::posix_fadvise(file.fd(), 0, 0, POSIX_FADV_DONTNEED);
      if (!in_memory(file)) return;
      ::usleep(1000);
    }
    throw Skipped("the system keeps " + path.filename().string() + " in memory");
  });
}

std::uint64_t store_bytes(const std::string& directory) {
  std::uint64_t bytes = 0;
  for_each_file(directory, [&](const fs::path& path) {
    constexpr std::uint64_t kBlock = 512;  // of st_blocks, whatever the file system's is
    struct stat info = {};
    if (::stat(path.c_str(), &info) == 0)
      bytes += static_cast<std::uint64_t>(info.st_blocks) * kBlock;
  });
  return bytes;
}

}  // namespace kist::bench
