// Incremental backups: engine/docs/backup.md.

#include <algorithm>

#include <fmt/format.h>

#include <kist/engine/backup.h>

#include "engine/txn/database_access.h"
#include "engine/upkeep/aside_file.h"
#include "engine/upkeep/backup_output.h"
#include "engine/upkeep/increment.h"
#include "engine/upkeep/pace.h"
#include "engine/upkeep/pinned_state.h"
#include "engine/upkeep/recover.h"

namespace kist::engine {
namespace {

std::unexpected<Error> wrong_base(const Pager& pager, const std::string& what) {
  return fail(ErrorCode::kWrongBase, fmt::format("{}: {}", pager.path(), what));
}

/// Whether the state grew from `since`, as far as the chain of space records tells: each commit has
/// its record there, back to the last checkpoint.
Result<void> check_history(Pager& pager, const MetaSlot& slot, const BackupPoint& since) {
  if (since.environment_high != slot.nonce_high || since.environment_low != slot.nonce_low) {
    return wrong_base(pager, "the earlier backup is of another environment");
  }
  const auto never = [&] {
    return wrong_base(pager, fmt::format("transaction {} did not grow from transaction {} of the "
                                         "earlier backup",
                                         slot.id, since.transaction));
  };
  if (since.transaction > slot.id) return never();
  const SpaceReader reader = space_reader(pager, slot.file_pages);
  for (Ref ref = slot.space; !ref.empty() && ref.birth >= since.transaction;) {
    KIST_ASSIGN(const Bytes bytes, reader(ref));
    KIST_TRY(verify_space_record(bytes, ref, pager.seed()));
    KIST_ASSIGN(const SpaceRecord record, decode_space_record(bytes, ref, pager.page_size()));
    if (record.birth == since.transaction) {
      return record.commit_nonce == since.commit_nonce ? Result<void>() : never();
    }
    if (record.previous.birth >= ref.birth) {
      return std::unexpected(pager.damage(ref.page, "space records are in no order"));
    }
    if (!record.checkpoint() && record.previous.birth < since.transaction) return never();
    ref = record.previous;
  }
  return {};
}

/// Joined, in ascending order, and cut into pieces.
std::vector<Run> pieces_of(std::vector<Run> runs, std::uint32_t page_size) {
  std::ranges::sort(runs, {}, &Run::start);
  const std::uint64_t most = std::max<std::uint64_t>(1, kIncrementPieceBytes / page_size);
  std::vector<Run> pieces;
  for (Run run : runs) {
    if (!pieces.empty() && pieces.back().end() == run.start && pieces.back().pages < most) {
      const std::uint64_t joined = std::min(run.pages, most - pieces.back().pages);
      pieces.back().pages += joined;
      run = {run.start + joined, run.pages - joined};
    }
    for (; run.pages != 0;
         run = {run.start + pieces.back().pages, run.pages - pieces.back().pages}) {
      pieces.push_back({run.start, std::min(run.pages, most)});
    }
  }
  return pieces;
}

Result<BackupReport> write_increment(const Database& database, const BackupPoint& since,
                                     const ByteSink& sink, const BackupOptions& options) {
  if (options.compacted) {
    return fail(ErrorCode::kInvalidArgument, "an incremental backup cannot be compacted");
  }
  KIST_ASSIGN(auto environment, DatabaseAccess::environment(database));
  KIST_ASSIGN(const auto state, pin_newest_state(std::move(environment)));
  Pager& pager = *state->environment().pager;
  KIST_TRY(check_history(pager, state->slot, since));
  // What recovery proves is exactly what is wanted here: everything born after a known state.
  MetaSlot grown = state->slot;
  grown.base = since.transaction;
  KIST_ASSIGN(Proof proof, prove(pager, grown));
  if (!proof.whole) return fail(ErrorCode::kDamaged, proof.missing);
  const std::vector<Run> pieces = pieces_of(std::move(proof.found), pager.page_size());

  IncrementHeader header;
  header.since = since.transaction;
  header.since_nonce = since.commit_nonce;
  header.pieces = pieces.size();
  header.slot = confirmed_copy(state->slot);
  for (const Run& run : pieces) header.pages += run.pages;
  BackupReport report;
  report.point = point_of(state->slot);
  report.pages = header.pages;
  report.bytes =
      kIncrementHeaderSize + header.pieces * kIncrementPieceSize + header.pages * pager.page_size();
  Pace pace(options.progress, options.bytes_per_second);
  pace.expect(header.pages);
  KIST_TRY(sink(encode_increment_header(header)));
  KIST_ASSIGN(const MapHold map, pager.cover(state->slot.file_pages));
  for (const Run& run : pieces) {
    const Bytes bytes(map->mapping->data() + run.start * pager.page_size(),
                      run.pages * pager.page_size());
    const IncrementPiece piece{run, increment_checksum(run, bytes, pager.seed())};
    KIST_TRY(sink(encode_increment_piece(piece)));
    KIST_TRY(sink(bytes));
    KIST_TRY(pace.report(run.pages, bytes.size()));
  }
  if (map->mapping->damaged().load() != 0) {
    return fail(ErrorCode::kDamaged, pager.path() + ": part of the file could not be read");
  }
  make_durable(*state);
  return report;
}

}  // namespace

Result<BackupReport> backup_since(const Database& database, const BackupPoint& since,
                                  const ByteSink& sink, const BackupOptions& options) {
  return write_increment(database, since, sink, options);
}

Result<BackupReport> backup_since(const Database& database, const BackupPoint& since,
                                  const std::string& path, const BackupOptions& options) {
  KIST_ASSIGN(const auto environment, DatabaseAccess::environment(database));
  KIST_ASSIGN(AsideFile file,
              AsideFile::create(path, options.file_mode, environment->options.observer));
  std::uint64_t at = 0;
  const ByteSink sink = [&](Bytes bytes) -> Result<void> {
    KIST_TRY(file.file().write_at(at, bytes));
    at += bytes.size();
    return {};
  };
  KIST_ASSIGN(BackupReport report, write_increment(database, since, sink, options));
  KIST_TRY(file.finish());
  return report;
}

}  // namespace kist::engine
