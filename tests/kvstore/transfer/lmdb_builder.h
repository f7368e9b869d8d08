#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kist::test {

/// Builds LMDB 0.9 files as machines of any word size and byte order would write them. What it
/// makes for 64 bits and little-endian is held against liblmdb in lmdb_test.cc.
class LmdbBuilder {
 public:
  using Values = std::map<std::string, std::vector<std::string>>;  // sorted values of a key
  static constexpr std::uint16_t kDuplicates = 0x04;
  static constexpr std::uint16_t kIntegerKeys = 0x08;

  LmdbBuilder(std::size_t word, bool big_endian, std::size_t page_size)
      : word_(word), big_(big_endian), page_size_(page_size), file_(2 * page_size, '\0') {}

  /// Adds a named database.
  void add(const std::string& name, std::uint16_t flags, const Values& records) {
    main_.push_back({name, kSubData, tree(flags, records)});
  }
  /// Adds a record of the main database.
  void add(const std::string& key, const std::string& value) { main_.push_back({key, 0, value}); }

  /// The file.
  std::string finish() {
    std::sort(main_.begin(), main_.end(),
              [](const Node& a, const Node& b) { return a.key < b.key; });
    const std::string main = record(0, main_.size(), build(main_));
    for (const std::uint64_t page : {0U, 1U}) {
      std::string meta = number(page, word_) + number(0, 2) + number(0x08, 2) + number(0, 4);
      meta += number(0xBEEFC0DE, 4) + number(1, 4) + number(0, word_) + number(1 << 20, word_);
      meta += number(page_size_, 4) + std::string(4 + 4 * word_, '\0') + none();
      meta += main + number(file_.size() / page_size_ - 1, word_) + number(page, word_);
      file_.replace(page * page_size_, meta.size(), meta);
    }
    return file_;
  }

 private:
  static constexpr std::uint16_t kBigData = 0x01;
  static constexpr std::uint16_t kSubData = 0x02;
  static constexpr std::uint16_t kDupData = 0x04;
  struct Node {
    std::string key;
    std::uint16_t flags = 0;
    std::string data;
    std::uint64_t child = 0;  // of a branch
  };

  std::string number(std::uint64_t value, std::size_t bytes) const {
    std::string text;
    for (std::size_t i = 0; i < bytes; ++i) {
      const std::size_t shift = 8 * (big_ ? bytes - 1 - i : i);
      text += static_cast<char>(value >> shift & 0xFF);
    }
    return text;
  }
  std::string none() const { return std::string(word_, '\xFF'); }
  std::size_t header() const { return word_ + 8; }

  /// MDB_db.
  std::string record(std::uint16_t flags, std::size_t entries, const std::string& root) const {
    return number(0, 4) + number(flags, 2) + number(1, 2) + std::string(3 * word_, '\0') +
           number(entries, word_) + root;
  }
  std::string tree(std::uint16_t flags, const Values& records) {
    std::vector<Node> nodes;
    std::size_t entries = 0;
    for (const auto& [key, values] : records) {
      entries += values.size();
      nodes.push_back(values.size() == 1 ? Node{key, 0, values.front()} : several(key, values));
    }
    return record(flags, entries, build(nodes));
  }
  /// Few values in a page within the node, many in a tree of their own.
  Node several(const std::string& key, const std::vector<std::string>& values) {
    std::vector<Node> nodes;
    for (const std::string& value : values) nodes.push_back({value, 0, ""});
    if (values.size() > 4) {
      return {key, kSubData | kDupData, record(0, values.size(), build(nodes))};
    }
    std::size_t size = header();
    for (const Node& node : nodes) size += 2 + size_of(node);
    return {key, kDupData, page(nodes, 0, 0x42, size)};
  }
  static std::size_t size_of(const Node& node) {
    return (8 + node.key.size() + node.data.size() + 1) & ~std::size_t{1};
  }
  std::string page(const std::vector<Node>& nodes, std::uint64_t at, std::uint16_t flags,
                   std::size_t size) const {
    std::string bytes(size, '\0');
    std::size_t upper = size;
    std::string pointers;
    for (const Node& node : nodes) {
      const bool branch = (flags & 0x01) != 0;
      const bool big = (node.flags & kBigData) != 0;
      const std::string data = big ? node.data.substr(4) : node.data;
      const std::uint64_t length = branch ? node.child & 0xFFFF'FFFF
                                   : big  ? length_of(node.data)
                                          : data.size();
      const std::uint64_t above = branch ? node.child >> 32 : node.flags;
      upper -= (8 + node.key.size() + data.size() + 1) & ~std::size_t{1};
      const std::string text =
          number(length, 4) + number(above, 2) + number(node.key.size(), 2) + node.key + data;
      bytes.replace(upper, text.size(), text);
      pointers += number(upper, 2);
    }
    const std::string head = number(at, word_) + number(0, 2) + number(flags, 2) +
                             number(header() + pointers.size(), 2) + number(upper, 2) + pointers;
    bytes.replace(0, head.size(), head);
    return bytes;
  }
  /// The length in front of a page number, as large() leaves them.
  static std::uint64_t length_of(const std::string& data) {
    std::uint64_t length = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      length |= std::uint64_t{static_cast<std::uint8_t>(data[i])} << (8 * i);
    }
    return length;
  }
  Node large(const Node& node) {
    const std::size_t pages = (header() + node.data.size() + page_size_ - 1) / page_size_;
    const std::uint64_t at = file_.size() / page_size_;
    std::string bytes =
        number(at, word_) + number(0, 2) + number(0x04, 2) + number(pages, 4) + node.data;
    bytes.resize(pages * page_size_);
    file_ += bytes;
    std::string length;
    for (std::size_t i = 0; i < 4; ++i) length += static_cast<char>(node.data.size() >> (8 * i));
    return {node.key, kBigData, length + number(at, word_)};
  }
  /// Writes the pages of a tree, from its leaves up. Returns the number of its root.
  std::string build(std::vector<Node> nodes) {
    if (nodes.empty()) return none();
    for (Node& node : nodes) {
      if (node.flags == 0 && size_of(node) > page_size_ / 4) node = large(node);
    }
    for (std::uint16_t flags = 0x02;; flags = 0x01) {
      std::vector<Node> above;
      for (std::size_t i = 0; i < nodes.size();) {
        std::vector<Node> here;
        std::size_t size = header();
        for (; i < nodes.size() && size + 2 + size_of(nodes[i]) <= page_size_; ++i) {
          size += 2 + size_of(nodes[i]);
          here.push_back(nodes[i]);
        }
        const std::uint64_t at = file_.size() / page_size_;
        above.push_back({here.front().key, 0, "", at});
        if (flags == 0x01) here.front().key.clear();  // LMDB keeps no key there
        file_ += page(here, at, flags, page_size_);
      }
      if (above.size() == 1) return number(above.front().child, word_);
      nodes = above;
    }
  }

  const std::size_t word_;
  const bool big_;
  const std::size_t page_size_;
  std::string file_;
  std::vector<Node> main_;
};

}  // namespace kist::test
