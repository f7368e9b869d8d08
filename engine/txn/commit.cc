// The way from dirty pages in memory to an acknowledged commit; engine/docs/commit.md says why it
// is safe to stop anywhere on it.

#include <deque>

#include <fmt/format.h>

#include "engine/base/failpoints.h"
#include "engine/txn/environment.h"
#include "engine/txn/overflow_writer.h"
#include "engine/txn/page_writer.h"
#include "engine/txn/tree_commit.h"
#include "engine/txn/write_state.h"

namespace kist::engine {
namespace {

// A relaxed commit of so many bytes is stored through a map rather than written by calls.
constexpr std::uint64_t kStoredCommit = std::uint64_t{64} << 10;

}  // namespace

Result<std::uint64_t> WriteState::commit(Durability durability) {
  if (latched()) {
    return fail(ErrorCode::kLatched,
                environment_.path + ": a write or flush failed before, so nothing is acknowledged");
  }
  if (!changed) return snapshot_->id;
  return write_and_publish(durability);
}

/// Dirties the catalog pages of every changed table, so that they are counted before space is
/// planned. The records get their final roots in write_pages().
Result<void> WriteState::update_catalog() {
  for (std::uint32_t i = 1; i < snapshot_->tables.size(); ++i) {
    TableState& table = snapshot_->tables[i];
    if (!table.dirty) continue;
    KIST_TRY(store_in_catalog(environment_.table_name(i), table));
  }
  return {};
}

/// What the next flush would have to write for this commit, less what it would no longer have to.
std::uint64_t WriteState::added_to_flush() const {
  const std::uint64_t durable = environment_.sharing->durable().id;
  std::uint64_t pages = 0;
  for (const FreedRun& one : context.freed) {
    if (one.birth > durable && one.birth != id_) pages += one.run.pages;
  }
  return memory_->bytes() + early.bytes_written() - pages * environment_.page_size;
}

Result<CommitSpace> WriteState::plan() {
  std::vector<std::uint64_t> overflow;
  for (std::size_t i = 0; i < context.values.size(); ++i) {
    if (context.values.live(i)) {
      overflow.push_back(overflow_pages(context.values.bytes(i).size(), environment_.page_size));
    }
  }
  commit_nonce_ = environment_.next_nonce();
  added_to_flush_ = added_to_flush();
  return environment_.space->plan_commit(
      commit_nonce_, context.arena.live(), overflow, std::move(context.freed),
      trim.value_or(durability_ == Durability::kDurable ? Trim::kByPolicy : Trim::kNever));
}

Result<void> WriteState::write_pages(const CommitSpace& plan) {
  Stopwatch watch;
  early.about_to_write(plan.tree);
  early.about_to_write({&plan.record_run, 1});
  // Through a map a flush takes longer afterwards, and many pages in a row gain nothing.
  const bool small = memory_->bytes() <= kStoredCommit && plan.record.size() <= kStoredCommit;
  os::SharedMemory* const map = small && durability_ == Durability::kRelaxed
                                    ? environment_.write_map(plan.file_pages)
                                    : nullptr;
  PageWriter out(environment_.file, environment_.page_size, map);
  std::deque<OverflowImage> images;
  std::vector<Ref> values(context.values.size());
  std::size_t placed = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!context.values.live(i)) continue;
    const std::uint64_t page = plan.overflow[placed++];
    const OverflowImage& image = images.emplace_back(context.values.bytes(i), page, id_,
                                                     environment_.page_size, environment_.seed);
    values[i] = image.ref();
    const Run run{page, overflow_pages(image.ref().count, environment_.page_size)};
    early.about_to_write({&run, 1});
    KIST_TRY(out.add_pieces(page, image.pieces()));
  }
  TreeCommit commit(context, plan.tree, id_, environment_.seed, values, out);
  for (std::uint32_t i = 1; i < snapshot_->tables.size(); ++i) {
    TableState& table = snapshot_->tables[i];
    if (!table.dirty) continue;
    KIST_ASSIGN(table.record.root, commit.write(table.record.root));
    KIST_TRY(store_in_catalog(environment_.table_name(i), table));
  }
  KIST_ASSIGN(snapshot_->catalog.root, commit.write(snapshot_->catalog.root));
  TableRecord& main = snapshot_->tables[0].record;
  KIST_ASSIGN(main.root, commit.write(main.root));
  const Bytes record(plan.record);
  KIST_TRY(out.add_pieces(plan.record_run.start, {&record, 1}));
  KIST_TRY(out.write());
  environment_.pager->wrote(plan.tree, id_);
  const std::uint64_t writing = out.time_in_writes();
  environment_.commits.hash.add(watch.lap() - writing);
  environment_.commits.write.add(writing);
  return {};
}

/// What the slot of the transaction says.
Result<MetaSlot> WriteState::describe(const CommitSpace& plan) const {
  Environment& env = environment_;
  MetaSlot slot = env.tip;
  slot.id = id_;
  slot.commit_nonce = commit_nonce_;
  KIST_ASSIGN(const MetaSlot durable, env.durable_slot());
  slot.base = durable.id;
  slot.id_ceiling = env.id_ceiling();
  slot.state = SlotState::kRelaxed;
  slot.catalog = snapshot_->catalog;
  slot.main = snapshot_->tables[0].record;
  slot.space = plan.record_ref;
  slot.file_pages = plan.file_pages;
  slot.domain_version = snapshot_->domain_version;
  slot.markers = snapshot_->markers;
  if (metadata) slot.metadata = *metadata;
  return slot;
}

/// Makes what was written the tip.
Result<void> WriteState::finish(const CommitSpace& plan) {
  Environment& env = environment_;
  KIST_ASSIGN(MetaSlot slot, describe(plan));
  if (early.rewrites()) {
    // Nothing may name this transaction before its last contents are surely on the device: neither
    // a slot nor the lock file.
    if (!planted(Bug::kRewritesNotFlushed)) KIST_TRY(env.flush_writes());
    slot.base = id_;
  }
  env.sharing->add_unflushed(added_to_flush_);
  KIST_FAILPOINT("commit.before_tip");
  env.store_tip(slot);
  KIST_FAILPOINT("commit.after_tip");
  return {};
}

/// Everything but the slot. An error has been dealt with: the environment is as if nothing had been
/// tried, or latched.
Result<CommitSpace> WriteState::write_everything(Durability durability) {
  Environment& env = environment_;
  const Change announced(*snapshot_, context);
  durability_ = durability;
  Stopwatch watch;
  early.drop_all(nullptr);
  KIST_TRY(update_catalog());
  KIST_ASSIGN(CommitSpace space_plan, plan());
  KIST_TRY(env.raise_ceiling(id_));
  env.sharing->burn(id_);
  KIST_FAILPOINT("commit.before_pages");
  if (auto grown = early.lengthen(space_plan.file_pages); !grown) {
    if (grown.error().code != ErrorCode::kNoSpace) return std::unexpected(env.latch(grown.error()));
    return std::unexpected(std::move(grown).error());
  }
  env.commits.tree.add(watch.lap());
  const Result<void> done = write_pages(space_plan);
  KIST_FAILPOINT("commit.after_pages");
  if (!done) return std::unexpected(env.latch(done.error()));
  return space_plan;
}

Result<std::uint64_t> WriteState::write_and_publish(Durability durability) {
  Environment& env = environment_;
  const std::uint64_t version_before = env.tip.domain_version;
  KIST_ASSIGN(const CommitSpace space_plan, write_everything(durability));
  if (auto done = finish(space_plan); !done) return std::unexpected(env.latch(done.error()));
  env.space->committed();
  if (durability == Durability::kRelaxed) {
    if (auto kept = env.keep_relaxed_slot(); !kept) return std::unexpected(kept.error());
    env.sharing->publish_tip();
  }
  KIST_FAILPOINT("commit.after_publish");
  if (space_plan.file_pages < space_plan.file_pages_before) KIST_TRY(cut_file(space_plan));
  if (env.tip.domain_version != version_before) env.raised_domain_version(env.tip.domain_version);
  return id_;
}

/// Gives the tail of the file back, to which nothing refers any more. Not before a slot on the
/// device says that the file is shorter, and still as the writer, so that nobody lengthens it again
/// meanwhile.
Result<void> WriteState::cut_file(const CommitSpace& plan) {
  if (!planted(Bug::kCutTooEarly)) KIST_TRY(environment_.finish_durable(id_));
  // If this fails, the file stays longer than it needs to be.
  (void)environment_.file.resize(plan.file_pages * environment_.page_size);
  KIST_FAILPOINT("commit.after_cut");
  return {};
}

Result<std::uint64_t> WriteState::prepare() {
  if (latched()) {
    return fail(ErrorCode::kLatched,
                environment_.path + ": a write or flush failed before, so nothing is acknowledged");
  }
  KIST_ASSIGN(const CommitSpace space_plan, write_everything(Durability::kDurable));
  KIST_ASSIGN(MetaSlot slot, describe(space_plan));
  KIST_TRY(environment_.write_prepared(slot));
  return id_;
}

}  // namespace kist::engine
