#include "engine/upkeep/compact.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "engine/tree/comparators.h"
#include "engine/tree/tree_mover.h"
#include "engine/tree/tree_path.h"
#include "engine/tree/tree_reader.h"
#include "engine/txn/environment.h"
#include "engine/txn/snapshot.h"
#include "engine/txn/write_state.h"

namespace kist::engine {

/// Where the next step goes on. Others may have changed everything in between: then some pages are
/// looked at twice, or only in the next pass.
struct CompactionPass {
  enum class Stage : std::uint8_t { kDefaultTable, kNamedTables, kCatalog, kTrim };
  Stage stage = Stage::kDefaultTable;
  std::string table;         // in kNamedTables: the one to go on with
  TreeMover::Where where;    // in its tree
  bool moved = false;        // something, in this pass
  std::uint64_t passes = 0;  // that were completed
  std::uint64_t trims = 0;   // commits that only gave space back
  std::uint64_t held = 0;    // pages that could not be used even after the last flush for it
};

namespace {

using std::chrono::steady_clock;
using Stage = CompactionPass::Stage;

// Others go on writing, and not everything fits everywhere: after so many passes it is good enough.
constexpr std::uint64_t kMostPasses = 4;
// Room behind the content that is not fought for.
constexpr std::uint64_t kSlackFraction = 64;
constexpr std::uint64_t kSlackPages = 8;
constexpr std::uint64_t kGoodFraction = 16;
constexpr std::uint64_t kLeastMoved = 16;
constexpr std::uint64_t kNowhere = ~std::uint64_t{0};
// What a commit gives up becomes free with the next one, and so do the records of that one.
constexpr std::uint64_t kMostTrims = 4;

class CompactionStep {
 public:
  CompactionStep(Environment& environment, Snapshot& snapshot, const CompactBudget& budget)
      : environment_(environment),
        snapshot_(snapshot),
        state_(*snapshot.write),
        space_(*environment.space),
        pass_(*environment.compaction),
        budget_(std::max<std::uint64_t>(budget.pages, 1)) {
    if (budget.time) deadline_ = steady_clock::now() + *budget.time;
  }

  /// How run() has committed: only what cuts the file has to last at once.
  Durability durability() const { return how_; }

  Result<CompactProgress> run() {
    const std::uint64_t before = space_.file_pages();
    space_.place_low();
    if (wants_flush()) {
      KIST_TRY(environment_.make_durable_and_release());
      pass_.held = space_.pending_pages();
    }
    // Readers may have gone that held the place where things belong.
    const std::uint64_t good = target() + target() / kGoodFraction;
    if (pass_.stage == Stage::kTrim && pass_.passes < kMostPasses && before > good && room() != 0) {
      pass_.stage = Stage::kDefaultTable;
      pass_.trims = 0;
    }
    if (pass_.stage != Stage::kTrim) KIST_TRY(move());
    const bool trims = pass_.stage == Stage::kTrim;
    if (trims) {
      state_.changed = true;
      state_.trim = Trim::kAll;
    }
    how_ = trims ? Durability::kDurable : Durability::kRelaxed;
    KIST_TRY(state_.commit(how_));
    CompactProgress progress{.pages_moved = moved_,
                             .file_pages = space_.file_pages(),
                             .pages_held = space_.pending_pages()};
    if (trims) {
      // The first gives up the records of the last moves, so the second may give back more.
      const bool shrank = progress.file_pages < before;
      progress.done = ++pass_.trims >= kMostTrims || (pass_.trims >= 2 && !shrank);
    }
    return progress;
  }

 private:
  /// Whether the commits so far are to be made durable first, since what they gave up can be used
  /// again only then: at the start of each pass, before the file is cut, and when that is as much
  /// as the slack, because others who write need room meanwhile, and would take it further back.
  bool wants_flush() const {
    const bool starts = pass_.stage == Stage::kDefaultTable && pass_.where.empty();
    return starts || pass_.stage == Stage::kTrim || space_.pending_pages() >= pass_.held + slack();
  }
  std::uint64_t in_use() const {
    return space_.file_pages() - space_.free_pages() - space_.pending_pages();
  }
  std::uint64_t slack() const { return in_use() / kSlackFraction + kSlackPages; }
  /// Where the file would end if everything lay together.
  std::uint64_t target() const { return in_use() + slack(); }
  /// Free pages before that.
  std::uint64_t room() const {
    const std::uint64_t end = target();
    std::uint64_t pages = 0;
    space_.free_runs().for_each([&](const Run& run) {
      if (run.start < end) pages += std::min(run.end(), end) - run.start;
    });
    return pages;
  }

  Result<void> move() {
    // The paths to what is moved need room, too. Without any, packing pages makes some.
    const std::uint64_t most = std::min(budget_, std::max(room() / 2, kLeastMoved));
    const TreeMover::Task task{
        .from = room() == 0 ? kNowhere : target(),
        .fits_before =
            [this](std::uint64_t pages, std::uint64_t page) {
              const std::optional<Run> run = space_.free_runs().lowest_fit(pages);
              return run && run->start < page;
            },
        .add_value = [this](Bytes value) { return state_.write_through(value); },
        .enough =
            [this, most](std::uint64_t moved) {
              return moved >= most || (deadline_ && steady_clock::now() >= *deadline_);
            }};
    const Change announced(snapshot_, state_.context);
    TreeMover mover(state_.context, task);
    const Result<void> walked = walk(mover);
    moved_ = mover.moved();
    pass_.moved |= moved_ != 0;
    return walked;
  }

  Result<void> walk(TreeMover& mover) {
    if (pass_.stage == Stage::kDefaultTable) {
      Ref& root = snapshot_.tables[0].record.root;
      KIST_ASSIGN(const bool through, move_tree(mover, root, kPlainShape, kPlainShape));
      if (!through) return {};
      pass_.stage = Stage::kNamedTables;
      pass_.table.clear();
    }
    if (pass_.stage == Stage::kNamedTables) {
      KIST_ASSIGN(const bool through, move_tables(mover));
      if (!through) return {};
      pass_.stage = Stage::kCatalog;
    }
    KIST_ASSIGN(const bool through,
                move_tree(mover, snapshot_.catalog.root, kPlainShape, kPlainShape));
    if (!through) return {};
    const bool again = ++pass_.passes < kMostPasses && pass_.moved;
    pass_.stage = again ? Stage::kDefaultTable : Stage::kTrim;
    pass_.moved = false;
    return {};
  }

  /// Goes on with one tree. Whether it came to its end.
  Result<bool> move_tree(TreeMover& mover, Ref& root, const TreeShape& shape,
                         const TreeShape& values) {
    KIST_ASSIGN(const Ref moved, mover.move(root, shape, values, std::move(pass_.where)));
    pass_.where = mover.stopped() ? mover.where() : TreeMover::Where();
    if (moved != root) {
      root = moved;
      state_.changed = true;
    }
    return !mover.stopped();
  }

  Result<bool> move_tables(TreeMover& mover) {
    KIST_ASSIGN(const std::vector<std::string> names, tables_from(pass_.table));
    for (const std::string& name : names) {
      if (name != pass_.table) pass_.where.clear();
      pass_.table = name;
      LeafRecord found;
      const Found there =
          find_record(state_.context.view, snapshot_.catalog.root, as_bytes(name), found);
      if (there == Found::kError) return std::unexpected(state_.context.view.take_error());
      const auto record = there == Found::kNo || found.indirect
                              ? std::nullopt
                              : decode_table_record(found.value_bytes());
      if (!record) {
        return fail(ErrorCode::kDamaged, fmt::format("{}: the record of table '{}' is damaged",
                                                     environment_.path, name));
      }
      const std::string comparators = to_string(found.value_bytes().subspan(TableRecord::kSize));
      const TableShapes shapes =
          table_shapes(*record, comparators, environment_.page_size, &environment_.comparators);
      Ref root = record->root;
      KIST_ASSIGN(const bool through, move_tree(mover, root, shapes.keys, shapes.values));
      if (root != record->root) {
        KIST_ASSIGN(const Table table, environment_.intern(name));
        KIST_ASSIGN(TableState * known, snapshot_.existing(table));
        known->record.root = root;
        known->dirty = true;
      }
      if (!through) return false;
    }
    return true;
  }

  Result<std::vector<std::string>> tables_from(const std::string& first) {
    std::vector<std::string> names;
    TreePath catalog;
    catalog.reset(snapshot_.view, kPlainShape, snapshot_.catalog.root);
    KIST_ASSIGN(bool more, catalog.first());
    while (more) {
      const LeafRecord record = catalog.record();
      if (record.key == nullptr) return std::unexpected(catalog.damaged("contradicts itself"));
      std::string name = to_string(record.key_bytes());
      if (name >= first) names.push_back(std::move(name));
      KIST_ASSIGN(more, catalog.forward());
    }
    return names;
  }

  Environment& environment_;
  Snapshot& snapshot_;
  WriteState& state_;
  SpaceMap& space_;
  CompactionPass& pass_;
  const std::uint64_t budget_;
  std::optional<steady_clock::time_point> deadline_;
  std::uint64_t moved_ = 0;
  Durability how_ = Durability::kDurable;
};

}  // namespace

Result<CompactProgress> compact_environment(const std::shared_ptr<Environment>& environment,
                                            const CompactBudget& budget, Wait wait) {
  const auto snapshot = std::make_shared<Snapshot>(environment);
  KIST_TRY(environment->begin_write(*snapshot, wait));
  snapshot->write = std::make_unique<WriteState>(*environment, *snapshot);
  if (!environment->compaction) environment->compaction = std::make_shared<CompactionPass>();
  CompactionStep step(*environment, *snapshot, budget);
  const Result<CompactProgress> progress = step.run();
  const std::uint64_t id = environment->tip.id;
  if (!progress || progress->done) environment->compaction.reset();
  snapshot->end();  // lets the next writer work while the commit is flushed
  if (progress) KIST_TRY(environment->finish_commit(id, step.durability()));
  return progress;
}

}  // namespace kist::engine
