#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/base/checksum.h"
#include "engine/format/meta_slot.h"
#include "engine/format/overflow.h"
#include "engine/tree/leaf_edit.h"
#include "tests/support/must.h"

namespace kist::test {

/// A part of the file that edits aim at: a meta slot, a page, a run.
struct Place {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

/// Where the checksums of one valid store stand and what each covers, so that all of them can be
/// made right again after its bytes were edited: then the parsers behind the checksums are reached.
class StoreSeals {
 public:
  StoreSeals() = default;

  explicit StoreSeals(const std::string& bytes) {
    const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
    std::vector<engine::MetaSlot> slots;
    for (std::uint32_t i = 0; i < engine::kMetaSlots; ++i) {
      const engine::DecodedSlot decoded =
          engine::decode_meta_slot(std::span<const std::uint8_t, engine::kMetaSlotSize>(
                                       data + i * engine::kMetaSlotStride, engine::kMetaSlotSize),
                                   i);
      places_.push_back({i * engine::kMetaSlotStride, engine::kMetaSlotSize});
      if (decoded.verdict == engine::SlotVerdict::kValid) slots.push_back(decoded.slot);
    }
    std::uint64_t newest = 0;
    for (const engine::MetaSlot& slot : slots) newest = std::max(newest, slot.id);
    for (const engine::MetaSlot& slot : slots) {
      if (slot.id != newest) continue;
      seed_ = slot.seed;
      page_size_ = slot.page_size;
      const std::uint64_t at = slot.index * engine::kMetaSlotStride;
      for (const std::uint64_t ref : {128U, 192U, 256U}) slot_refs_.push_back(at + ref);
      tree(bytes, slot.catalog.root, true);
      tree(bytes, slot.main.root, false);
      add(slot.space, slot.space.count);
    }
    require(pages_.size() >= 5, "the store has too few pages to damage");
    for (const Page& page : pages_) {
      const std::uint64_t whole = (page.length + page_size_ - 1) / page_size_ * page_size_;
      places_.push_back({page.offset, whole});
    }
  }

  const std::vector<Place>& places() const { return places_; }

  /// Makes every checksum right, children before their parents, slots in the end. A reference gets
  /// the checksum of the page that it names now, whichever that is; in a cycle one stays wrong.
  void reseal(std::string& bytes) const {
    auto* data = reinterpret_cast<std::uint8_t*>(bytes.data());
    for (const Page& page : pages_) {
      std::uint8_t* at = data + page.offset;
      if (page.value_length != 0) reseal_value(at, page);
      reseal_refs(data, page.refs);
      engine::store64(at, engine::checksum(at + 8, page.length - 8, seed_));
    }
    reseal_refs(data, slot_refs_);
    for (std::uint32_t i = 0; i < engine::kMetaSlots; ++i) {
      std::uint8_t* at = data + i * engine::kMetaSlotStride;
      engine::store64(at, engine::checksum(at + 8, engine::kMetaSlotSize - 8, 0));
    }
  }

 private:
  struct Page {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;        // bytes that the checksum at its start vouches for, itself too
    std::uint64_t value_length = 0;  // of an overflow run
    std::uint64_t number = 0;
    std::uint64_t birth = 0;
    std::vector<std::uint64_t> refs = {};  // offsets of the references in it
  };

  void add(const engine::Ref& ref, std::uint64_t length, std::uint64_t value_length = 0,
           std::vector<std::uint64_t> refs = {}) {
    if (!indexes_.emplace(ref.page, pages_.size()).second) return;
    pages_.push_back(
        {ref.page * page_size_, length, value_length, ref.page, ref.birth, std::move(refs)});
  }

  void tree(const std::string& bytes, const engine::Ref& ref, bool catalog) {
    if (ref.empty() || indexes_.contains(ref.page)) return;
    const std::uint64_t offset = ref.page * page_size_;
    const auto* page = reinterpret_cast<const std::uint8_t*>(bytes.data()) + offset;
    std::vector<std::uint64_t> refs;
    if (ref.level() == 0) {
      refs = leaf(bytes, page, offset, catalog);
    } else {
      const std::size_t stride = engine::page_shape(page).ref_size();
      const engine::BranchView branch(page, page_size_, stride);
      for (std::size_t i = 0; i < branch.count(); ++i) {
        refs.push_back(offset + static_cast<std::uint64_t>(branch.refs() - page) + i * stride);
        tree(bytes, branch.ref(i), catalog);
      }
    }
    add(ref, page_size_, 0, std::move(refs));
  }

  // Returns the offsets of the references in the leaf.
  std::vector<std::uint64_t> leaf(const std::string& bytes, const std::uint8_t* page,
                                  std::uint64_t offset, bool catalog) {
    std::vector<std::uint64_t> refs;
    const engine::LeafReader view(page, page_size_, engine::page_shape(page));
    for (std::size_t i = 0; i < view.count(); ++i) {
      const engine::LeafRecord record = view.record(i);
      const std::uint64_t at = offset + static_cast<std::uint64_t>(record.value() - page);
      if (!record.indirect && !catalog) continue;
      refs.push_back(at);
      const engine::Ref ref = engine::load_ref(record.value());
      if (record.indirect && (ref.flags & engine::kRefNested) == 0) {
        add(ref, engine::overflow_layout::kValue, ref.count);
      } else {
        tree(bytes, ref, false);
      }
    }
    return refs;
  }

  void reseal_refs(std::uint8_t* data, const std::vector<std::uint64_t>& refs) const {
    for (const std::uint64_t at : refs) {
      const auto named = indexes_.find(engine::load48(data + at + engine::ref_layout::kPage));
      if (named == indexes_.end()) continue;
      const std::uint64_t sum = engine::load64(data + pages_[named->second].offset);
      engine::store32(data + at + engine::ref_layout::kChecksum, static_cast<std::uint32_t>(sum));
    }
  }

  // The checksums of an overflow run's value and of their table.
  void reseal_value(std::uint8_t* run, const Page& page) const {
    const std::uint64_t chunks = engine::overflow_chunks(page.value_length);
    std::uint8_t* table = run + engine::overflow_table_offset(page.value_length);
    for (std::uint64_t i = 0; i < chunks; ++i) {
      const std::uint64_t from = i * engine::overflow_layout::kChunk;
      const std::uint64_t size =
          std::min<std::uint64_t>(engine::overflow_layout::kChunk, page.value_length - from);
      const std::uint64_t key = engine::overflow_chunk_seed(seed_, page.number, page.birth, i);
      engine::store64(table + 8 * i,
                      engine::checksum(run + engine::overflow_layout::kValue + from, size, key));
    }
    engine::store64(run + engine::overflow_layout::kTableChecksum,
                    engine::checksum(table, 8 * chunks, seed_));
  }

  std::uint64_t seed_ = 0;
  std::uint32_t page_size_ = 0;
  std::vector<Page> pages_;                       // children before their parents
  std::vector<std::uint64_t> slot_refs_;          // offsets of the references in the newest slots
  std::map<std::uint64_t, std::size_t> indexes_;  // into pages_, by page number
  std::vector<Place> places_;
};

}  // namespace kist::test
