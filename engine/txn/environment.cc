#include "engine/txn/environment.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include <fmt/format.h>

#include "engine/base/failpoints.h"
#include "engine/os/directory.h"
#include "engine/os/random.h"
#include "engine/txn/lock_bytes.h"
#include "engine/txn/snapshot.h"
#include "engine/upkeep/create.h"
#include "engine/upkeep/recover.h"
#include "engine/upkeep/slots.h"

namespace kist::engine {
namespace {

/// The environments of this process, by the file's identity. A weak entry may be dead already.
struct Registry {
  std::mutex mutex;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::weak_ptr<Environment>> open;
};

/// Never destroyed, because handles may outlive main(). A forked child begins with a new one: the
/// old may be locked by a thread that does not exist there.
Registry& registry() {
  static std::atomic<Registry*> current{new Registry};
  static std::atomic<std::uint32_t> birth{os::fork_count()};
  if (birth.load() != os::fork_count()) {
    birth.store(os::fork_count());
    current.store(new Registry);
  }
  return *current.load();
}

std::uint32_t next_environment_serial() {
  static std::atomic<std::uint32_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

static_assert(sizeof(HeadWords) == kMetaSlotSize, "a tip in shared memory is a meta slot");

constexpr std::uint64_t kLeastMaxFileSize = 65'536;
constexpr std::uint64_t kMostGrowthStep = std::uint64_t{1} << 40;

Result<void> check_arguments(const Options& options) {
  if (options.page_size && !valid_page_size(*options.page_size)) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("page_size is {}, must be a power of two from {} to {}",
                            *options.page_size, kMinPageSize, kMaxPageSize));
  }
  if (options.max_file_size != 0 && options.max_file_size < kLeastMaxFileSize) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("max_file_size is {}, must be at least {}, or 0 for no bound",
                            options.max_file_size, kLeastMaxFileSize));
  }
  if (options.growth_step > kMostGrowthStep) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("growth_step is {}, must be at most {}",
                                                         options.growth_step, kMostGrowthStep));
  }
  return {};
}

}  // namespace

Environment::Environment(std::string canonical, const Options& asked, os::File data)
    : path(std::move(canonical)),
      options(asked),
      file(std::move(data)),
      serial_(next_environment_serial()),
      in_memory_(!file.named()),
      path_check_(
          in_memory_ || !asked.path_check
              ? 0
              : static_cast<std::uint64_t>(std::max<std::int64_t>(1, asked.path_check->count()))),
      checks_domain_version_(asked.domain_version.has_value()),
      domain_version_(asked.domain_version.value_or(0)),
      domain_version_before_(domain_version_.load()) {
  if (options.snapshot) options.exclusive = true;
}

Result<std::shared_ptr<Environment>> Environment::open(const std::string& path,
                                                       const Options& options) {
  KIST_TRY(check_arguments(options));
  KIST_ASSIGN(const std::string canonical, os::canonical_path(path));
  std::shared_ptr<Environment> existing;  // let go of after the lock, which its end would take
  const std::lock_guard lock(registry().mutex);
  for (int attempt = 0;; ++attempt) {
    auto opened = open_file(canonical, options, existing);
    // The file may be replaced between its opening and the moment its openers exclude each other,
    // or deleted between its creation and its opening.
    const bool again = !opened && (opened.error().code == ErrorCode::kBusy ||
                                   (opened.error().code == ErrorCode::kNotFound && options.create));
    if (!again || attempt == 10) return opened;
  }
}

Result<std::shared_ptr<Environment>> Environment::open_file(
    const std::string& canonical, const Options& options, std::shared_ptr<Environment>& existing) {
  // Locks need a writable descriptor, so even reading alone asks for one where permissions allow.
  const auto open_existing = [&]() -> Result<os::File> {
    auto file = os::File::open(canonical, os::Access::kReadWrite, options.observer);
    if (!file && file.error().code == ErrorCode::kPermission && options.read_only) {
      return os::File::open(canonical, os::Access::kRead, options.observer);
    }
    return file;
  };
  Result<os::File> file = open_existing();
  if (!file && file.error().code == ErrorCode::kNotFound && options.create && !options.read_only) {
    KIST_TRY(create_file(canonical, options));
    file = open_existing();
  }
  KIST_TRY(file);
  if (!options.exclusive && !options.snapshot) KIST_TRY(file->check_file_system());
  KIST_ASSIGN(const os::FileIdentity identity, file->identity());
  const std::pair key{identity.device, identity.inode};
  if (const auto found = registry().open.find(key); found != registry().open.end()) {
    existing = found->second.lock();
    if (existing) {
      KIST_TRY(existing->check_options(options));
      KIST_TRY(existing->check_place());
      return existing;
    }
  }
  std::shared_ptr<Environment> environment(new Environment(canonical, options, *std::move(file)));
  environment->identity_ = identity;
  if (auto started = environment->start(); !started) {
    environment->closed_ = true;  // nothing to confirm
    return std::unexpected(std::move(started).error());
  }
  registry().open[key] = environment;
  return environment;
}

Result<std::shared_ptr<Environment>> Environment::open_in_memory(const Options& options) {
  KIST_TRY(check_arguments(options));
  if (options.read_only || options.snapshot) {
    return fail(ErrorCode::kInvalidArgument,
                "an environment in memory is new, so there is nothing to read in it yet");
  }
  static std::atomic<std::uint64_t> last{0};
  const std::string name = fmt::format("memory:{}", ++last);
  Options all = options;
  all.exclusive = true;
  KIST_ASSIGN(os::File file, create_in_memory(name, all));
  std::shared_ptr<Environment> environment(new Environment(name, all, std::move(file)));
  KIST_ASSIGN(environment->identity_, environment->file.identity());
  if (auto started = environment->start(); !started) {
    environment->closed_ = true;
    return std::unexpected(std::move(started).error());
  }
  return environment;
}

Result<void> Environment::check_options(const Options& asked) const {
  const auto conflict = [&](const char* name, const auto& has, const auto& wants) {
    return fail(ErrorCode::kOptionConflict,
                fmt::format("{}: is open with {} = {}, asked for {}", path, name, has, wants));
  };
  if (asked.page_size && *asked.page_size != page_size) {
    return conflict("page_size", page_size, *asked.page_size);
  }
  if (asked.read_only != options.read_only) {
    return conflict("read_only", options.read_only, asked.read_only);
  }
  if (asked.durability != options.durability) {
    return conflict("durability", static_cast<int>(options.durability),
                    static_cast<int>(asked.durability));
  }
  if ((asked.exclusive || asked.snapshot) != options.exclusive) {
    return conflict("exclusive", options.exclusive, !options.exclusive);
  }
  if (asked.snapshot != options.snapshot) {
    return conflict("snapshot", options.snapshot.value_or(0), asked.snapshot.value_or(0));
  }
  if (asked.domain_version && checks_domain_version_ && *asked.domain_version != domain_version_) {
    return conflict("domain_version", domain_version_.load(), *asked.domain_version);
  }
  if (asked.verify != options.verify) return conflict("verify", options.verify, asked.verify);
  if (asked.reserve_address_space != options.reserve_address_space) {
    return conflict("reserve_address_space", options.reserve_address_space,
                    asked.reserve_address_space);
  }
  if (asked.growth_step != options.growth_step) {
    return conflict("growth_step", options.growth_step, asked.growth_step);
  }
  if (asked.max_file_size != options.max_file_size) {
    return conflict("max_file_size", options.max_file_size, asked.max_file_size);
  }
  if (asked.shrink_threshold != options.shrink_threshold) {
    return conflict("shrink_threshold", options.shrink_threshold, asked.shrink_threshold);
  }
  return {};
}

Result<void> Environment::start() {
  const bool alone = options.exclusive;
  KIST_ASSIGN(nonces_, os::random_u64());
  if (alone) KIST_TRY(claim_alone());
  // Alone one may lock and share with oneself whatever the file permits.
  KIST_ASSIGN(sharing, Sharing::begin_open(
                           alone ? *private_locks : file, alone ? std::string() : path + "-lock",
                           options.read_only && !alone,
                           FileAccess(options.file_mode, options.file_group), options.observer));
  if (!alone) KIST_TRY(refuse_if_claimed());
  KIST_ASSIGN(const bool same, file.matches_path());
  if (!same) return fail(ErrorCode::kBusy, path + ": was replaced while it was being opened");
  if (sharing->sole()) {
    KIST_TRY(start_sole());
  } else {
    KIST_TRY(start_joined());
  }
  if (options.page_size && *options.page_size != page_size) {
    return fail(ErrorCode::kOptionConflict, fmt::format("{}: has pages of {} bytes, asked for {}",
                                                        path, page_size, *options.page_size));
  }
  if (checks_domain_version_) KIST_TRY(check_domain_version_of_head());
  KIST_TRY(sharing->finish_open());
  if (alone && !in_memory_) KIST_TRY(file.unlock(kOpeningByte, 1));
  if (options.flush_thread && !options.read_only) {
    // What fails has latched the environment; whoever calls next is told.
    flush_thread_ = std::make_unique<FlushThread>([this] { return poll().value_or(std::nullopt); });
  }
  return {};
}

Result<void> Environment::map(const MetaSlot& slot) {
  page_size = slot.page_size;
  seed = slot.seed;
  KIST_ASSIGN(pager, Pager::open(file, path, page_size, seed, slot.file_pages, options.verify,
                                 options.reserve_address_space ? os::MapRoom::kReserved
                                                               : os::MapRoom::kTight));
  space = std::make_unique<SpaceMap>(page_size, seed);
  configure_space();
  memory = std::make_shared<DirtyMemory>(page_size);
  return {};
}

Result<Choice> Environment::choose(const SlotSet& set, const std::vector<MetaSlot>& tips) {
  if (options.snapshot) return choose_older(*pager, set, *options.snapshot);
  return choose_slot(*pager, set, tips);
}

Result<void> Environment::start_sole() {
  KIST_ASSIGN(const SlotSet set, read_slots(file));
  KIST_TRY(judge_slots(set, path));
  KIST_TRY(map(set.newest_first().front()));
  const Identity identity = identity_of(set.newest_first().front());
  KIST_ASSIGN(const std::vector<MetaSlot> tips, leftover_tips(identity));
  KIST_ASSIGN(const Choice choice, choose(set, tips));
  if (options.read_only && !options.exclusive) return sharing->join_lock_file(identity);

  tip = choice.slot;
  tip.id_ceiling = known_ceiling_ = set.id_ceiling();
  std::optional<MetaSlot> waiting;
  bool sure = true;
  if (!options.read_only) {
    if (options.snapshot) {
      // What the lock file says of newer transactions must never be believed.
      KIST_TRY(forget_lock_file());
    } else {
      waiting = find_prepared(set);
    }
    KIST_ASSIGN(sure, adopt(set, choice));
    if (options.exclusive) KIST_TRY(forget_lock_file());
  }
  // Only now: until the choice is confirmed, the lock file may be the only one that knows of it.
  KIST_TRY(sharing->create_lock_file(identity, choice.rejected_tips));
  sharing->set_prepared(waiting ? waiting->id : 0);
  sharing->set_unsure(!sure);
  if (!planted(Bug::kIdsUsedAgain)) sharing->burn(tip.id_ceiling - 1);
  sharing->set_durable({tip.id, tip.index});
  store_tip(tip);
  sharing->publish_tip();
  return {};
}

/// Removes the lock file that others have used, while nobody does, for good: what is said there of
/// commits is known by now, or is not to be believed.
Result<void> Environment::forget_lock_file() {
  if (in_memory_) return {};
  KIST_ASSIGN(const bool removed, os::unlink_file(path + "-lock", options.observer));
  if (!removed) return {};
  return os::flush_directory(path.substr(0, path.rfind('/') + 1), options.observer);
}

Result<void> Environment::start_joined() {
  KIST_ASSIGN(const SlotSet set, read_slots(file));
  KIST_TRY(judge_slots(set, path));
  const MetaSlot newest = set.newest_first().front();
  KIST_TRY(map(newest));
  return sharing->join_lock_file(identity_of(newest));
}

Environment::~Environment() {
  if (!closed_) (void)shutdown();
}

// NOLINTNEXTLINE(performance-unnecessary-value-param): takes the reference over
Result<void> Environment::let_go(std::shared_ptr<Environment> environment) {
  {
    // Under the lock nobody can open what is found to be the last handle.
    const std::lock_guard lock(registry().mutex);
    if (environment.use_count() > 1) return {};
    const std::pair key{environment->identity_.device, environment->identity_.inode};
    const auto found = registry().open.find(key);
    // In a forked child the entry may be that of the environment that was opened afresh.
    if (found != registry().open.end() && found->second.lock() == environment) {
      registry().open.erase(found);
    }
  }
  return environment->shutdown();
}

Result<void> Environment::shutdown() {
  closed_ = true;
  flush_thread_.reset();
  {
    // Before waiting for others: an opener in this process may hold the registry and wait for us.
    const std::lock_guard lock(registry().mutex);
    const std::pair key{identity_.device, identity_.inode};
    const auto found = registry().open.find(key);
    if (found != registry().open.end() && found->second.expired()) registry().open.erase(found);
  }
  if (!sharing || !pager || stale()) return {};
  KIST_ASSIGN(const bool last, sharing->begin_close());
  Result<void> done;
  if (last && !options.read_only && sharing->uses_slots() && sharing->latch() == 0) {
    done = take_tip();
    if (done && tip.state != SlotState::kConfirmed) done = confirm_last();
  }
  sharing->finish_close();
  if (options.exclusive && !in_memory_) static_cast<void>(file.unlock(kAloneByte, 1));
  return done;
}

Result<void> Environment::confirm_last() {
  KIST_ASSIGN(const MetaSlot durable, durable_slot());
  if (durable.id < tip.id && !planted(Bug::kCloseWithoutFlush)) KIST_TRY(file.flush());
  tip.index = durable.index;
  KIST_TRY(confirm_tip());
  // Readers may live on, and writers come back to them.
  sharing->publish_tip();
  sharing->set_durable({tip.id, tip.index});
  return {};
}

Result<MetaSlot> Environment::decode_tip(const HeadWords& words) const {
  MetaSlotBytes bytes;
  std::memcpy(bytes.data(), words.data(), bytes.size());
  const DecodedSlot decoded = decode_meta_slot(bytes, load32(bytes.data() + 124));
  if (decoded.verdict != SlotVerdict::kValid || decoded.slot.seed != seed ||
      decoded.slot.page_size != page_size || decoded.slot.index >= kMetaSlots) {
    return fail(ErrorCode::kDamaged, path + "-lock: holds a commit that is none of this store");
  }
  return decoded.slot;
}

/// What the processes before left in the lock file, as far as it can be a commit of this store.
Result<std::vector<MetaSlot>> Environment::leftover_tips(const Identity& identity) const {
  std::vector<MetaSlot> tips;
  if (in_memory_) return tips;
  KIST_ASSIGN(const std::vector<HeadWords> leftovers,
              engine::leftover_tips(path + "-lock", identity, options.observer));
  for (const HeadWords& words : leftovers) {
    if (auto slot = decode_tip(words)) tips.push_back(*slot);
  }
  return tips;
}

Result<void> Environment::take_tip() {
  const TipPlace place = sharing->tip_place();
  if (place != 0 && place == tip_place_) return {};
  tip_place_ = 0;
  HeadWords words;
  if (!sharing->read_tip(words)) {
    return fail(ErrorCode::kDamaged, path + "-lock: holds no commit that can be trusted");
  }
  KIST_ASSIGN(tip, decode_tip(words));
  if (tip.id == id_of(place)) tip_place_ = place;
  return {};
}

Result<void> Environment::begin_write(Snapshot& snapshot, Wait wait) {
  if (stale()) return fail(ErrorCode::kForked, path + ": was opened before fork(); open it again");
  if (options.read_only) return fail(ErrorCode::kReadOnly, path + ": is open for reading only");
  Stopwatch watch;
  KIST_TRY(sharing->lock_writer(wait));
  commits.lock.add(watch.lap());
  const Result<void> begun = [&]() -> Result<void> {
    KIST_TRY(latched_error());
    if (path_check_ != 0) KIST_TRY(check_place());
    KIST_TRY(make_sure());
    KIST_TRY(take_tip());
    KIST_TRY(refuse_while_prepared());
    return view_tip(snapshot);
  }();
  if (!begun) {
    if (space->active()) space->rollback();
    sharing->unlock_writer();
  }
  return begun;
}

Result<void> Environment::continue_write(Snapshot& snapshot) {
  KIST_TRY(latched_error());
  if (space->active()) space->rollback();  // nothing was committed because nothing had changed
  return view_tip(snapshot);
}

Result<void> Environment::view_tip(Snapshot& snapshot) {
  KIST_TRY(load_space());
  const MetaSlotBytes bytes = encode_meta_slot(tip);
  return fill(snapshot, bytes);
}

Result<void> Environment::load_space() {
  MapHold map;
  const SpaceReader reader = [this, &map](const Ref& ref) -> Result<Bytes> {
    const std::uint64_t pages = (ref.count + page_size - 1) / page_size;
    KIST_ASSIGN(map, pager->cover(tip.file_pages));
    const std::uint64_t limit = std::min(map->pages, tip.file_pages);
    if (ref.page < first_page(page_size) || ref.page >= limit || pages > limit - ref.page) {
      return std::unexpected(pager->damage(ref.page, "a space record lies outside the file"));
    }
    return Bytes(map->mapping->data() + ref.page * page_size, pages * page_size);
  };
  KIST_TRY(space->load(tip.space, tip.file_pages, tip.id, tip.commit_nonce, reader));
  KIST_ASSIGN(const Pins pins, needed_snapshots());
  space->release(pins);
  const std::uint64_t burned = std::max(tip.id, sharing->burned_id());
  if (burned >= kMax48) {  // anybody may write to the lock file
    return fail(ErrorCode::kDamaged, fmt::format("{}-lock: says that ids up to {} were used, which "
                                                 "is more than there are",
                                                 path, burned));
  }
  space->begin(burned + 1);
  // Else every commit between two steps would put something behind what they have moved.
  if (compaction) space->place_low();
  return {};
}

void Environment::end_write() {
  if (stale()) return;
  if (space->active()) space->rollback();
  sharing->unlock_writer();
}

Result<Table> Environment::intern(std::string_view name) {
  if (name.empty() || name.size() > max_table_name_size(page_size)) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{}: a table's name has {} bytes, allowed are 1 to {}", path,
                            name.size(), max_table_name_size(page_size)));
  }
  const std::lock_guard lock(names_mutex_);
  auto found = indexes_.find(name);
  if (found == indexes_.end()) {
    found = indexes_.emplace(name, static_cast<std::uint32_t>(names_.size())).first;
    names_.emplace_back(name);
    name_count_.store(static_cast<std::uint32_t>(names_.size()), std::memory_order_release);
  }
  return handle(found->second);
}

std::string Environment::table_name(std::uint32_t index) {
  const std::lock_guard lock(names_mutex_);
  return index < names_.size() ? names_[index] : std::string();
}

}  // namespace kist::engine
