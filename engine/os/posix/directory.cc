#include "engine/os/directory.h"

#include <memory>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/os/posix/system_error.h"

namespace kist::engine::os {
namespace {

int rename_without_replacing(const char* from, const char* to) {
#ifdef __APPLE__
  return ::renamex_np(from, to, RENAME_EXCL);
#else
  return ::renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
#endif
}

std::unexpected<Error> pair_error(const char* call, const std::string& from, const std::string& to,
                                  int error) {
  return system_error(call, from + "' to '" + to, error);
}

}  // namespace

Result<void> link_file(const std::string& from, const std::string& to, CallObserver* observer) {
  const Call link{.kind = Call::Kind::kLink, .path = from, .to = &to, .data = {}};
  if (const int error = ask(observer, link)) return pair_error("link", from, to, error);
  if (::link(from.c_str(), to.c_str()) == 0) {
    tell(observer, link);
    return {};
  }
  if (errno != EPERM && errno != EOPNOTSUPP) return pair_error("link", from, to, errno);
  const Call rename{.kind = Call::Kind::kRename, .path = from, .to = &to, .data = {}};
  if (const int error = ask(observer, rename)) return pair_error("rename", from, to, error);
  if (rename_without_replacing(from.c_str(), to.c_str()) != 0) {
    return pair_error("rename", from, to, errno);
  }
  tell(observer, rename);
  return {};
}

Result<void> replace_file(const std::string& from, const std::string& to, CallObserver* observer) {
  const Call rename{.kind = Call::Kind::kRename, .path = from, .to = &to, .data = {}};
  if (const int error = ask(observer, rename)) return pair_error("rename", from, to, error);
  if (::rename(from.c_str(), to.c_str()) != 0) return pair_error("rename", from, to, errno);
  tell(observer, rename);
  return {};
}

Result<bool> unlink_file(const std::string& path, CallObserver* observer) {
  const Call call{.kind = Call::Kind::kUnlink, .path = path, .data = {}};
  if (const int error = ask(observer, call)) return system_error("unlink", path, error);
  if (::unlink(path.c_str()) != 0) {
    if (errno == ENOENT) return false;
    return system_error("unlink", path, errno);
  }
  tell(observer, call);
  return true;
}

Result<bool> path_exists(const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) == 0) return true;
  if (errno == ENOENT) return false;
  return system_error("lstat", path, errno);
}

Result<void> flush_directory(const std::string& directory, CallObserver* observer) {
  const Call call{.kind = Call::Kind::kFlushDirectory, .path = directory, .data = {}};
  if (const int error = ask(observer, call)) {
    return system_error("flush directory", directory, error);
  }
  const int fd =
      uninterrupted([&] { return ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (fd < 0) return system_error("open directory", directory, errno);
  const int error = uninterrupted([&] { return ::fsync(fd); }) == 0 ? 0 : errno;
  ::close(fd);
  // File systems without a notion of it say EINVAL; there is nothing more to ask of them.
  if (error != 0 && error != EINVAL) return system_error("flush directory", directory, error);
  tell(observer, call);
  return {};
}

Result<std::string> canonical_path(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  if (name.empty() || name == "." || name == ".." || path.find('\0') != std::string::npos) {
    return fail(ErrorCode::kInvalidArgument, "'" + path + "' is not the path of a file");
  }
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const std::unique_ptr<char, decltype(&::free)> resolved(::realpath(directory.c_str(), nullptr),
                                                          &::free);
  if (resolved == nullptr) return system_error("resolve directory", directory, errno);
  std::string result = resolved.get();
  if (result.back() != '/') result += '/';
  return result + name;
}

}  // namespace kist::engine::os
