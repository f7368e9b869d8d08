// Backups become environments again: engine/docs/backup.md.

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include <kist/engine/backup.h>

#include "engine/os/file.h"
#include "engine/upkeep/aside_file.h"
#include "engine/upkeep/check.h"
#include "engine/upkeep/increment.h"
#include "engine/upkeep/pace.h"
#include "engine/upkeep/pinned_state.h"
#include "engine/upkeep/slots.h"

namespace kist::engine {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 20;

/// The state of a plain backup: a file as a clean close leaves it.
Result<MetaSlot> state_of_full(const os::File& file) {
  KIST_ASSIGN(const SlotSet set, read_slots(file));
  KIST_TRY(judge_slots(set, file.path()));
  const MetaSlot newest = set.newest_first().front();
  if (newest.state != SlotState::kConfirmed) {
    return fail(ErrorCode::kDamaged,
                file.path() + ": was written to and not closed cleanly; open and close it first");
  }
  return newest;
}

Result<IncrementHeader> header_of(const os::File& file) {
  IncrementHeaderBytes bytes{};
  KIST_TRY(file.read_at(0, bytes));
  return decode_increment_header(bytes, file.path());
}

class Restorer {
 public:
  Restorer(os::File& out, Pace& pace) : out_(out), pace_(pace), buffer_(kBufferBytes) {}

  Result<void> full(const os::File& file) {
    KIST_ASSIGN(slot_, state_of_full(file));
    const std::uint64_t length = slot_.file_pages * slot_.page_size;
    for (std::uint64_t at = 0; at < length; at += buffer_.size()) {
      const auto piece =
          std::span(buffer_).first(std::min<std::uint64_t>(buffer_.size(), length - at));
      KIST_TRY(read(file, at, piece));
      KIST_TRY(out_.write_at(at, piece));
      KIST_TRY(pace_.report(piece.size(), piece.size()));
    }
    KIST_ASSIGN(const std::uint64_t size, file.size());
    return pace_.report(size - std::min(size, length), 0);
  }

  Result<void> increment(const os::File& file) {
    KIST_ASSIGN(const IncrementHeader header, header_of(file));
    const MetaSlot& next = header.slot;
    if (next.nonce_high != slot_.nonce_high || next.nonce_low != slot_.nonce_low ||
        next.seed != slot_.seed || next.page_size != slot_.page_size) {
      return fail(ErrorCode::kWrongBase, file.path() + ": is of another environment");
    }
    if (header.since != slot_.id || header.since_nonce != slot_.commit_nonce) {
      return fail(ErrorCode::kWrongBase,
                  fmt::format("{}: continues transaction {}, what is before it ends with {}{}",
                              file.path(), header.since, slot_.id,
                              header.since == slot_.id ? ", which is another one" : ""));
    }
    KIST_TRY(out_.resize(next.file_pages * next.page_size));
    KIST_TRY(pace_.report(kIncrementHeaderSize, 0));
    std::uint64_t at = kIncrementHeaderSize;
    for (std::uint64_t i = 0; i < header.pieces; ++i) KIST_TRY(piece(file, next, at));
    slot_ = next;
    return {};
  }

  /// Writes the slots, and verifies everything.
  Result<void> finish(const std::string& named) {
    const std::uint64_t length = slot_.file_pages * slot_.page_size;
    KIST_TRY(out_.resize(length));
    KIST_TRY(out_.allocate(0, length));
    MetaSlot slot = confirmed_copy(slot_);
    for (slot.index = 0; slot.index < kMetaSlots; ++slot.index) {
      KIST_TRY(slot.index < 2 ? store_slot(out_, slot) : erase_slot(out_, slot.index));
    }
    slot.index = 0;
    KIST_ASSIGN(const auto pager,
                Pager::open(out_, named, slot.page_size, slot.seed, slot.file_pages, true));
    KIST_ASSIGN(const CheckReport report, check_state(*pager, slot, length));
    if (report.clean()) return {};
    const Violation& first = report.violations.front();
    return fail(ErrorCode::kDamaged,
                fmt::format("{}: what was restored is not whole ({} violations): page {}: {}: {}",
                            named, report.violations.size(), first.page, first.where, first.what));
  }

  const MetaSlot& slot() const { return slot_; }

 private:
  static Result<void> read(const os::File& file, std::uint64_t at, std::span<std::uint8_t> out) {
    KIST_ASSIGN(const std::size_t got, file.read_at(at, out));
    if (got == out.size()) return {};
    return fail(ErrorCode::kDamaged, fmt::format("{}: ends after {} bytes", file.path(), at + got));
  }

  Result<void> piece(const os::File& file, const MetaSlot& slot, std::uint64_t& at) {
    IncrementPieceBytes bytes{};
    KIST_TRY(read(file, at, bytes));
    at += bytes.size();
    const IncrementPiece piece = decode_increment_piece(bytes);
    const Run& run = piece.run;
    const std::uint64_t most = std::max<std::uint64_t>(1, kIncrementPieceBytes / slot.page_size);
    const auto damaged = [&](const char* what) {
      return fail(ErrorCode::kDamaged,
                  fmt::format("{}: the piece at byte {} {}", file.path(), at, what));
    };
    if (run.pages == 0 || run.pages > most || run.start < first_page(slot.page_size) ||
        run.start >= slot.file_pages || run.pages > slot.file_pages - run.start) {
      return damaged("lies outside of its environment");
    }
    buffer_.resize(std::max<std::size_t>(buffer_.size(), run.pages * slot.page_size));
    const auto pages = std::span(buffer_).first(run.pages * slot.page_size);
    KIST_TRY(read(file, at, pages));
    if (increment_checksum(run, pages, slot.seed) != piece.checksum) {
      return damaged("does not match its checksum");
    }
    KIST_TRY(out_.write_at(run.start * slot.page_size, pages));
    at += pages.size();
    return pace_.report(bytes.size() + pages.size(), pages.size());
  }

  os::File& out_;
  Pace& pace_;
  std::vector<std::uint8_t> buffer_;
  MetaSlot slot_;
};

}  // namespace

Result<BackupPoint> backup_point(const std::string& path) {
  KIST_ASSIGN(const os::File file, os::File::open(path, os::Access::kRead));
  const auto header = header_of(file);
  if (header) return point_of(header->slot);
  if (header.error().code != ErrorCode::kNotAStore) return std::unexpected(header.error());
  KIST_ASSIGN(const MetaSlot slot, state_of_full(file));
  return point_of(slot);
}

Result<BackupReport> restore(const std::string& full, std::span<const std::string> increments,
                             const std::string& path, const BackupOptions& options) {
  KIST_ASSIGN(AsideFile file, AsideFile::create(path, options.file_mode, options.observer));
  Pace pace(options.progress, options.bytes_per_second);
  // Everything is opened before anything is copied: a name that is wrong should be told at once.
  std::vector<os::File> files;
  std::uint64_t bytes = 0;
  KIST_ASSIGN(os::File first, os::File::open(full, os::Access::kRead, options.observer));
  files.push_back(std::move(first));
  for (const std::string& increment : increments) {
    KIST_ASSIGN(os::File opened, os::File::open(increment, os::Access::kRead, options.observer));
    files.push_back(std::move(opened));
  }
  for (const os::File& one : files) {
    KIST_ASSIGN(const std::uint64_t size, one.size());
    bytes += size;
  }
  pace.expect(bytes);
  Restorer restorer(file.file(), pace);
  KIST_TRY(restorer.full(files.front()));
  for (const os::File& increment : std::span(files).subspan(1)) {
    KIST_TRY(restorer.increment(increment));
  }
  KIST_TRY(restorer.finish(path));
  KIST_TRY(file.finish());
  BackupReport report;
  report.point = point_of(restorer.slot());
  report.bytes = restorer.slot().file_pages * restorer.slot().page_size;
  report.pages = restorer.slot().file_pages;
  return report;
}

}  // namespace kist::engine
