#include "kvstore/transfer/source.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <new>
#include <system_error>

#include <fmt/format.h>

namespace kist::transfer {

Result<Source> Source::open(const std::string& path) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) {
    return fail(ErrorCode::kNotFound, path + ": does not exist");
  }
  if (!error && status.type() != std::filesystem::file_type::regular) {
    return fail(ErrorCode::kIo, path + ": is no file");
  }
  Source source;
  source.name_ = path;
  errno = 0;
  source.file_.open(path, std::ios::binary);
  if (!source.file_) {
    const bool denied = errno == EACCES || error == std::errc::permission_denied;
    return fail(denied ? ErrorCode::kPermission : ErrorCode::kIo, path + ": cannot be opened");
  }
  source.size_ = std::filesystem::file_size(path, error);
  if (error) return fail(ErrorCode::kIo, path + ": " + error.message());
  return source;
}

Source Source::of(Bytes bytes) {
  Source source;
  source.name_ = "source";
  source.size_ = bytes.size();
  source.bytes_ = bytes;
  source.in_memory_ = true;
  return source;
}

Result<void> Source::read_at(std::uint64_t offset, std::span<std::uint8_t> out) {
  if (offset > size_ || out.size() > size_ - offset) {
    return fail(ErrorCode::kDamaged, fmt::format("{}: {} bytes at byte {} lie beyond its end",
                                                 name_, out.size(), offset));
  }
  if (in_memory_) {
    std::ranges::copy(bytes_.subspan(offset, out.size()), out.begin());
    return {};
  }
  file_.clear();
  file_.seekg(static_cast<std::streamoff>(offset));
  file_.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
  if (file_ && static_cast<std::size_t>(file_.gcount()) == out.size()) return {};
  return fail(ErrorCode::kIo,
              fmt::format("{}: {} bytes at byte {} cannot be read", name_, out.size(), offset));
}

Result<std::vector<std::uint8_t>> Source::read_all() {
  try {
    std::vector<std::uint8_t> all(size_);
    KIST_TRY(read_at(0, all));
    return all;
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::kOutOfMemory,
                fmt::format("{}: no memory for its {} bytes", name_, size_));
  }
}

}  // namespace kist::transfer
