#pragma once

#include <cstdint>

#include <kist/engine/byte_stream.h>
#include <kist/engine/database.h>
#include <kist/engine/error.h>
#include <kist/engine/progress.h>

namespace kist::engine {

/// What a dump or a load handled.
struct DumpReport {
  std::uint64_t transaction = 0;  ///< Snapshot that was dumped, or commit that was loaded.
  std::uint64_t tables = 0;       ///< The default table included.
  std::uint64_t records = 0;      ///< In multimaps, pairs.
};

/// Writes everything in the newest snapshot as text: tables with their options and sequences, and
/// all records in order. The form is in engine/docs/dump.md; any version of Kist reads it. Tables
/// are dumped whether their comparators are registered or not. Progress counts records. Errors:
/// kDamaged, kStopped, those of `sink`.
Result<DumpReport> dump(const Database& database, const ByteSink& sink,
                        const ProgressCallback& progress = {});

/// Stores what a dump holds, in one transaction: all or nothing. Tables are created; the default
/// table must be empty. Records may be in any order, those in order load fastest. Memory is
/// bounded, whatever the size. Errors: kDamaged for text that is no dump or ends early, with the
/// number of the line; kNewerFormat; kTableExists; kNoComparator; those of WriteTxn::put();
/// kStopped; those of `source`.
Result<DumpReport> load(const Database& database, const ByteSource& source,
                        const ProgressCallback& progress = {});

}  // namespace kist::engine
