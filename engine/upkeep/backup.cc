// Hot backups of whole environments; engine/docs/backup.md.

#include <kist/engine/backup.h>

#include "engine/format/meta_slot.h"
#include "engine/os/file.h"
#include "engine/txn/database_access.h"
#include "engine/upkeep/aside_file.h"
#include "engine/upkeep/backup_output.h"
#include "engine/upkeep/compact_copy.h"
#include "engine/upkeep/pace.h"
#include "engine/upkeep/page_scan.h"
#include "engine/upkeep/pinned_state.h"

namespace kist::engine {
namespace {

// Copied between two looks at the clock and at the callback.
constexpr std::uint64_t kPieceBytes = std::uint64_t{1} << 20;

/// Copies the pages of one state to where they are, once each was found whole.
class PageCopy {
 public:
  PageCopy(const PinnedState& state, const MapGeneration& map, BackupOutput& out, Pace& pace)
      : pager_(*state.environment().pager), slot_(state.slot), map_(map), out_(out), pace_(pace) {}

  Result<void> run(const std::vector<Run>& used) {
    KIST_TRY(out_.reserve(slot_.file_pages * pager_.page_size()));
    KIST_TRY(write_slots());
    for (const Run& run : used) {
      std::uint64_t piece = run.start;  // first page that is verified and not written
      for (std::uint64_t at = run.start; at < run.end();) {
        KIST_ASSIGN(const FoundRun found,
                    verify_alone(pager_, map_.mapping->data(), at, run.end()));
        at = found.run.end();
        if ((at - piece) * pager_.page_size() < kPieceBytes && at < run.end()) continue;
        KIST_TRY(write({piece, at - piece}));
        piece = at;
      }
    }
    if (map_.mapping->damaged().load() != 0) {
      return fail(ErrorCode::kDamaged, pager_.path() + ": part of the file could not be read");
    }
    return out_.end(slot_.file_pages * pager_.page_size());
  }

 private:
  /// As a clean close leaves them: two slots that say the same, two that hold nothing.
  Result<void> write_slots() {
    MetaSlot slot = confirmed_copy(slot_);
    for (slot.index = 0; slot.index < 2; ++slot.index) {
      const MetaSlotBytes bytes = encode_meta_slot(slot);
      KIST_TRY(out_.write_at(slot.index * kMetaSlotStride, bytes));
    }
    return {};
  }

  Result<void> write(Run run) {
    const std::uint64_t most = std::max<std::uint64_t>(1, kPieceBytes / pager_.page_size());
    for (std::uint64_t at = run.start; at < run.end(); at += most) {
      const std::uint64_t pages = std::min(most, run.end() - at);
      const std::uint64_t offset = at * pager_.page_size();
      const Bytes bytes(map_.mapping->data() + offset, pages * pager_.page_size());
      KIST_TRY(out_.write_at(offset, bytes));
      KIST_TRY(pace_.report(pages, bytes.size()));
    }
    return {};
  }

  const Pager& pager_;
  const MetaSlot& slot_;
  const MapGeneration& map_;
  BackupOutput& out_;
  Pace& pace_;
};

Result<BackupReport> copy_pages(const Database& database, BackupOutput out,
                                const BackupOptions& options) {
  KIST_ASSIGN(auto environment, DatabaseAccess::environment(database));
  KIST_ASSIGN(const auto state, pin_newest_state(std::move(environment)));
  Pager& pager = *state->environment().pager;
  KIST_ASSIGN(const std::vector<Run> used, pages_in_use(pager, state->slot));
  KIST_ASSIGN(const MapHold map, pager.cover(state->slot.file_pages));
  // Free pages at the end may have been given back to the file system by a later commit.
  KIST_ASSIGN(const std::uint64_t size, state->environment().file.size());
  const std::uint64_t needed = used.empty() ? 0 : used.back().end();
  if (map->pages < needed || size / pager.page_size() < needed) {
    return fail(ErrorCode::kDamaged, pager.path() + ": is cut short");
  }
  BackupReport report;
  report.point = point_of(state->slot);
  report.bytes = state->slot.file_pages * pager.page_size();
  for (const Run& run : used) report.pages += run.pages;
  Pace pace(options.progress, options.bytes_per_second);
  pace.expect(report.pages);
  KIST_TRY(PageCopy(*state, *map, out, pace).run(used));
  make_durable(*state);
  return report;
}

/// Hands a finished file to a stream.
Result<void> send(const std::string& path, const ByteSink& sink, std::uint64_t bytes_per_second) {
  KIST_ASSIGN(const os::File file, os::File::open(path, os::Access::kRead));
  std::vector<std::uint8_t> buffer(kPieceBytes);
  Pace pace({}, bytes_per_second);
  for (std::uint64_t at = 0;;) {
    KIST_ASSIGN(const std::size_t got, file.read_at(at, buffer));
    if (got == 0) return {};
    KIST_TRY(sink(Bytes(buffer).first(got)));
    KIST_TRY(pace.report(got, got));
    at += got;
  }
}

}  // namespace

Result<BackupReport> backup(const Database& database, const std::string& path,
                            const BackupOptions& options) {
  KIST_ASSIGN(const auto environment, DatabaseAccess::environment(database));
  os::CallObserver* const observer = environment->options.observer;
  if (options.compacted) {
    KIST_ASSIGN(AsideFile file, AsideFile::reserve(path, observer));
    KIST_ASSIGN(BackupReport report, compact_copy(database, file.aside_path(), options));
    KIST_TRY(file.finish());
    return report;
  }
  KIST_ASSIGN(AsideFile file, AsideFile::create(path, options.file_mode, observer));
  KIST_ASSIGN(BackupReport report, copy_pages(database, BackupOutput(file.file()), options));
  KIST_TRY(file.finish());
  return report;
}

Result<BackupReport> backup(const Database& database, const ByteSink& sink,
                            const BackupOptions& options) {
  if (!options.compacted) return copy_pages(database, BackupOutput(sink), options);
  KIST_ASSIGN(const auto environment, DatabaseAccess::environment(database));
  KIST_ASSIGN(const AsideFile file,
              AsideFile::reserve(environment->path + "-compacted", environment->options.observer));
  KIST_ASSIGN(BackupReport report, compact_copy(database, file.aside_path(), options));
  KIST_TRY(send(file.aside_path(), sink, options.bytes_per_second));
  return report;
}

}  // namespace kist::engine
