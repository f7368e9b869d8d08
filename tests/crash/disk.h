#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace kist::test {

/// Something that happened to the files of a store, in the order in which it happened.
struct Event {
  enum class Kind : std::uint8_t {
    kCreate,
    kWrite,
    kResize,
    kAllocate,
    kFlushBegun,  ///< What is written from here on, the flush may miss.
    kFlush,
    kLink,
    kRename,
    kUnlink,
    kFlushDirectory,
    kLockFile,         ///< `data`: what the lock file holds from now on, changed through a map.
    kLockFileFlushed,  ///< What the lock file held before it holds what it does now is gone.
    kBegun,            ///< `length`: newest content that may be found from now on.
    kAcknowledged,     ///< `length`: oldest content that may be found from now on.
  };
  Kind kind;
  std::string path;
  std::string to;            ///< kLink, kRename
  std::uint64_t offset = 0;  ///< kWrite, kAllocate
  std::uint64_t length = 0;  ///< kAllocate; new length for kResize
  std::string data;          ///< kWrite, kLockFile
};

/// A change of one file that no flush has vouched for yet.
struct PendingChange {
  enum class Kind : std::uint8_t { kWrite, kResize, kAllocate };
  Kind kind;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::string data;
};

/// A file as the device may have it: what is surely there, and what may be.
struct DiskFile {
  std::string durable;
  std::vector<PendingChange> pending;
  std::size_t flushing = 0;  ///< So many of `pending` a flush under way will vouch for.
};

/// A change of names that no flush of the directory has vouched for yet.
struct PendingName {
  std::string name;
  int file = -1;  ///< -1: the name is removed.
};

/// A device with a volatile cache, as far as one store uses it: events go in, and what is surely
/// and what is perhaps on the device can be seen at any time.
class Disk {
 public:
  /// A disk that surely holds one file of that name.
  void put(const std::string& name, std::string content);

  void apply(const Event& event);

  /// All files as a process sees them: with everything that was done, flushed or not.
  std::map<std::string, std::string> visible() const;
  /// The same disk with every file in another directory.
  Disk moved_to(const std::string& directory) const;
  /// What a flush under way was to vouch for is lost, or kept where `keeps` says so for a sector,
  /// and no later flush will write it: that is how a flush fails. Lengths are kept.
  void fail_flushes(const std::function<bool()>& keeps);

  const std::vector<DiskFile>& files() const { return files_; }
  const std::map<std::string, int>& names() const { return names_; }
  const std::vector<PendingName>& pending_names() const { return pending_names_; }
  /// All that the lock file held so far, oldest first. No flush ever vouches for any of it.
  const std::vector<std::string>& lock_files() const { return lock_files_; }
  const std::string& lock_name() const { return lock_name_; }

 private:
  DiskFile& file(const std::string& path);

  std::vector<DiskFile> files_;
  std::map<std::string, int> opened_;  // by the path under which it was created or opened
  std::map<std::string, int> names_;   // surely on the device
  std::vector<PendingName> pending_names_;
  std::vector<std::string> lock_files_;
  std::string lock_name_;
};

/// The device keeps or loses so many bytes as a whole.
inline constexpr std::uint64_t kSector = 512;
/// Meta slots lie below.
inline constexpr std::uint64_t kSlotArea = 16384;
/// Length of a lock file as it is left behind.
inline constexpr std::size_t kLockFileBytes = 16384;

/// The last part of a path.
std::string base_name(const std::string& path);

/// Does one change to the content of a file. Of a write, only the bytes [from, to) of its data.
void apply_change(std::string& content, const PendingChange& change, std::uint64_t from,
                  std::uint64_t to);

/// What a power cut might have left: files by name.
using FileSet = std::map<std::string, std::string>;

}  // namespace kist::test
