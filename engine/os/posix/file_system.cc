#include "engine/os/posix/file_system.h"

#ifdef __linux__
#include <sys/vfs.h>
#else
#include <sys/mount.h>
#include <sys/param.h>
#endif

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "engine/os/posix/file_state.h"

namespace kist::engine::os {
namespace {

// Numbers of Linux's statfs(2) and linux/magic.h. FUSE is not among them: most of what it carries
// is local, and its kernel half keeps locks and shared maps coherent on one machine.
constexpr std::array<std::pair<std::uint32_t, const char*>, 13> kNetworkFileSystems{{
    {0x6969, "nfs"},
    {0x517B, "smb"},
    {0xFF534D42, "cifs"},
    {0xFE534D42, "smb2"},
    {0x01021997, "9p"},
    {0x00C36400, "ceph"},
    {0x5346414F, "afs"},
    {0x73757245, "coda"},
    {0x564C, "ncp"},
    {0x01161970, "gfs2"},
    {0x7461636F, "ocfs2"},
    {0x0BD00BD0, "lustre"},
    {0x19830326, "beegfs"},
}};

// Those that write to allocated blocks in place.
constexpr std::array<std::uint32_t, 3> kInPlace{
    0xEF53,      // ext2, ext3, ext4
    0x58465342,  // xfs
    0x01021994,  // tmpfs
};

}  // namespace

const char* network_file_system(std::uint64_t type) {
  for (const auto& [number, name] : kNetworkFileSystems) {
    // Some platforms sign-extend the 32 bits.
    if (number == static_cast<std::uint32_t>(type)) return name;
  }
  return nullptr;
}

Result<std::optional<std::string>> File::network_file_system() const {
  if (state_->fd < 0) return state_->forked("fstatfs");
  struct statfs status{};
  if (uninterrupted([&] { return ::fstatfs(state_->fd, &status); }) == -1) {
    return system_error("fstatfs", state_->path, errno);
  }
#ifdef __linux__
  auto type = static_cast<std::uint64_t>(status.f_type);
  if (state_->observer != nullptr) type = state_->observer->file_system(state_->path, type);
  const char* name = os::network_file_system(type);
#else
  const char* name = (status.f_flags & MNT_LOCAL) == 0 ? status.f_fstypename : nullptr;
#endif
  return name == nullptr ? std::nullopt : std::optional<std::string>(name);
}

Result<bool> File::keeps_allocated_blocks() const {
#ifdef __linux__
  if (state_->fd < 0) return state_->forked("fstatfs");
  struct statfs status{};
  if (uninterrupted([&] { return ::fstatfs(state_->fd, &status); }) == -1) {
    return system_error("fstatfs", state_->path, errno);
  }
  return std::ranges::find(kInPlace, static_cast<std::uint32_t>(status.f_type)) != kInPlace.end();
#else
  return false;
#endif
}

Result<void> File::check_file_system() const {
  KIST_ASSIGN(const std::optional<std::string> name, network_file_system());
  if (!name) return {};
  return fail(ErrorCode::kUnsupported,
              "'" + state_->path + "' lies on a network file system (" + *name +
                  "), where locks and shared memory cannot be relied on; open it exclusively, if "
                  "nobody else has it open anywhere");
}

}  // namespace kist::engine::os
