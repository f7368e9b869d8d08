#include "engine/upkeep/salvage_source.h"

#include <algorithm>
#include <array>

#include "engine/format/overflow.h"
#include "engine/txn/lock_bytes.h"
#include "engine/upkeep/pinned_state.h"

namespace kist::engine {
namespace {

// Pages that are looked at to find out which of several keys of checksums is right.
constexpr std::uint64_t kSample = 4096;
constexpr std::size_t kSlotSeed = 56;
constexpr std::size_t kSlotPageSize = 64;

}  // namespace

Result<std::unique_ptr<SalvageSource>> SalvageSource::open(const std::string& path, Pace& pace) {
  KIST_ASSIGN(os::File file, os::File::open(path, os::Access::kRead));
  // From the writer's byte to the last of those who live.
  constexpr std::uint64_t kEnd = kLiveBytes + kMaxProcesses;
  KIST_ASSIGN(const auto live,
              file.first_conflict(kWriterByte, kEnd - kWriterByte, os::LockKind::kShared));
  if (live) {
    return fail(ErrorCode::kBusy, path + ": is open; what is being written cannot be salvaged");
  }
  std::unique_ptr<SalvageSource> source(new SalvageSource(std::move(file), path));
  KIST_ASSIGN(source->slots_, read_slots(source->file_));
  if (source->slots_.newest_first().empty()) {
    for (const DecodedSlot& slot : source->slots_.slots) {
      if (slot.verdict == SlotVerdict::kNewer) KIST_TRY(judge_slots(source->slots_, path));
    }
  }
  Geometry best;
  std::uint64_t most = 0;
  for (const Geometry& geometry : source->geometries()) {
    KIST_TRY(source->map(geometry));
    const std::uint64_t whole = source->whole_pages(geometry);
    if (whole <= most) continue;
    most = whole;
    best = geometry;
  }
  if (most == 0) {
    const auto page_size = source->guess_page_size();
    if (!page_size) return fail(ErrorCode::kNotAStore, path + ": nothing in it looks like a page");
    best = {*page_size, std::nullopt};
  }
  KIST_TRY(source->map(best));
  KIST_TRY(source->scan(pace));
  return source;
}

/// What the slots say, the broken ones included.
std::vector<SalvageSource::Geometry> SalvageSource::geometries() const {
  std::vector<Geometry> found;
  for (std::uint32_t i = 0; i < kMetaSlots; ++i) {
    MetaSlotBytes bytes{};
    if (!file_.read_at(i * kMetaSlotStride, bytes)) continue;
    const std::uint32_t page_size = load32(bytes.data() + kSlotPageSize);
    const std::uint64_t seed = load64(bytes.data() + kSlotSeed);
    // Either number may be the one that was hit.
    for (std::uint32_t size = kMinPageSize; size <= kMaxPageSize; size *= 2) {
      if (valid_page_size(page_size) && size != page_size) continue;
      const bool known = std::ranges::any_of(found, [&](const Geometry& geometry) {
        return geometry.page_size == size && geometry.seed == seed;
      });
      if (!known && seed != 0) found.push_back({size, seed});
    }
  }
  return found;
}

/// The page size at which most pages carry their own number.
std::optional<std::uint32_t> SalvageSource::guess_page_size() const {
  std::optional<std::uint32_t> best;
  std::uint64_t most = 0;
  std::array<std::uint8_t, page_layout::kHeaderSize> header{};
  for (std::uint32_t size = kMinPageSize; size <= kMaxPageSize; size *= 2) {
    std::uint64_t bytes = 0;
    const std::uint64_t pages = slots_.file_size / size;
    for (std::uint64_t page = first_page(size); page < std::min(pages, kSample); ++page) {
      const auto got = file_.read_at(page * size, header);
      if (got && *got == header.size() && load48(header.data() + page_layout::kNumber) == page) {
        bytes += size;
      }
    }
    if (bytes <= most) continue;
    most = bytes;
    best = size;
  }
  return best;
}

Result<void> SalvageSource::map(const Geometry& geometry) {
  const std::uint64_t pages = slots_.file_size / geometry.page_size;
  seed_known_ = geometry.seed.has_value();
  pager_.reset();
  KIST_ASSIGN(pager_, Pager::open(file_, path_, geometry.page_size, geometry.seed.value_or(0),
                                  std::max<std::uint64_t>(pages, 1), true));
  KIST_ASSIGN(const MapHold map, pager_->cover(std::max<std::uint64_t>(pages, 1)));
  data_ = map->mapping->data();
  infos_.assign(std::min(pages, map->pages), {});
  return {};
}

std::uint64_t SalvageSource::whole_pages(const Geometry& geometry) {
  std::uint64_t whole = 0;
  for (std::uint64_t at = first_page(geometry.page_size); at < std::min(pages(), kSample); ++at) {
    whole += verify_alone(*pager_, data_, at, pages()).has_value() ? 1U : 0U;
  }
  return whole;
}

/// Whether a page whose checksum cannot be computed looks like one.
bool SalvageSource::plausible(const std::uint8_t* bytes, std::uint64_t page) const {
  const std::uint8_t type = bytes[page_layout::kType];
  return load48(bytes + page_layout::kNumber) == page && type >= 1 && type <= 6 &&
         bytes[page_layout::kLevel] < kMaxDepth &&
         load48(bytes + page_layout::kBirth) >= kFirstTransaction;
}

Result<void> SalvageSource::scan(Pace& pace) {
  constexpr std::uint64_t kBetweenReports = 256;
  pace.expect(pages());
  std::uint64_t told = 0;
  for (std::uint64_t at = first_page(page_size()); at < pages(); ++at) {
    if (at - told >= kBetweenReports) {
      KIST_TRY(pace.report(at - told, (at - told) * page_size()));
      told = at;
    }
    const std::uint8_t* bytes = page(at);
    PageInfo& info = infos_[at];
    info.kind = load32(bytes + page_layout::kType);
    info.birth = load48(bytes + page_layout::kBirth);
    info.checksum = static_cast<std::uint32_t>(load64(bytes + page_layout::kChecksum));
    // Whole runs are verified when they are wanted.
    if (!seed_known_) {
      info.ok = plausible(bytes, at);
    } else if (info.type() == PageType::kOverflow) {
      info.ok = plausible(bytes, at);
    } else {
      info.ok = verify_alone(*pager_, data_, at, pages()).has_value();
    }
  }
  return pace.report(pages() - told, (pages() - told) * page_size());
}

const std::uint8_t* SalvageSource::tree_page(const Ref& ref, std::uint32_t kind) {
  if (ref.page < first_page(page_size()) || ref.page >= pages()) return nullptr;
  const PageInfo& info = infos_[ref.page];
  if (!info.ok || info.kind != kind || info.birth != ref.birth || info.checksum != ref.checksum) {
    return nullptr;
  }
  return page(ref.page);
}

std::optional<Bytes> SalvageSource::value(const Ref& ref) {
  if (ref.page < first_page(page_size()) || ref.page >= pages() || ref.count > kMaxValueSize ||
      overflow_pages(ref.count, page_size()) > pages() - ref.page) {
    return std::nullopt;
  }
  const std::uint8_t* run = page(ref.page);
  if (seed_known_) {
    if (!pager_->verify_overflow(run, ref)) return std::nullopt;
  } else {
    const PageInfo& info = infos_[ref.page];
    if (!info.ok || info.type() != PageType::kOverflow || info.birth != ref.birth ||
        info.checksum != ref.checksum || load64(run + overflow_layout::kLength) != ref.count) {
      return std::nullopt;
    }
  }
  return Bytes(run + overflow_layout::kValue, ref.count);
}

std::optional<Bytes> SalvageSource::whole_key(const TreeShape& shape, const LeafRecord& record) {
  if (record.key == nullptr) return std::nullopt;
  if (!shape.long_keys || !record.indirect) return record.key_bytes();
  return value(load_ref(record.value()));
}

bool SalvageSource::know_space(const Ref& newest, std::uint64_t file_pages, std::uint64_t id,
                               std::uint64_t commit_nonce) {
  MetaSlot slot;
  slot.space = newest;
  slot.file_pages = file_pages;
  slot.id = id;
  slot.commit_nonce = commit_nonce;
  for (PageInfo& info : infos_) info.used = false;
  // A record beyond the end of a file that was cut reads as zeros, and fails.
  const auto used = pages_in_use(*pager_, slot);
  if (!used) return false;
  for (const Run& run : *used) {
    for (std::uint64_t at = run.start; at < std::min(run.end(), pages()); ++at) {
      infos_[at].used = true;
    }
  }
  return true;
}

}  // namespace kist::engine
