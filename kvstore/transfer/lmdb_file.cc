#include "kvstore/transfer/lmdb_file.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace kist::transfer {
namespace {

constexpr std::uint32_t kMagic = 0xBEEFC0DE;
constexpr std::uint32_t kDataVersion = 1;
constexpr std::uint64_t kLeastPage = 256;
constexpr std::uint64_t kMostPage = 65'536;
constexpr int kMostDepth = 40;  // LMDB itself stops at 32

// Flags of pages.
constexpr std::uint16_t kBranch = 0x01;
constexpr std::uint16_t kLeaf = 0x02;
constexpr std::uint16_t kOverflow = 0x04;
constexpr std::uint16_t kMeta = 0x08;
constexpr std::uint16_t kLeafOfFixedSize = 0x20;
// Flags of nodes.
constexpr std::uint16_t kBigData = 0x01;
constexpr std::uint16_t kSubData = 0x02;
constexpr std::uint16_t kDupData = 0x04;

constexpr std::size_t kNodeHeader = 8;

}  // namespace

/// A record in a page, its borders checked.
struct LmdbFile::Node {
  std::uint64_t size_or_child = 0;  // 32 bits; of a branch with the flags above them
  std::uint16_t flags = 0;
  Bytes key;
  Bytes rest;  // of the page, behind the key
};

std::uint64_t LmdbFile::load(const std::uint8_t* at, std::size_t size) const {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) {
    value |= std::uint64_t{at[big_endian_ ? size - 1 - i : i]} << (8 * i);
  }
  return value;
}

std::unexpected<Error> LmdbFile::damaged(std::uint64_t page, const std::string& what) const {
  return fail(ErrorCode::kDamaged, fmt::format("{}: page {}: {}", source_->name(), page, what));
}

LmdbTree LmdbFile::tree_at(const std::uint8_t* at) const {
  LmdbTree tree;
  tree.flags = static_cast<std::uint16_t>(load(at + 4, 2));
  tree.entries = word(at + 8 + 3 * word_);
  tree.root = word(at + 8 + 4 * word_);
  const std::uint64_t none = word_ == 8 ? ~std::uint64_t{0} : 0xFFFF'FFFF;
  tree.empty = tree.root == none;
  return tree;
}

/// The meta page at `offset`, or nothing when there is none; sets word size and byte order.
Result<std::optional<LmdbFile::Meta>> LmdbFile::read_meta(std::uint64_t offset) {
  std::array<std::uint8_t, 192> bytes{};
  if (offset > source_->size() || source_->size() - offset < bytes.size()) return std::nullopt;
  KIST_TRY(source_->read_at(offset, bytes));
  for (const std::size_t word_size : {8U, 4U}) {
    for (const bool big : {false, true}) {
      word_ = word_size;
      big_endian_ = big;
      const std::uint8_t* at = bytes.data() + header();
      if (load(at, 4) != kMagic || (load(bytes.data() + word_ + 2, 2) & kMeta) == 0) continue;
      const std::uint64_t version = load(at + 4, 4);
      if (version != kDataVersion) {
        return fail(ErrorCode::kNewerFormat,
                    fmt::format("{}: has LMDB's data version {}, this reads version {}",
                                source_->name(), version, kDataVersion));
      }
      Meta meta;
      const std::uint8_t* trees = at + 8 + 2 * word_;
      const std::size_t tree_size = 8 + 5 * word_;
      meta.page_size = load(trees, 4);
      meta.main = tree_at(trees + tree_size);
      meta.last_page = word(trees + 2 * tree_size);
      meta.transaction = word(trees + 2 * tree_size + word_);
      return meta;
    }
  }
  return std::nullopt;
}

Result<LmdbFile::Meta> LmdbFile::newest_meta() {
  KIST_ASSIGN(std::optional<Meta> newest, read_meta(0));
  const auto form = std::pair(word_, big_endian_);
  // Where the first is lost, the second lies at one of a few places.
  for (std::uint64_t offset = newest ? newest->page_size : kLeastPage; offset <= kMostPage;
       offset *= 2) {
    if (offset < kLeastPage) break;
    KIST_ASSIGN(const std::optional<Meta> second, read_meta(offset));
    const bool fits =
        second && second->page_size == offset && (!newest || form == std::pair(word_, big_endian_));
    if (fits && (!newest || second->transaction > newest->transaction)) return *second;
    if (newest) break;
  }
  if (!newest) return fail(ErrorCode::kNotAStore, source_->name() + ": is no LMDB 0.9 file");
  std::tie(word_, big_endian_) = form;
  return *newest;
}

Result<LmdbFile> LmdbFile::open(Source& source) {
  LmdbFile file(source);
  KIST_ASSIGN(const Meta meta, file.newest_meta());
  file.page_size_ = meta.page_size;
  const bool power = (meta.page_size & (meta.page_size - 1)) == 0;
  if (!power || meta.page_size < kLeastPage || meta.page_size > kMostPage) {
    return file.damaged(0, fmt::format("pages of {} bytes", meta.page_size));
  }
  const std::uint64_t there = source.size() / meta.page_size;
  if (meta.last_page >= there) {
    return file.damaged(
        0, fmt::format("{} pages are in use, the file has {}", meta.last_page + 1, there));
  }
  file.pages_ = meta.last_page + 1;
  file.transaction_ = meta.transaction;
  file.main_ = meta.main;
  file.visited_.resize(static_cast<std::size_t>(file.pages_));
  return file;
}

Result<bool> LmdbFile::unchanged() {
  LmdbFile now(*source_);
  KIST_ASSIGN(const Meta meta, now.newest_meta());
  return meta.transaction == transaction_ && meta.main.root == main_.root;
}

/// Notes that pages are being visited. Errors: kDamaged, when they do not exist or were before.
Result<void> LmdbFile::claim(std::uint64_t page, std::uint64_t pages) {
  if (page < 2 || page >= pages_ || pages == 0 || pages > pages_ - page) {
    return damaged(page, fmt::format("{} pages there lie outside of the file", pages));
  }
  for (std::uint64_t i = page; i < page + pages; ++i) {
    const auto at = static_cast<std::size_t>(i);
    if (visited_[at]) return damaged(i, "two ways lead there");
    visited_[at] = true;
  }
  return {};
}

/// Reads the header of a page, or of one within another.
Result<void> LmdbFile::measure(Page& page) const {
  if (page.bytes.size() < header()) return damaged(page.number, "a page within it is too short");
  page.flags = static_cast<std::uint16_t>(load(page.bytes.data() + word_ + 2, 2));
  const std::uint64_t lower = load(page.bytes.data() + word_ + 4, 2);
  if (lower < header() || lower > page.bytes.size()) {
    return damaged(page.number, fmt::format("its entries end at byte {}", lower));
  }
  page.keys = static_cast<std::size_t>(lower - header()) / 2;
  return {};
}

Result<LmdbFile::Page> LmdbFile::read_page(std::uint64_t number) {
  KIST_TRY(claim(number, 1));
  Page page;
  page.number = number;
  page.bytes.resize(static_cast<std::size_t>(page_size_));
  KIST_TRY(source_->read_at(number * page_size_, page.bytes));
  if (word(page.bytes.data()) != number) return damaged(number, "it carries another number");
  KIST_TRY(measure(page));
  return page;
}

Result<LmdbFile::Node> LmdbFile::node(const Page& page, std::size_t index) const {
  const Bytes bytes = page.bytes;
  const auto at = static_cast<std::size_t>(load(bytes.data() + header() + 2 * index, 2));
  if (at < header() || at > bytes.size() || bytes.size() - at < kNodeHeader) {
    return damaged(page.number, fmt::format("entry {} lies at byte {}", index, at));
  }
  Node node;
  node.size_or_child = load(bytes.data() + at, 4);
  node.flags = static_cast<std::uint16_t>(load(bytes.data() + at + 4, 2));
  const auto size = static_cast<std::size_t>(load(bytes.data() + at + 6, 2));
  const Bytes behind = bytes.subspan(at + kNodeHeader);
  if (size > behind.size()) {
    return damaged(page.number, fmt::format("the key of entry {} has {} bytes", index, size));
  }
  node.key = behind.first(size);
  node.rest = behind.subspan(size);
  return node;
}

Result<void> LmdbFile::walk(const LmdbTree& tree, const Visit& visit) {
  if (tree.empty) return {};
  return walk_page(tree.root, 0, tree, visit);
}

Result<void> LmdbFile::walk_page(std::uint64_t number, int depth, const LmdbTree& tree,
                                 const Visit& visit) {
  if (depth >= kMostDepth) return damaged(number, "the tree is too deep");
  KIST_ASSIGN(const Page page, read_page(number));
  if ((page.flags & (kOverflow | kMeta)) != 0 ||
      ((page.flags & kBranch) != 0) == ((page.flags & kLeaf) != 0)) {
    return damaged(number, fmt::format("is of kind {:#x}, not of a tree", page.flags));
  }
  if ((page.flags & kLeaf) != 0 && of_key_) return walk_values(page, *of_key_, visit);
  if ((page.flags & kLeafOfFixedSize) != 0) return damaged(number, "has keys without values");
  for (std::size_t i = 0; i < page.keys; ++i) {
    KIST_ASSIGN(const Node found, node(page, i));
    if ((page.flags & kLeaf) != 0) {
      KIST_TRY(visit_node(page, found, tree, depth, visit));
      continue;
    }
    const std::uint64_t high = word_ == 8 ? std::uint64_t{found.flags} << 32 : 0;
    KIST_TRY(walk_page(found.size_or_child | high, depth + 1, tree, visit));
  }
  return {};
}

Result<void> LmdbFile::visit_node(const Page& page, const Node& node, const LmdbTree& tree,
                                  int depth, const Visit& visit) {
  if ((node.flags & kBigData) != 0) {
    if (node.rest.size() < word_) return damaged(page.number, "a large value without a page");
    const std::uint64_t first = word(node.rest.data());
    const std::uint64_t size = node.size_or_child;
    KIST_TRY(claim(first, (header() + size + page_size_ - 1) / page_size_));
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(header() + size));
    KIST_TRY(source_->read_at(first * page_size_, bytes));
    if (word(bytes.data()) != first || (load(bytes.data() + word_ + 2, 2) & kOverflow) == 0) {
      return damaged(first, "is no large value");
    }
    return visit({node.key, Bytes(bytes).subspan(header()), std::nullopt});
  }
  if (node.size_or_child > node.rest.size()) {
    return damaged(page.number, fmt::format("a value has {} bytes", node.size_or_child));
  }
  const Bytes value = node.rest.first(static_cast<std::size_t>(node.size_or_child));
  const bool has_tree = (node.flags & kSubData) != 0;
  const bool has_values = (node.flags & kDupData) != 0;
  if (has_values && !tree.duplicates()) {
    return damaged(page.number, "several values of a key that may have one");
  }
  if (!has_tree && !has_values) return visit({node.key, value, std::nullopt});
  if (!has_tree) {
    Page within;
    within.number = page.number;
    within.bytes.assign(value.begin(), value.end());
    KIST_TRY(measure(within));
    return walk_values(within, node.key, visit);
  }
  if (value.size() < 8 + 5 * word_) return damaged(page.number, "a tree without a root");
  const LmdbTree inner = tree_at(value.data());
  if (!has_values) return visit({node.key, value, inner});
  if (inner.empty) return {};
  of_key_ = node.key;
  const Result<void> walked = walk_page(inner.root, depth + 1, inner, visit);
  of_key_ = std::nullopt;
  return walked;
}

Result<void> LmdbFile::walk_values(const Page& page, Bytes key, const Visit& visit) {
  const bool fixed = (page.flags & kLeafOfFixedSize) != 0;
  const auto size = static_cast<std::size_t>(load(page.bytes.data() + word_, 2));
  if (fixed && page.keys * size > page.bytes.size() - header()) {
    return damaged(page.number, fmt::format("{} values of {} bytes", page.keys, size));
  }
  for (std::size_t i = 0; i < page.keys; ++i) {
    if (fixed) {
      const Bytes value = Bytes(page.bytes).subspan(header() + i * size, size);
      KIST_TRY(visit({key, value, std::nullopt}));
      continue;
    }
    KIST_ASSIGN(const Node found, node(page, i));
    KIST_TRY(visit({key, found.key, std::nullopt}));
  }
  return {};
}

}  // namespace kist::transfer
