// The way from dirty pages in memory to an acknowledged commit; engine/docs/commit.md says why it
// is safe to stop anywhere on it.

#include <deque>

#include <fmt/format.h>

#include "engine/base/failpoints.h"
#include "engine/os/random.h"
#include "engine/txn/environment.h"
#include "engine/txn/overflow_writer.h"
#include "engine/txn/page_writer.h"
#include "engine/txn/tree_commit.h"
#include "engine/txn/write_state.h"

namespace kist::engine {
namespace {

// From this size on the pages are flushed before the slot: a second flush costs little then, and
// recovery has nothing to prove.
constexpr std::uint64_t kTwoFlushes = std::uint64_t{8} << 20;

}  // namespace

Result<std::uint64_t> WriteState::commit(Durability durability) {
  if (latched()) {
    return fail(ErrorCode::kLatched,
                environment_.path + ": a write or flush failed before, so nothing is acknowledged");
  }
  if (!changed) {
    if (durability == Durability::kDurable) KIST_TRY(environment_.make_head_durable());
    return snapshot_->id;
  }
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

Result<CommitSpace> WriteState::plan() {
  std::vector<std::uint64_t> overflow;
  for (std::size_t i = 0; i < context.values.size(); ++i) {
    if (context.values.live(i)) {
      overflow.push_back(overflow_pages(context.values.bytes(i).size(), environment_.page_size));
    }
  }
  KIST_ASSIGN(const std::uint64_t nonce, os::random_u64());
  commit_nonce_ = nonce;
  return environment_.space->plan_commit(
      nonce, context.arena.live(), overflow, std::move(context.freed),
      durability_ == Durability::kDurable ? trim : Trim::kNever);
}

Result<void> WriteState::write_pages(const CommitSpace& plan) {
  early.about_to_write(plan.tree);
  early.about_to_write({&plan.record_run, 1});
  PageWriter out(environment_.file, environment_.page_size);
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
  return {};
}

/// What the slot says of the transaction.
void WriteState::describe(const CommitSpace& plan, MetaSlot& slot) const {
  slot.catalog = snapshot_->catalog;
  slot.main = snapshot_->tables[0].record;
  slot.space = plan.record_ref;
  slot.file_pages = plan.file_pages;
  slot.domain_version = snapshot_->domain_version;
  slot.markers = snapshot_->markers;
  if (metadata) slot.metadata = *metadata;
}

/// Steps 2 to 4 of a commit: slot, flush, head.
Result<void> WriteState::finish(const CommitSpace& plan, MetaSlot& slot, Durability durability) {
  Environment& env = environment_;
  const bool durable = durability == Durability::kDurable;
  const std::uint64_t bytes = memory_->bytes() + early.bytes_written();
  const bool flush_first = early.grew() || early.rewrites() || (durable && bytes >= kTwoFlushes);
  const bool flushes = !planted(Bug::kNoFlush);
  if (flush_first && flushes) {
    KIST_TRY(env.file.flush());
    // Everything below is on the device. A relaxed slot itself is not, so its base stays behind.
    if (durable) slot.base = id_;
  }
  slot.state = durable ? SlotState::kDurable : SlotState::kRelaxed;
  describe(plan, slot);
  KIST_TRY(env.write_slot(slot));
  KIST_FAILPOINT("commit.after_slot");
  if (durable && planted(Bug::kPublishBeforeFlush)) env.publish(slot);
  if (durable && flushes && !planted(Bug::kPublishBeforeFlush)) KIST_TRY(env.file.flush());
  KIST_FAILPOINT("commit.after_flush");
  env.publish(slot);
  env.head = slot;
  return {};
}

/// Everything but the slot. An error has been dealt with: the environment is as if nothing had been
/// tried, or latched.
Result<CommitSpace> WriteState::write_everything(Durability durability, MetaSlot& slot) {
  Environment& env = environment_;
  const Change announced(*snapshot_, context);
  durability_ = durability;
  early.drop_all(nullptr);
  KIST_TRY(update_catalog());
  KIST_ASSIGN(CommitSpace space_plan, plan());
  KIST_TRY(env.raise_ceiling(id_));
  env.sharing->burn(id_);
  env.sharing->set_in_commit(id_);
  KIST_FAILPOINT("commit.before_pages");
  if (auto grown = early.lengthen(space_plan.file_pages); !grown) {
    env.sharing->set_in_commit(0);  // nothing was written that anything refers to
    if (grown.error().code != ErrorCode::kNoSpace) return std::unexpected(env.latch(grown.error()));
    return std::unexpected(std::move(grown).error());
  }
  slot = env.head;
  slot.id = id_;
  slot.commit_nonce = commit_nonce_;
  slot.base = env.durable_id(env.head);
  if (durability == Durability::kDurable && slot.id_ceiling - id_ < 1024) slot.id_ceiling += 4096;

  const Result<void> done = write_pages(space_plan);
  KIST_FAILPOINT("commit.after_pages");
  if (!done) return std::unexpected(env.latch(done.error()));
  return space_plan;
}

Result<std::uint64_t> WriteState::write_and_publish(Durability durability) {
  Environment& env = environment_;
  const std::uint64_t version_before = env.head.domain_version;
  MetaSlot slot;
  KIST_ASSIGN(const CommitSpace space_plan, write_everything(durability, slot));
  if (auto done = finish(space_plan, slot, durability); !done) {
    return std::unexpected(env.latch(done.error()));
  }
  env.space->committed();
  env.sharing->set_in_commit(0);
  KIST_FAILPOINT("commit.after_publish");
  if (space_plan.file_pages < space_plan.file_pages_before) {
    // Nothing refers to the tail any more. If this fails, the file stays longer than it needs to
    // be.
    (void)env.file.resize(space_plan.file_pages * env.page_size);
  }
  if (slot.domain_version != version_before) env.raised_domain_version(slot.domain_version);
  return id_;
}

Result<std::uint64_t> WriteState::prepare() {
  if (latched()) {
    return fail(ErrorCode::kLatched,
                environment_.path + ": a write or flush failed before, so nothing is acknowledged");
  }
  MetaSlot slot;
  KIST_ASSIGN(const CommitSpace space_plan, write_everything(Durability::kDurable, slot));
  if (auto done = finish_prepared(space_plan, slot); !done) {
    return std::unexpected(environment_.latch(done.error()));
  }
  return id_;
}

/// Two flushes, so that a prepared slot that is whole says by itself that all it refers to is, too.
Result<void> WriteState::finish_prepared(const CommitSpace& plan, MetaSlot& slot) {
  Environment& env = environment_;
  KIST_TRY(env.file.flush());
  slot.base = id_;
  slot.state = SlotState::kPrepared;
  describe(plan, slot);
  KIST_TRY(env.write_slot(slot));
  KIST_FAILPOINT("prepare.after_slot");
  KIST_TRY(env.file.flush());
  env.sharing->set_prepared(id_);
  env.sharing->set_in_commit(0);
  KIST_FAILPOINT("prepare.after_flush");
  return {};
}

}  // namespace kist::engine
