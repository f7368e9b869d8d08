#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include <kist/engine/stats.h>

#include "engine/base/checksum.h"
#include "engine/format/meta_slot.h"
#include "engine/format/overflow.h"
#include "engine/pager/pager.h"
#include "engine/space/space_record.h"
#include "engine/tree/leaf_edit.h"
#include "engine/upkeep/check.h"
#include "tests/support/must.h"

namespace kist::test {

using namespace kist::engine;

/// The bytes of a cleanly closed store, to be damaged under checksums that are right again: what a
/// forger, or a bug in a writer, would leave.
class StoreSurgeon {
 public:
  explicit StoreSurgeon(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(in), {});
    for (std::uint32_t i = 0; i < kMetaSlots; ++i) {
      const std::uint8_t* at = bytes_.data() + i * kMetaSlotStride;
      const DecodedSlot decoded =
          decode_meta_slot(std::span<const std::uint8_t, kMetaSlotSize>(at, kMetaSlotSize), i);
      if (decoded.verdict == SlotVerdict::kValid && decoded.slot.id >= slot.id) slot = decoded.slot;
    }
    require(slot.page_size != 0, "no valid slot in " + path);
  }

  std::uint8_t* page(std::uint64_t number) {
    require((number + 1) * slot.page_size <= bytes_.size(), "no page " + std::to_string(number));
    return bytes_.data() + number * slot.page_size;
  }
  Bytes view(std::uint64_t number) { return {page(number), slot.page_size}; }

  /// Where the ref to child `index` of a branch stands.
  std::uint8_t* child_ref(std::uint64_t branch, std::size_t index) {
    return page(branch) + page_layout::kHeaderSize + 6 * page_count(page(branch)) +
           page_shape(page(branch)).ref_size() * index;
  }
  Ref child(std::uint64_t branch, std::size_t index) { return load_ref(child_ref(branch, index)); }
  /// The leaf furthest to the left below `ref`, and its parent.
  std::uint64_t first_leaf(Ref ref, std::uint64_t* parent = nullptr) {
    while (ref.level() != 0) {
      if (parent != nullptr) *parent = ref.page;
      ref = child(ref.page, 0);
    }
    return ref.page;
  }
  /// Where record `index` of a leaf starts, and its parts.
  LeafRecord record(std::uint64_t leaf, std::size_t index) {
    return LeafView(page(leaf), slot.page_size).record(index);
  }
  /// The first record of a named table with this key: its leaf and index.
  std::pair<std::uint64_t, std::size_t> find(const std::string& table, std::string_view key) {
    const auto found = find_below(table_root(table), key);
    require(found.first != 0, "no record " + std::string(key));
    return found;
  }
  std::uint8_t* mutable_bytes(const std::uint8_t* inside) {
    return bytes_.data() + (inside - bytes_.data());
  }
  /// Root of a named table.
  Ref table_root(const std::string& name) {
    const auto [leaf, index] = find_table(name);
    return decode_table_record(record(leaf, index).value_bytes()).value().root;
  }
  std::pair<std::uint64_t, std::size_t> find_table(const std::string& name) {
    const std::uint64_t leaf = first_leaf(slot.catalog.root);
    const LeafView view(page(leaf), slot.page_size);
    for (std::size_t i = 0; i < view.count(); ++i) {
      if (as_text(view.record(i).key_bytes()) == name) return {leaf, i};
    }
    throw std::runtime_error("no table " + name);
  }
  /// The first record with a large value below `ref`: its leaf and index.
  std::pair<std::uint64_t, std::size_t> find_large(const Ref& ref) {
    if (ref.level() != 0) {
      for (std::size_t i = 0; i < page_count(page(ref.page)); ++i) {
        const Ref one = child(ref.page, i);
        if ((one.flags & kRefIndirect) != 0) return find_large(one);
      }
      throw std::runtime_error("no large value");
    }
    for (std::size_t i = 0;; ++i) {
      if (record(ref.page, i).indirect) return {ref.page, i};
    }
  }

  /// Makes every checksum right again: runs (headers only), pages from the leaves up, tables, the
  /// newest space record, and in the end the meta slot.
  void reseal() {
    seen_.clear();
    reseal_tree(slot.catalog.root, true);
    reseal_tree(slot.main.root, false);
    std::uint8_t* record = page(slot.space.page);
    const std::uint64_t sum = checksum(record + 8, slot.space.count - 8, slot.seed);
    store64(record, sum);
    slot.space.checksum = static_cast<std::uint32_t>(sum);
  }

  /// Writes the bytes to `path`, with the meta slot as it is now.
  void write(const std::string& path) {
    const MetaSlotBytes encoded = encode_meta_slot(slot);
    std::ranges::copy(encoded,
                      bytes_.begin() + static_cast<std::ptrdiff_t>(slot.index * kMetaSlotStride));
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes_.data()),
               static_cast<std::streamsize>(bytes_.size()));
  }

  /// Writes the bytes to `path` and checks them as they are.
  CheckReport check(const std::string& path) {
    write(path);
    const os::File file = must(os::File::open(path, os::Access::kRead));
    const auto pager =
        must(Pager::open(file, path, slot.page_size, slot.seed, slot.file_pages, true));
    return must(check_state(*pager, slot, bytes_.size()));
  }

  void cut(std::uint64_t pages) { bytes_.resize(pages * slot.page_size); }

  MetaSlot slot;

 private:
  std::pair<std::uint64_t, std::size_t> find_below(const Ref& ref, std::string_view key) {
    const std::size_t count = page_count(page(ref.page));
    for (std::size_t i = 0; i < count; ++i) {
      if (ref.level() == 0) {
        if (as_text(record(ref.page, i).key_bytes()) == key) return {ref.page, i};
      } else if (const auto found = find_below(child(ref.page, i), key); found.first != 0) {
        return found;
      }
    }
    return {};
  }

  void reseal_tree(Ref& ref, bool catalog) {
    if (ref.empty() || (ref.page + 1) * slot.page_size > bytes_.size()) return;
    if (!seen_.insert(ref.page).second) return;
    std::uint8_t* bytes = page(ref.page);
    if (ref.level() != 0) {
      // Out of bounds, a count damaged on purpose is taken for 0.
      const std::size_t count =
          BranchView(bytes, slot.page_size, page_shape(bytes).ref_size()).count();
      for (std::size_t i = 0; i < count; ++i) {
        Ref one = child(ref.page, i);
        reseal_tree(one, catalog);
        store_ref(child_ref(ref.page, i), one);
      }
    } else {
      const LeafReader leaf(bytes, slot.page_size, page_shape(bytes));
      for (std::size_t i = 0; i < leaf.count(); ++i) reseal_record(leaf.record(i), catalog);
    }
    const std::uint64_t sum = checksum(bytes + 8, slot.page_size - 8, slot.seed);
    store64(bytes, sum);
    ref.checksum = static_cast<std::uint32_t>(sum);
  }

  void reseal_record(const LeafRecord& record, bool catalog) {
    if (record.key == nullptr) return;
    std::uint8_t* value = mutable_bytes(record.value());
    if (record.indirect) {
      Ref ref = load_ref(value);
      if ((ref.page + 1) * slot.page_size > bytes_.size()) return;
      if ((ref.flags & kRefNested) != 0) {
        reseal_tree(ref, false);
        store_ref(value, ref);
        return;
      }
      std::uint8_t* run = page(ref.page);
      const std::uint64_t sum = checksum(run + 8, overflow_layout::kValue - 8, slot.seed);
      store64(run, sum);
      ref.checksum = static_cast<std::uint32_t>(sum);
      store_ref(value, ref);
    } else if (catalog) {
      auto table = decode_table_record(record.value_bytes());
      if (!table) return;
      reseal_tree(table->root, false);
      encode_table_record(*table, value);
    }
  }

  std::vector<std::uint8_t> bytes_;
  std::set<std::uint64_t> seen_;
};

}  // namespace kist::test
