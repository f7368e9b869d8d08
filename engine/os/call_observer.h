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
};

}  // namespace kist::engine::os
