#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <kist/engine/error.h>

#include "engine/os/file.h"
#include "engine/pager/pager.h"
#include "engine/space/space_map.h"
#include "engine/tree/node.h"
#include "engine/tree/shape.h"
#include "engine/upkeep/pace.h"
#include "engine/upkeep/page_scan.h"
#include "engine/upkeep/slots.h"

namespace kist::engine {

/// A damaged file: its pages, as far as they are whole.
class SalvageSource {
 public:
  /// Opens the file, finds out its page size and the key of its checksums, and looks at every page.
  static Result<std::unique_ptr<SalvageSource>> open(const std::string& path, Pace& pace);

  /// A page as it describes itself; ok: it is whole.
  struct PageInfo {
    std::uint64_t birth = 0;
    std::uint32_t checksum = 0;
    std::uint32_t kind = 0;
    bool ok = false;
    bool used = false;     // by the chosen state, see know_space()
    bool reached = false;  // a parent led there
    PageType type() const { return static_cast<PageType>(kind & 0xFF); }
    std::uint8_t level() const { return static_cast<std::uint8_t>(kind >> 16); }
    bool tree_page() const {
      return ok && type() != PageType::kOverflow && type() != PageType::kSpace;
    }
  };

  std::uint32_t page_size() const { return pager_->page_size(); }
  std::uint64_t pages() const { return infos_.size(); }
  PageInfo& info(std::uint64_t page) { return infos_[page]; }
  const SlotSet& slots() const { return slots_; }
  bool seed_known() const { return seed_known_; }
  Pager& pager() { return *pager_; }

  /// The bytes of a page, whole or not. REQUIRES: page < pages().
  const std::uint8_t* page(std::uint64_t page) const { return data_ + page * page_size(); }
  /// The tree page that `ref` refers to, when it is whole and the one that is meant.
  const std::uint8_t* tree_page(const Ref& ref, std::uint32_t kind);
  /// The value that `ref` refers to, likewise.
  std::optional<Bytes> value(const Ref& ref);
  /// The key of a leaf record, whole.
  std::optional<Bytes> whole_key(const TreeShape& shape, const LeafRecord& record);

  /// Loads the free map of a state and notes which pages it uses. False when it cannot be read.
  bool know_space(const Ref& newest, std::uint64_t file_pages, std::uint64_t id,
                  std::uint64_t commit_nonce);

 private:
  struct Geometry {
    std::uint32_t page_size = 0;
    std::optional<std::uint64_t> seed;
  };

  SalvageSource(os::File file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}
  std::vector<Geometry> geometries() const;
  std::optional<std::uint32_t> guess_page_size() const;
  Result<void> map(const Geometry& geometry);
  std::uint64_t whole_pages(const Geometry& geometry);
  Result<void> scan(Pace& pace);
  bool plausible(const std::uint8_t* bytes, std::uint64_t page) const;

  os::File file_;
  std::string path_;
  SlotSet slots_;
  std::unique_ptr<Pager> pager_;
  const std::uint8_t* data_ = nullptr;
  std::vector<PageInfo> infos_;
  bool seed_known_ = false;
};

}  // namespace kist::engine
