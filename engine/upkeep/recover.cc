#include "engine/upkeep/recover.h"

#include <algorithm>

#include <fmt/format.h>

#include <kist/engine/cursor.h>

#include "engine/base/failpoints.h"
#include "engine/format/overflow.h"
#include "engine/space/space_record.h"
#include "engine/tree/comparators.h"
#include "engine/tree/node.h"
#include "engine/upkeep/page_check.h"

namespace kist::engine {
namespace {

/// One proof under way. Every function is false as soon as something is missing; `proof.missing`
/// says what.
class Prover {
 public:
  Prover(const Pager& pager, const MapGeneration& map, const MetaSlot& slot, Proof& proof)
      : pager_(pager), map_(map), slot_(slot), proof_(proof) {}

  bool run() {
    return tree(slot_.catalog.root, {}, Records::kTables) &&
           tree(slot_.main.root, {}, Records::kValues) &&
           (planted(Bug::kProofSkipsSpace) || space_records());
  }

 private:
  /// What the records of a tree hold.
  enum class Records : std::uint8_t { kValues, kTables };

  bool missing(std::string what) {
    proof_.missing = std::move(what);
    return false;
  }

  /// The mapped pages of a run, when they lie inside the snapshot. Each page is reached once in a
  /// sound file, which bounds the walk through a forged one.
  const std::uint8_t* pages(const Ref& ref, std::uint64_t count) {
    const std::uint64_t limit = std::min(slot_.file_pages, map_.pages);
    if (ref.page < first_page(pager_.page_size()) || ref.page >= limit ||
        count > limit - ref.page) {
      missing(fmt::format("page {} lies outside the file", ref.page));
      return nullptr;
    }
    walked_ += count;
    if (walked_ > limit) {
      missing("more pages are referred to than the file has");
      return nullptr;
    }
    proof_.found.push_back({ref.page, count});
    return map_.mapping->data() + ref.page * pager_.page_size();
  }

  bool tree(const Ref& root, const TableShapes& shapes, Records records) {
    return root.empty() || below(root, root.level(), shapes, records);
  }

  bool below(const Ref& ref, std::uint8_t level, const TableShapes& shapes, Records records) {
    if (ref.birth <= slot_.base) return true;
    if (planted(Bug::kProofOfNewestOnly) && ref.birth < slot_.id) return true;
    if (level >= kMaxDepth) return missing("a tree is too deep");
    const std::uint8_t* page = pages(ref, 1);
    if (page == nullptr) return false;
    if (auto whole = verify(page, ref, shapes.keys.kind(level)); !whole) {
      return missing(whole.error().message);
    }
    if (level == 0) return leaf(page, shapes, records);
    const BranchView branch(page, pager_.page_size(), shapes.keys.ref_size());
    for (std::size_t i = 0; i < branch.count(); ++i) {
      if (!below(branch.ref(i), static_cast<std::uint8_t>(level - 1), shapes, records)) {
        return false;
      }
    }
    return true;
  }

  Result<void> verify(const std::uint8_t* page, Ref ref, std::uint32_t kind) const {
    if (planted(Bug::kProofWithoutChecksum) && load48(page + page_layout::kBirth) == ref.birth &&
        load32(page + page_layout::kChecksum) == ref.checksum) {
      return {};
    }
    if (planted(Bug::kProofTakesStale)) {
      ref.birth = load48(page + page_layout::kBirth);
      ref.checksum = load32(page + page_layout::kChecksum);
    }
    return pager_.verify_tree_page(page, ref, kind);
  }

  bool leaf(const std::uint8_t* page, const TableShapes& shapes, Records records) {
    const LeafReader leaf(page, pager_.page_size(), shapes.keys);
    for (std::size_t i = 0; i < leaf.count(); ++i) {
      const LeafRecord record = leaf.record(i);
      if (record.key == nullptr) return missing("a record lies outside its page");
      if (record.indirect) {
        const Ref ref = load_ref(record.value());
        const bool nested = shapes.keys.multi && (ref.flags & kRefNested) != 0;
        // Trees of values have overflow runs, but no trees below them.
        if (!(nested ? tree(ref, {shapes.values, {}}, Records::kValues) : overflow(ref))) {
          return false;
        }
      } else if (records == Records::kTables && !table(record.value_bytes())) {
        return false;
      }
    }
    return true;
  }

  bool table(Bytes stored) {
    if (planted(Bug::kProofSkipsTables)) return true;
    const auto record = decode_table_record(stored);
    if (!record) return missing("a table's record is not understood");
    const TableShapes shapes = table_shapes(*record, as_text(stored.subspan(TableRecord::kSize)),
                                            pager_.page_size(), nullptr);
    return tree(record->root, shapes, Records::kValues);
  }

  bool overflow(const Ref& ref) {
    if (ref.birth <= slot_.base || planted(Bug::kProofSkipsValues)) return true;
    if (ref.count > kMaxValueSize) return missing("an overflow run is longer than any value");
    const std::uint64_t count = overflow_pages(ref.count, pager_.page_size());
    const std::uint8_t* run = pages(ref, count);
    if (run == nullptr) return false;
    if (auto verified = pager_.verify_overflow(run, ref); !verified) {
      return missing(verified.error().message);
    }
    const std::uint64_t table = overflow_table_offset(ref.count);
    const Bytes bytes(run, count * pager_.page_size());
    return unused(bytes, overflow_layout::kValue + ref.count, table) &&
           unused(bytes, table + 8 * overflow_chunks(ref.count), bytes.size());
  }

  /// Bytes that no checksum covers must be the zeros that were written: a sector of them that the
  /// device lost still holds what lay there before.
  bool unused(Bytes run, std::uint64_t from, std::uint64_t to) {
    return all_zero(run.subspan(from, to - from)) ||
           missing("unused bytes of a run are not the zeros that were written");
  }

  bool space_records() {
    Ref ref = slot_.space;
    while (!ref.empty() && ref.birth > slot_.base) {
      if (ref.count > kMaxValueSize) return missing("a space record is too long");
      const std::uint64_t count = space_record_pages(ref.count, pager_.page_size());
      const std::uint8_t* run = pages(ref, count);
      if (run == nullptr) return false;
      const Bytes bytes(run, count * pager_.page_size());
      if (auto verified = verify_space_record(bytes, ref, pager_.seed()); !verified) {
        return missing(verified.error().message);
      }
      if (!unused(bytes, ref.count, bytes.size())) return false;
      auto record = decode_space_record(bytes, ref, pager_.page_size());
      if (!record) return missing(record.error().message);
      if (record->previous.birth >= ref.birth) return missing("space records are in no order");
      ref = record->previous;
    }
    return true;
  }

  const Pager& pager_;
  const MapGeneration& map_;
  const MetaSlot& slot_;
  Proof& proof_;
  std::uint64_t walked_ = 0;
};

struct Candidate {
  MetaSlot slot;
  bool is_tip;
};

/// Whether a commit found in the lock file is worth a proof. Whatever it says, it must not be
/// believed further than the file goes: everything born up to its base is taken for granted, so a
/// slot must say that a flush vouched for that; and its id must be one that was allowed to be used.
bool worth_a_proof(const MetaSlot& tip, const SlotSet& set, const MetaSlot& newest) {
  const bool has_slot = std::ranges::any_of(set.newest_first(), [&](const MetaSlot& slot) {
    return slot.id == tip.id;  // which is surer
  });
  return !has_slot && tip.nonce_high == newest.nonce_high && tip.nonce_low == newest.nonce_low &&
         tip.seed == newest.seed && tip.page_size == newest.page_size &&
         tip.state != SlotState::kPrepared && tip.id < set.id_ceiling() &&
         tip.id > set.confirmed() && tip.file_pages <= set.file_size / tip.page_size;
}

/// Slots and tips, newest first.
std::vector<Candidate> candidates(const SlotSet& set, std::span<const MetaSlot> tips) {
  std::vector<Candidate> all;
  const std::vector<MetaSlot> slots = set.newest_first();
  for (const MetaSlot& slot : slots) all.push_back({slot, false});
  for (const MetaSlot& tip : tips) {
    if (!worth_a_proof(tip, set, slots.front())) continue;
    all.push_back({tip, true});
    MetaSlot& slot = all.back().slot;
    slot.state = SlotState::kRelaxed;  // what a tip says is never taken on trust
    // Nor that it was flushed itself: it may be an old one, given up by a recovery, whose pages
    // were used again since. The newest slot's base was flushed before that slot was written.
    if (!planted(Bug::kTipBaseTrusted)) slot.base = std::min(slot.base, slots.front().base);
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Candidate& a, const Candidate& b) { return a.slot.id > b.slot.id; });
  return all;
}

/// Where the slot lies that is to be opened should a chosen tip not get one: that of the tip must
/// go elsewhere, which is behind it.
std::uint32_t fallback_index(const SlotSet& set, const std::vector<std::uint32_t>& rejected) {
  for (const MetaSlot& slot : set.newest_first()) {
    if (std::ranges::find(rejected, slot.index) == rejected.end()) return slot.index;
  }
  return 0;
}

}  // namespace

Result<Proof> prove(Pager& pager, const MetaSlot& slot) {
  Proof proof;
  if (planted(Bug::kNoProof)) {
    proof.whole = true;
    return proof;
  }
  KIST_ASSIGN(const MapHold map, pager.cover(slot.file_pages));
  proof.whole = Prover(pager, *map, slot, proof).run();
  if (proof.whole && map->mapping->damaged().load() != 0) {
    proof.whole = false;
    proof.missing = "part of the file could not be read";
  }
  return proof;
}

Result<Choice> choose_slot(Pager& pager, const SlotSet& set, std::span<const MetaSlot> tips) {
  Choice choice;
  const std::uint64_t confirmed = set.confirmed();
  std::string why;
  for (const Candidate& candidate : candidates(set, tips)) {
    const MetaSlot& slot = candidate.slot;
    if (slot.state == SlotState::kConfirmed) {
      choice.slot = slot;
      choice.clean = choice.rejected.empty();
      return choice;
    }
    KIST_ASSIGN(Proof proof, prove(pager, slot));
    if (proof.whole || (candidate.is_tip && planted(Bug::kTipNotProven))) {
      choice.slot = slot;
      if (candidate.is_tip) choice.slot.index = fallback_index(set, choice.rejected);
      choice.proven = std::move(proof.found);
      return choice;
    }
    if (candidate.is_tip) {
      choice.rejected_tips = true;
      continue;
    }
    if (why.empty()) why = fmt::format("transaction {}: {}", slot.id, proof.missing);
    if (slot.id <= confirmed) {
      return std::unexpected(
          Error{ErrorCode::kDamaged,
                fmt::format("{}: damaged after a clean close: {}", pager.path(), why)});
    }
    choice.rejected.push_back(slot.index);
  }
  return std::unexpected(Error{
      ErrorCode::kDamaged, fmt::format("{}: no committed state is whole: {}", pager.path(), why)});
}

Result<void> rewrite_pages(os::File& file, Pager& pager, const std::vector<Run>& runs) {
  constexpr std::size_t kPiece = std::size_t{1} << 20;
  std::vector<std::uint8_t> copy;
  for (const Run& run : runs) {
    std::uint64_t offset = run.start * pager.page_size();
    const std::uint64_t end = run.end() * pager.page_size();
    KIST_ASSIGN(const MapHold map, pager.cover(run.end()));
    for (; offset < end; offset += copy.size()) {
      const std::uint8_t* from = map->mapping->data() + offset;
      copy.assign(from, from + std::min<std::uint64_t>(kPiece, end - offset));
      if (map->mapping->damaged().load() != 0) {
        return fail(ErrorCode::kIo, pager.path() + ": a page could not be read back");
      }
      KIST_TRY(file.write_at(offset, Bytes(copy)));
    }
  }
  return {};
}

}  // namespace kist::engine
