#include "engine/space/space_record.h"

#include <string>
#include <utility>

#include "engine/base/byte_order.h"
#include "engine/base/checksum.h"
#include "engine/format/meta_slot.h"

namespace kist::engine {
namespace {

using namespace space_layout;

std::unexpected<Error> damaged(std::uint64_t page, const std::string& what) {
  return fail(ErrorCode::kDamaged, "page " + std::to_string(page) + " (space record): " + what);
}

std::string found(const char* what, std::uint64_t value, std::uint64_t expected) {
  return std::string(what) + " is " + std::to_string(value) + ", expected " +
         std::to_string(expected);
}

std::uint8_t* put_run(std::uint8_t* out, const Run& run) {
  store48(out, run.start);
  store48(out + 6, run.pages);
  return out + kRunSize;
}

/// Reads runs that ascend, do not overlap and lie inside the file.
class RunReader {
 public:
  RunReader(const char* list, std::uint64_t record_page, std::uint64_t first, std::uint64_t end)
      : list_(list), record_page_(record_page), lowest_(first), end_(end) {}

  Result<Run> next(const std::uint8_t* p) {
    const Run run{load48(p), load48(p + 6)};
    const bool inside =
        run.start >= lowest_ && run.start < end_ && run.pages != 0 && run.pages <= end_ - run.start;
    if (!inside) {
      return damaged(record_page_, std::string(list_) + " run of " + std::to_string(run.pages) +
                                       " pages at " + std::to_string(run.start) +
                                       " is empty, out of order or outside the file");
    }
    lowest_ = run.end();
    return run;
  }

 private:
  const char* list_;
  std::uint64_t record_page_;
  std::uint64_t lowest_;
  std::uint64_t end_;
};

Result<std::vector<Run>> decode_runs(const std::uint8_t* p, std::uint64_t count, RunReader reader) {
  std::vector<Run> runs;
  runs.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i, p += kRunSize) {
    KIST_ASSIGN(const Run run, reader.next(p));
    runs.push_back(run);
  }
  return runs;
}

bool valid_birth(std::uint64_t birth, std::uint64_t below) {
  return birth >= kFirstTransaction && birth < below;
}

Result<std::vector<FreedRun>> decode_freed(const std::uint8_t* p, std::uint64_t count,
                                           RunReader reader, const Ref& ref) {
  std::vector<FreedRun> freed;
  freed.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i, p += kFreedSize) {
    KIST_ASSIGN(const Run run, reader.next(p));
    const std::uint64_t birth = load48(p + kRunSize);
    if (!valid_birth(birth, ref.birth)) {
      return damaged(ref.page, found("birth of a freed run", birth, ref.birth) + " at most less 1");
    }
    freed.push_back({run, birth});
  }
  return freed;
}

Result<std::vector<PendingRun>> decode_pending(const std::uint8_t* p, std::uint64_t count,
                                               RunReader reader, const Ref& ref) {
  std::vector<PendingRun> pending;
  pending.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i, p += kPendingSize) {
    KIST_ASSIGN(const Run run, reader.next(p));
    const std::uint64_t birth = load48(p + kRunSize);
    const std::uint64_t gone = load48(p + kRunSize + 6);
    if (gone > ref.birth || !valid_birth(birth, gone)) {
      return damaged(ref.page, "pending run with birth " + std::to_string(birth) +
                                   " was freed in " + std::to_string(gone) + " as told in " +
                                   std::to_string(ref.birth));
    }
    pending.push_back({run, birth, gone});
  }
  return pending;
}

/// A delta without its own run in `taken` would lie in pages that belong to something else.
bool takes_own_run(const SpaceRecord& record, std::uint32_t page_size) {
  const Run own{record.page, space_record_pages(record.size, page_size)};
  for (const Run& run : record.taken) {
    if (run.start <= own.start && own.end() <= run.end()) return true;
  }
  return false;
}

}  // namespace

std::uint64_t space_record_size(std::uint64_t taken, std::uint64_t freed, std::uint64_t free,
                                std::uint64_t pending) {
  return kEntries + kRunSize * (taken + free) + kFreedSize * freed + kPendingSize * pending;
}

std::vector<std::uint8_t> encode_space_record(const SpaceRecord& record, std::uint32_t page_size,
                                              std::uint64_t seed) {
  std::vector<std::uint8_t> bytes(space_record_pages(record.size, page_size) * page_size);
  std::uint8_t* p = bytes.data();
  store48(p + page_layout::kNumber, record.page);
  store48(p + page_layout::kBirth, record.birth);
  store32(p + page_layout::kType, page_kind(PageType::kSpace, 0));
  store64(p + kSize, record.size);
  store64(p + kCommitNonce, record.commit_nonce);
  store64(p + kFilePages, record.file_pages);
  store_ref(p + kPrevious, record.previous);
  store64(p + kTaken, record.taken.size());
  store64(p + kFreed, record.freed.size());
  store64(p + kFree, record.free.size());
  store64(p + kPending, record.pending.size());
  p += kEntries;
  for (const Run& run : record.taken) p = put_run(p, run);
  for (const FreedRun& freed : record.freed) {
    p = put_run(p, freed.run);
    store48(p, freed.birth);
    p += 6;
  }
  for (const Run& run : record.free) p = put_run(p, run);
  for (const PendingRun& pending : record.pending) {
    p = put_run(p, pending.run);
    store48(p, pending.birth);
    store48(p + 6, pending.freed);
    p += 12;
  }
  store64(bytes.data() + page_layout::kChecksum,
          checksum(bytes.data() + page_layout::kNumber, record.size - page_layout::kNumber, seed));
  return bytes;
}

Ref space_record_ref(const SpaceRecord& record, Bytes encoded) {
  // As it reads when it comes back from a meta slot: that is how a map knows its own record.
  return {.page = record.page,
          .birth = record.birth,
          .count = record.size,
          .checksum = static_cast<std::uint32_t>(load64(encoded.data() + page_layout::kChecksum)),
          .keys = record.size};
}

Result<void> verify_space_record(Bytes pages, const Ref& ref, std::uint64_t seed) {
  if (ref.count < kEntries || ref.count > pages.size() || ref.flags != 0) {
    return damaged(ref.page, "referred to with " + std::to_string(ref.count) + " bytes and flags " +
                                 std::to_string(ref.flags));
  }
  const std::uint8_t* p = pages.data();
  if (const std::uint64_t number = load48(p + page_layout::kNumber); number != ref.page) {
    return damaged(ref.page, found("page number", number, ref.page));
  }
  if (const std::uint64_t birth = load48(p + page_layout::kBirth); birth != ref.birth) {
    return damaged(ref.page, found("birth", birth, ref.birth));
  }
  const std::uint32_t kind = page_kind(PageType::kSpace, 0);
  if (const std::uint32_t word = load32(p + page_layout::kType); word != kind) {
    return damaged(ref.page, found("type word", word, kind));
  }
  if (const std::uint64_t size = load64(p + kSize); size != ref.count) {
    return damaged(ref.page, found("size", size, ref.count));
  }
  const std::uint64_t stored = load64(p + page_layout::kChecksum);
  if (static_cast<std::uint32_t>(stored) != ref.checksum) {
    return damaged(ref.page,
                   found("checksum (low half)", static_cast<std::uint32_t>(stored), ref.checksum));
  }
  const std::uint64_t computed =
      checksum(p + page_layout::kNumber, ref.count - page_layout::kNumber, seed);
  if (stored != computed) return damaged(ref.page, found("checksum", stored, computed));
  return {};
}

Result<SpaceRecord> decode_space_record(Bytes pages, const Ref& ref, std::uint32_t page_size) {
  if (ref.count < kEntries || ref.count > pages.size()) {
    return damaged(ref.page, found("size", ref.count, pages.size()) + " at most");
  }
  const std::uint8_t* p = pages.data();
  SpaceRecord record;
  record.page = ref.page;
  record.birth = ref.birth;
  record.size = ref.count;
  record.commit_nonce = load64(p + kCommitNonce);
  record.file_pages = load64(p + kFilePages);
  record.previous = load_ref(p + kPrevious);
  const std::uint64_t taken = load64(p + kTaken);
  const std::uint64_t freed = load64(p + kFreed);
  const std::uint64_t free = load64(p + kFree);
  const std::uint64_t pending = load64(p + kPending);
  const std::uint64_t room = ref.count - kEntries;
  // Each count alone first: then their bytes cannot overflow when added.
  const bool each_fits = taken <= room / kRunSize && freed <= room / kFreedSize &&
                         free <= room / kRunSize && pending <= room / kPendingSize;
  if (!each_fits || space_record_size(taken, freed, free, pending) > ref.count) {
    return damaged(ref.page, "lists do not fit into " + std::to_string(ref.count) + " bytes");
  }
  const std::uint64_t first = first_page(page_size);
  if (record.file_pages > kMax48 || record.file_pages < first) {
    return damaged(ref.page,
                   "length of the file is " + std::to_string(record.file_pages) + " pages");
  }
  if (record.checkpoint() ? record.previous != Ref{} || taken != 0 || freed != 0
                          : free != 0 || pending != 0) {
    return damaged(ref.page, "lists of a checkpoint and of a single commit are mixed");
  }
  const auto reader = [&](const char* list) {
    return RunReader(list, ref.page, first, record.file_pages);
  };
  p += kEntries;
  KIST_ASSIGN(record.taken, decode_runs(p, taken, reader("taken")));
  p += taken * kRunSize;
  KIST_ASSIGN(record.freed, decode_freed(p, freed, reader("freed"), ref));
  p += freed * kFreedSize;
  KIST_ASSIGN(record.free, decode_runs(p, free, reader("free")));
  p += free * kRunSize;
  KIST_ASSIGN(record.pending, decode_pending(p, pending, reader("pending"), ref));
  if (!record.checkpoint() && !takes_own_run(record, page_size)) {
    return damaged(ref.page, "does not take its own run");
  }
  return record;
}

}  // namespace kist::engine
