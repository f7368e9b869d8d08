#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <kist/engine/error.h>

#include "engine/format/ref.h"
#include "engine/space/run.h"
#include "engine/tree/node.h"
#include "engine/tree/write_context.h"
#include "engine/txn/page_writer.h"

namespace kist::engine {

/// What became final when trees were written before the commit.
struct WrittenEarly {
  /// A page that stays in memory, because it also refers to something that does, and the place of
  /// one thing that it refers to.
  struct Patch {
    std::uint8_t* page;
    std::size_t index;  // of the record or child
    Ref ref;
    bool leaf;
  };
  std::vector<std::uint64_t> pages;   ///< Arena pages that are not needed any more.
  std::vector<std::uint64_t> values;  ///< Pending values likewise.
  std::vector<Patch> patches;
};

/// Gives the dirty pages of trees their numbers, from the leaves up and in key order, and hands
/// them to a PageWriter. Each page is written once its children have their places, so that it can
/// say what they look like.
class TreeCommit {
 public:
  /// Page numbers are taken from `runs` in their order. Pages are born in transaction `id` and
  /// sealed with `seed`. `values[i]` is the final place of pending large value i. Everything passed
  /// in must outlive the object.
  TreeCommit(WriteContext& context, std::span<const Run> runs, std::uint64_t id, std::uint64_t seed,
             std::span<const Ref> values, PageWriter& out)
      : context_(context), runs_(runs), id_(id), seed_(seed), values_(values), out_(out) {}

  /// Writes the dirty pages below `ref`, itself included, and returns the final reference, which
  /// has the counts of the dirty one. Committed pages stay where they are, and dirty pages as they
  /// are: others may be reading them. Errors: those of writing; kDamaged when there are more pages
  /// than `runs` have room for.
  Result<Ref> write(const Ref& ref);

  /// From now on leaves in memory the pages that a marked state has, and those that refer to such
  /// pages; their references are returned as they are. Notes in `written` what was not left.
  void leave_marked(WrittenEarly& written) { written_ = &written; }

 private:
  std::size_t page_size() const { return context_.view.page_size(); }
  Result<std::uint64_t> next_number();
  Result<std::uint8_t*> room_for(const Ref& ref, std::uint8_t* page, std::uint64_t number);
  Result<Ref> write_leaf(const Ref& ref, std::uint8_t* page);
  Result<Ref> write_branch(const Ref& ref, std::uint8_t* page);
  Ref seal(std::uint8_t* out, std::uint64_t number, const Ref& ref, std::uint16_t indirect) const;

  WriteContext& context_;
  std::span<const Run> runs_;
  std::uint64_t id_;
  std::uint64_t seed_;
  std::span<const Ref> values_;
  PageWriter& out_;
  std::size_t run_ = 0;     // of runs_, being used
  std::uint64_t used_ = 0;  // pages of it that are
  std::vector<LeafRecord> records_;
  // Dirty children, with their places in their branch, of the branches that are being written, one
  // after the other.
  std::vector<std::pair<std::size_t, Ref>> children_;
  WrittenEarly* written_ = nullptr;
};

/// Puts `ref` in the place of the one that record `index` of a leaf in memory has.
void set_leaf_ref(std::uint8_t* page, std::size_t page_size, std::size_t index, const Ref& ref);

}  // namespace kist::engine
