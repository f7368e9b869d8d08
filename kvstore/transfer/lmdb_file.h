#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <kist/engine/error.h>

#include "kvstore/transfer/source.h"

namespace kist::transfer {

/// A B+tree of an LMDB file, as its record says.
struct LmdbTree {
  std::uint64_t root = 0;
  std::uint64_t entries = 0;
  std::uint16_t flags = 0;
  bool empty = true;

  bool duplicates() const { return (flags & 0x04) != 0; }
  bool integer_keys() const { return (flags & 0x08) != 0; }
};

/// The newest state of an LMDB 0.9 file, read page by page. Of 32 or 64 bits, of either byte order,
/// of any page size. Nothing in the file is believed: what lies outside of it, of its page or of
/// its kind is kDamaged, and no page is visited twice, so every walk ends.
class LmdbFile {
 public:
  /// `source` is borrowed. Errors: kNotAStore, kNewerFormat, kDamaged.
  static Result<LmdbFile> open(Source& source);

  /// The main database.
  const LmdbTree& main() const { return main_; }

  /// What a walk finds: key and value, or, of a named database in the main one, its name and tree.
  /// Borrowed during the call.
  struct Found {
    Bytes key;
    Bytes value;
    std::optional<LmdbTree> database;
  };
  using Visit = std::function<Result<void>(const Found&)>;
  /// Visits all records of a tree, in its order; each value of a key with several, too. Errors:
  /// kDamaged, kIo, and what `visit` returns.
  Result<void> walk(const LmdbTree& tree, const Visit& visit);

  /// Whether it is still in the state that was opened. Errors: kIo.
  Result<bool> unchanged();

  /// An integer in the file's byte order, of 4 or 8 bytes.
  std::uint64_t number(Bytes bytes) const { return load(bytes.data(), bytes.size()); }

 private:
  struct Meta {
    std::uint64_t transaction = 0;
    std::uint64_t last_page = 0;
    std::uint64_t page_size = 0;
    LmdbTree main;
  };
  struct Page {
    std::vector<std::uint8_t> bytes;
    std::uint64_t number = 0;
    std::uint16_t flags = 0;
    std::size_t keys = 0;
  };
  struct Node;

  explicit LmdbFile(Source& source) : source_(&source) {}

  std::uint64_t load(const std::uint8_t* at, std::size_t size) const;
  std::uint64_t word(const std::uint8_t* at) const { return load(at, word_); }
  std::size_t header() const { return word_ + 8; }
  std::unexpected<Error> damaged(std::uint64_t page, const std::string& what) const;

  Result<std::optional<Meta>> read_meta(std::uint64_t offset);
  Result<Meta> newest_meta();
  LmdbTree tree_at(const std::uint8_t* at) const;

  Result<void> claim(std::uint64_t page, std::uint64_t pages);
  Result<Page> read_page(std::uint64_t number);
  Result<void> measure(Page& page) const;
  Result<Node> node(const Page& page, std::size_t index) const;
  Result<void> walk_page(std::uint64_t number, int depth, const LmdbTree& tree, const Visit& visit);
  Result<void> visit_node(const Page& page, const Node& node, const LmdbTree& tree, int depth,
                          const Visit& visit);
  /// `key`: of the values of a key, else nothing.
  Result<void> walk_values(const Page& page, Bytes key, const Visit& visit);

  Source* source_;
  std::size_t word_ = 8;     // bytes of a page number
  bool big_endian_ = false;  // the file's byte order
  std::uint64_t transaction_ = 0;
  std::uint64_t page_size_ = 0;
  std::uint64_t pages_ = 0;  // of the state that was opened
  LmdbTree main_;
  std::vector<bool> visited_;
  std::optional<Bytes> of_key_;  // while the values of a key are walked
};

}  // namespace kist::transfer
