#pragma once

#include <cstdint>
#include <span>
#include <string>

#include <kist/engine/bytes.h>

namespace kist::engine::os {

/// One call to the operating system, as tests see it.
struct Call {
  enum class Kind : std::uint8_t {
    kOpen,
    kCreate,
    kRead,
    kWrite,
    kResize,
    kAllocate,
    kFlush,
    kLink,
    kRename,
    kUnlink,
    kFlushDirectory,
    kMap,
    kLock,
  };

  Kind kind;
  const std::string& path;          ///< File or directory concerned, as it was opened.
  const std::string* to = nullptr;  ///< Second path of kLink and kRename.
  std::uint64_t offset = 0;         ///< Of kRead, kWrite, kAllocate, kLock; bytes.
  std::uint64_t length = 0;         ///< Bytes; the new length of the file for kResize.
  std::span<const Bytes> data;      ///< What kWrite writes, in this order from `offset` on.
};

/// Sees every call that a File, a map or a directory function makes; tests use it to record, to
/// replay and to fail. Called on the thread that makes the call, possibly on several at once.
class CallObserver {
 public:
  virtual ~CallObserver() = default;
  /// Before the call. Returns 0 to let it happen, or an errno with which it fails without
  /// happening.
  virtual int before(const Call& call) = 0;
  /// After a call that happened and succeeded.
  virtual void after(const Call& call) { static_cast<void>(call); }
  /// How many bytes of a kRead or kWrite each call to the system may move: the rest then takes
  /// further ones, as after a short read or write. At least 1.
  virtual std::uint64_t most(const Call& call) {
    static_cast<void>(call);
    return ~std::uint64_t{0};
  }
  /// The type of the file system on which `path` lies, as the rest of Kist is to see it.
  virtual std::uint64_t file_system(const std::string& path, std::uint64_t type) {
    static_cast<void>(path);
    return type;
  }
};

}  // namespace kist::engine::os
