// Bringing the map to the newest state: catching up along the chain of records, or rebuilding.

#include <algorithm>
#include <cassert>
#include <string>
#include <utility>

#include "engine/format/page.h"
#include "engine/space/space_map.h"

namespace kist::engine {
namespace {

std::unexpected<Error> damaged(std::uint64_t page, const std::string& what) {
  return fail(ErrorCode::kDamaged, "page " + std::to_string(page) + " (space record): " + what);
}

std::string text(const Run& run) {
  return std::to_string(run.pages) + " pages at " + std::to_string(run.start);
}

}  // namespace

Result<SpaceRecord> SpaceMap::read_record(const Ref& ref, std::uint64_t file_pages,
                                          const SpaceReader& reader) const {
  const std::uint64_t first = first_page(page_size_);
  if (ref.page < first || ref.page >= file_pages || ref.count == 0 ||
      space_record_pages(ref.count, page_size_) > file_pages - ref.page) {
    return damaged(ref.page, "a record of " + std::to_string(ref.count) +
                                 " bytes is not inside the file of " + std::to_string(file_pages) +
                                 " pages");
  }
  KIST_ASSIGN(const Bytes bytes, reader(ref));
  KIST_TRY(verify_space_record(bytes, ref, seed_));
  return decode_space_record(bytes, ref, page_size_);
}

Result<void> SpaceMap::load(const Ref& newest, std::uint64_t file_pages, std::uint64_t id,
                            std::uint64_t commit_nonce, const SpaceReader& reader) {
  assert(!active());
  const bool same = loaded_ && id == id_ && commit_nonce == commit_nonce_ && newest == newest_ &&
                    file_pages == file_pages_;
  if (same) return {};
  Result<void> loaded = follow(newest, file_pages, id, commit_nonce, reader);
  if (!loaded) unload();
  return loaded;
}

Result<void> SpaceMap::follow(const Ref& newest, std::uint64_t file_pages, std::uint64_t id,
                              std::uint64_t commit_nonce, const SpaceReader& reader) {
  std::vector<SpaceRecord> chain;  // newest first
  // Records lie in pages of their own, so all of them together are no longer than the file.
  std::uint64_t pages_left = file_pages;
  std::uint64_t birth_limit = id + 1;
  bool caught_up = false;
  for (Ref ref = newest;;) {
    if (ref.birth >= birth_limit) return damaged(ref.page, "is not older than the one behind it");
    birth_limit = ref.birth;
    KIST_ASSIGN(SpaceRecord record, read_record(ref, file_pages, reader));
    if (chain.empty() && (record.birth != id || record.commit_nonce != commit_nonce ||
                          record.file_pages != file_pages)) {
      return damaged(ref.page, "is not the record of transaction " + std::to_string(id) +
                                   " with a file of " + std::to_string(file_pages) + " pages");
    }
    caught_up = loaded_ && ref == newest_ && record.commit_nonce == commit_nonce_;
    if (caught_up) break;
    const std::uint64_t pages = space_record_pages(record.size, page_size_);
    if (pages > pages_left) return damaged(ref.page, "the chain is longer than the file");
    pages_left -= pages;
    ref = record.previous;
    chain.push_back(std::move(record));
    if (ref.empty()) break;
  }
  if (!caught_up) {
    KIST_TRY(apply_checkpoint(chain.back()));
    chain.pop_back();
  }
  for (; !chain.empty(); chain.pop_back()) KIST_TRY(apply_delta(chain.back()));
  if (id_ != id) return damaged(newest.page, "the chain does not lead to the state it should");
  newest_ = newest;
  const std::uint64_t in_use_to = file_pages_ - free_.ending_at(file_pages_).pages;
  high_water_ = std::max(std::min(high_water_, file_pages_), in_use_to);
  return {};
}

Result<void> SpaceMap::apply_checkpoint(const SpaceRecord& record) {
  unload();
  loaded_ = true;
  file_pages_ = record.file_pages;
  for (const Run& run : record.free) {
    if (!free_.insert(run)) return damaged(record.page, text(run) + " are free twice");
  }
  for (const PendingRun& pending : record.pending) {
    if (free_.overlaps(pending.run) || !pending_.add(pending)) {
      return damaged(record.page, text(pending.run) + " are free and pending");
    }
  }
  return adopt_record(record);
}

Result<void> SpaceMap::apply_delta(const SpaceRecord& record) {
  if (record.file_pages > file_pages_) {
    free_.insert({file_pages_, record.file_pages - file_pages_});
  } else if (record.file_pages < file_pages_) {
    const Run tail{record.file_pages, file_pages_ - record.file_pages};
    if (!leaves(tail)) return damaged(record.page, text(tail) + " are cut off, but in use");
  }
  file_pages_ = record.file_pages;
  for (const Run& run : record.taken) {
    if (!leaves(run)) return damaged(record.page, text(run) + " are taken, but in use");
  }
  for (const FreedRun& freed : record.freed) {
    if (free_.overlaps(freed.run) || record_pages_.overlaps(freed.run) ||
        !pending_.add({freed.run, freed.birth, record.birth})) {
      return damaged(record.page, text(freed.run) + " are given up, but not in use");
    }
  }
  return adopt_record(record);
}

/// Takes out pages that must be free, or pending here while their taker knew that no pin sees them
/// any more. False when some are neither.
bool SpaceMap::leaves(Run run) {
  const std::uint64_t free = free_.remove_any(run);
  return free == run.pages || free + pending_.remove_any(run) == run.pages;
}

Result<void> SpaceMap::adopt_record(const SpaceRecord& record) {
  const Run run{record.page, space_record_pages(record.size, page_size_)};
  if (run.end() > file_pages_ || free_.overlaps(run) || pending_.overlaps(run) ||
      !record_pages_.insert(run)) {
    return damaged(record.page, "lies in pages that are free or another's");
  }
  chain_pages_ = record.checkpoint() ? 0 : chain_pages_ + run.pages;
  records_.push_back({run, record.birth});
  id_ = record.birth;
  commit_nonce_ = record.commit_nonce;
  return {};
}

}  // namespace kist::engine
