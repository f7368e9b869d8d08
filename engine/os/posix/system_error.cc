#include "engine/os/posix/system_error.h"

#include <system_error>

namespace kist::engine::os {

ErrorCode error_code_of(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return ErrorCode::kNoSpace;
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP:  // a symbolic link where none is followed
      return ErrorCode::kPermission;
    case ENOENT:
    case ENOTDIR:
      return ErrorCode::kNotFound;
    case ENOMEM:
      return ErrorCode::kOutOfMemory;
    case ENAMETOOLONG:
      return ErrorCode::kInvalidArgument;
    case EISDIR:
      return ErrorCode::kNotAStore;
    case EEXIST:
      return ErrorCode::kBusy;
    default:
      return ErrorCode::kIo;
  }
}

std::unexpected<Error> system_error(const char* call, std::string_view path, int error,
                                    std::uint64_t offset) {
  std::string message = std::string(call) + " '" + std::string(path) + "'";
  if (offset != kNoOffset) message += " at offset " + std::to_string(offset);
  // Not strerror(), which is not thread-safe.
  message += ": " + std::generic_category().message(error);
  return fail(error_code_of(error), std::move(message));
}

}  // namespace kist::engine::os
