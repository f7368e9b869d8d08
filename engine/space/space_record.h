#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <kist/engine/bytes.h>
#include <kist/engine/error.h>

#include "engine/format/page.h"
#include "engine/format/ref.h"
#include "engine/space/run.h"

namespace kist::engine {

/// Bytes of a space record: page header, the fields below, then the four lists in this order, zeros
/// to the end of its last page. The header's checksum covers everything up to `size`.
namespace space_layout {
inline constexpr std::size_t kSize = 32;         ///< u64 bytes of the record, zero slack allowed
inline constexpr std::size_t kCommitNonce = 40;  ///< u64
inline constexpr std::size_t kFilePages = 48;    ///< u64
inline constexpr std::size_t kPrevious = 56;     ///< Ref; all zero in a checkpoint
inline constexpr std::size_t kTaken = 80;        ///< u64 entries
inline constexpr std::size_t kFreed = 88;        ///< u64 entries
inline constexpr std::size_t kFree = 96;         ///< u64 entries
inline constexpr std::size_t kPending = 104;     ///< u64 entries
inline constexpr std::size_t kEntries = 112;
inline constexpr std::size_t kRunSize = 12;      ///< u48 start, u48 pages
inline constexpr std::size_t kFreedSize = 18;    ///< run, u48 birth
inline constexpr std::size_t kPendingSize = 24;  ///< run, u48 birth, u48 freed
static_assert(kSize == page_layout::kHeaderSize);
static_assert(kPrevious + ref_layout::kSize == kTaken);
static_assert(kEntries <= kMinPageSize);
}  // namespace space_layout

/// What one commit did to the space of the file, or (a checkpoint) everything that is free or
/// pending after it. Lies in a contiguous run of its own and points to the record of the commit
/// before.
struct SpaceRecord {
  std::uint64_t page = 0;   ///< First page of the record's own run.
  std::uint64_t birth = 0;  ///< Transaction.
  std::uint64_t size =
      0;  ///< Bytes; at least what the lists need. The run has just the pages it fills.
  std::uint64_t commit_nonce = 0;
  std::uint64_t file_pages = 0;  ///< Length of the file after the commit. Growth is free space.
  Ref previous;                  ///< Record of the transaction before; empty in a checkpoint.
  // Each list is in ascending order of start, its runs not empty, disjoint and inside the file.
  std::vector<Run> taken;           ///< The record's own run included. Empty in a checkpoint.
  std::vector<FreedRun> freed;      ///< Given up by this transaction. Empty in a checkpoint.
  std::vector<Run> free;            ///< Checkpoint: all free runs.
  std::vector<PendingRun> pending;  ///< Checkpoint: all pending runs.

  bool checkpoint() const { return previous.empty(); }
  friend bool operator==(const SpaceRecord&, const SpaceRecord&) = default;
};

/// Bytes that a record with so many entries needs, its page header included.
std::uint64_t space_record_size(std::uint64_t taken, std::uint64_t freed, std::uint64_t free,
                                std::uint64_t pending);

/// Pages of a record of `size` bytes.
constexpr std::uint64_t space_record_pages(std::uint64_t size, std::uint32_t page_size) {
  return (size + page_size - 1) / page_size;
}

/// Encodes `record`, whose size is at least what its entries need, into whole zero-filled pages,
/// with its checksum.
std::vector<std::uint8_t> encode_space_record(const SpaceRecord& record, std::uint32_t page_size,
                                              std::uint64_t seed);

/// Reference to an encoded record, as the meta slot and the next record hold it.
Ref space_record_ref(const SpaceRecord& record, Bytes encoded);

/// Holds `pages`, the bytes of the run that `ref` names, against `ref`: length, number, birth,
/// type, size, checksum. Whatever the bytes are, nothing outside them is read. Errors: kDamaged.
Result<void> verify_space_record(Bytes pages, const Ref& ref, std::uint64_t seed);

/// Decodes a verified record, bounding every count by the bytes that are there and every run by the
/// record's own length of the file; allocates no more than the bytes justify. Errors: kDamaged,
/// with the page and what is wrong.
Result<SpaceRecord> decode_space_record(Bytes pages, const Ref& ref, std::uint32_t page_size);

}  // namespace kist::engine
