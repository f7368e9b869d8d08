// Which format a source has.

#include <algorithm>
#include <array>

#include "kvstore/transfer/lmdb_file.h"
#include "kvstore/transfer/readers.h"

namespace kist::transfer {
namespace {

/// A sink that wants nothing.
class Nowhere : public Sink {
 public:
  void expect(std::uint64_t /*records*/) override {}
  Result<bool> store(std::optional<std::string_view> /*name*/,
                     const StoreOptions& /*options*/) override {
    return false;
  }
  Result<void> record(const Key& /*key*/, const ValueView& /*value*/) override { return {}; }
};

}  // namespace

std::optional<ImportFormat> detect(Source& source) {
  // One that is damaged is still the one that it is named as.
  if (source.name().ends_with("data.safe.bin")) return ImportFormat::kSafeMode;
  if (source.name().ends_with("data.mdb")) return ImportFormat::kLmdb;
  const auto lmdb = LmdbFile::open(source);
  if (lmdb || lmdb.error().code != ErrorCode::kNotAStore) return ImportFormat::kLmdb;
  std::array<std::uint8_t, 64> head{};
  const std::size_t size = std::min<std::uint64_t>(head.size(), source.size());
  if (!source.read_at(0, std::span(head).first(size))) return std::nullopt;
  const auto first = std::ranges::find_if(std::span(head).first(size), [](std::uint8_t byte) {
    return byte != ' ' && byte != '\n' && byte != '\r' && byte != '\t';
  });
  // A SafeMode file of so many databases would be one of many exabytes.
  if (first != std::span(head).first(size).end() && *first == '{' && size > 7 && head[7] != 0) {
    return ImportFormat::kJson;
  }
  Nowhere nowhere;
  if (read_safe_mode(source, nowhere)) return ImportFormat::kSafeMode;
  return std::nullopt;
}

Result<void> read_source(Source& source, ImportFormat format, ImportValues values, Sink& sink) {
  if (format == ImportFormat::kDetect) {
    const std::optional<ImportFormat> found = detect(source);
    if (!found) {
      return fail(ErrorCode::kNotAStore, source.name() +
                                             ": is no whole file of rkv SafeMode, LMDB 0.9 or "
                                             "JSON as Kist exports it");
    }
    format = *found;
  }
  switch (format) {
    case ImportFormat::kSafeMode:
      return read_safe_mode(source, sink);
    case ImportFormat::kLmdb:
      return read_lmdb(source, values, sink);
    case ImportFormat::kJson:
      return read_json(source, sink);
    case ImportFormat::kDetect:
      break;
  }
  return fail(ErrorCode::kInvalidArgument, "format is none of ImportFormat");
}

}  // namespace kist::transfer
