#include "tests/crash/states.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "engine/txn/lock_file.h"

namespace kist::test {
namespace {

constexpr std::size_t kExhaustive = 8;

// The smallest part of a pending change that the device keeps or loses as a whole.
struct Unit {
  std::size_t change;
  std::uint64_t from = 0;  // bytes of a write's data
  std::uint64_t to = 0;
  bool slot = false;  // a meta slot, which may be torn at 8 bytes too
};

// Which units survived; a torn unit keeps only bytes [keep_from, keep_to) of it.
struct Choice {
  std::vector<bool> kept;
  std::size_t torn = SIZE_MAX;
  std::uint64_t keep_from = 0;
  std::uint64_t keep_to = 0;
  bool lose_length = false;  // data beyond the last length that survived is cut off
  const char* name = "";
};

std::vector<Unit> units_of(const DiskFile& file) {
  std::vector<Unit> units;
  for (std::size_t i = 0; i < file.pending.size(); ++i) {
    const PendingChange& change = file.pending[i];
    if (change.kind != PendingChange::Kind::kWrite) {
      units.push_back({i});
      continue;
    }
    for (std::uint64_t from = 0; from < change.data.size();) {
      const std::uint64_t in_sector = kSector - (change.offset + from) % kSector;
      const std::uint64_t to = std::min<std::uint64_t>(from + in_sector, change.data.size());
      units.push_back({i, from, to, change.offset + from < kSlotArea});
      from = to;
    }
  }
  return units;
}

std::string build(const DiskFile& file, const std::vector<Unit>& units, const Choice& choice) {
  std::string content = file.durable;
  std::uint64_t length = content.size();
  for (std::size_t i = 0; i < units.size(); ++i) {
    const PendingChange& change = file.pending[units[i].change];
    if (i == choice.torn) {
      apply_change(content, change, units[i].from + choice.keep_from,
                   units[i].from + choice.keep_to);
    } else if (choice.kept[i]) {
      apply_change(content, change, units[i].from, units[i].to);
      if (change.kind == PendingChange::Kind::kResize) length = change.length;
      if (change.kind == PendingChange::Kind::kAllocate) {
        length = std::max(length, change.offset + change.length);
      }
    }
  }
  if (choice.lose_length && content.size() > length) content.resize(length);
  return content;
}

// The choices at one crash point.
class Chooser {
 public:
  Chooser(const DiskFile& file, std::vector<Unit> units, std::size_t limit, Random& random)
      : file_(file), units_(std::move(units)), limit_(limit), random_(random) {}

  std::vector<Choice> choices() {
    all(false, "nothing");
    all(true, "everything");
    if (units_.size() <= kExhaustive) {
      every_subset(unit_groups());
    } else {
      const std::vector<std::size_t> groups = change_groups();
      if (groups.back() < kExhaustive) every_subset(groups);
      one_by_one();
      some_random();
    }
    torn_slots();
    lost_lengths();
    return std::move(choices_);
  }

 private:
  Choice& add(const char* name, std::vector<bool> kept) {
    choices_.push_back({.kept = std::move(kept), .name = name});
    return choices_.back();
  }
  void all(bool kept, const char* name) { add(name, std::vector<bool>(units_.size(), kept)); }

  // For each unit the number of its group, ascending from 0.
  std::vector<std::size_t> unit_groups() const {
    std::vector<std::size_t> groups(units_.size());
    for (std::size_t i = 0; i < groups.size(); ++i) groups[i] = i;
    return groups;
  }
  std::vector<std::size_t> change_groups() const {
    std::vector<std::size_t> groups;
    for (const Unit& unit : units_) groups.push_back(unit.change);
    return groups;
  }

  void every_subset(const std::vector<std::size_t>& groups) {
    const std::size_t count = groups.empty() ? 0 : groups.back() + 1;
    for (std::size_t mask = 0; mask < (std::size_t{1} << count); ++mask) {
      std::vector<bool> kept(units_.size());
      for (std::size_t i = 0; i < kept.size(); ++i) kept[i] = (mask >> groups[i]) & 1;
      add("a subset", std::move(kept));
    }
  }

  void one_by_one() {
    // All of them where there is room, else some.
    const std::size_t stride = std::max<std::size_t>(1, units_.size() * 3 / limit_);
    for (std::size_t i = random_.below(stride); i < units_.size(); i += stride) {
      std::vector<bool> kept(units_.size(), false);
      std::fill_n(kept.begin(), i, true);
      add("a prefix", kept);
      std::fill(kept.begin(), kept.end(), true);
      kept[i] = false;
      add("all but one sector", kept);
      kept.flip();
      add("one sector only", kept);
    }
  }

  void some_random() {
    for (std::size_t i = 0; i < limit_ / 4; ++i) {
      // Dense and sparse ones; half of them by whole changes.
      const std::uint64_t parts = random_.between(1, 15);
      std::vector<bool> kept(units_.size());
      std::vector<bool> by_change(file_.pending.size());
      for (std::size_t j = 0; j < by_change.size(); ++j) by_change[j] = random_.below(16) < parts;
      const bool whole = random_.one_in(2);
      for (std::size_t j = 0; j < kept.size(); ++j) {
        kept[j] = whole ? by_change[units_[j].change] : random_.below(16) < parts;
      }
      add("random sectors", std::move(kept));
    }
  }

  void torn_slots() {
    for (std::size_t i = 0; i < units_.size(); ++i) {
      if (!units_[i].slot) continue;
      const std::uint64_t words = (units_[i].to - units_[i].from) / 8;
      if (words < 2) continue;
      for (int tear = 0; tear < 6; ++tear) {
        const std::uint64_t at = 8 * random_.between(1, words - 1);
        Choice& choice = add("a torn slot", std::vector<bool>(units_.size(), true));
        choice.torn = i;
        choice.keep_from = tear % 2 == 0 ? 0 : at;
        choice.keep_to = tear % 2 == 0 ? at : 8 * words;
        if (tear < 2) continue;
        for (std::size_t j = 0; j < units_.size(); ++j) choice.kept[j] = random_.one_in(2);
      }
    }
  }

  void lost_lengths() {
    const std::size_t count = choices_.size();
    for (std::size_t i = 0; i < count; ++i) {
      if (build(file_, units_, choices_[i]).size() <= file_.durable.size()) continue;
      if (i > 1 && !random_.one_in(8)) continue;
      Choice shorter = choices_[i];
      shorter.lose_length = true;
      shorter.name = "length lost";
      choices_.push_back(std::move(shorter));
    }
  }

  const DiskFile& file_;
  const std::vector<Unit> units_;
  const std::size_t limit_;
  Random& random_;
  std::vector<Choice> choices_;
};

// Everything that a power cut at this moment might leave.
class Point {
 public:
  Point(const Disk& disk, CrashState state, std::size_t limit, Random& random,
        const StateSink& sink)
      : disk_(disk), state_(std::move(state)), limit_(limit), random_(random), sink_(sink) {}

  bool generate() {
    // Each prefix of the changes of names, and one with each change alone.
    const std::size_t names = disk_.pending_names().size();
    for (std::size_t prefix = 0; prefix <= names; ++prefix) {
      std::vector<bool> kept(names, false);
      std::fill_n(kept.begin(), prefix, true);
      if (!with_names(kept)) return false;
    }
    for (std::size_t only = 1; only < names; ++only) {
      std::vector<bool> kept(names, false);
      kept[only] = true;
      if (!with_names(kept)) return false;
    }
    return true;
  }

 private:
  bool with_names(const std::vector<bool>& kept) {
    std::map<std::string, int> names = disk_.names();
    for (std::size_t i = 0; i < kept.size(); ++i) {
      const PendingName& change = disk_.pending_names()[i];
      if (!kept[i]) continue;
      if (change.file < 0) {
        names.erase(change.name);
      } else {
        names[change.name] = change.file;
      }
    }
    bool pending = false;
    for (std::size_t file = 0; file < disk_.files().size(); ++file) {
      if (disk_.files()[file].pending.empty()) continue;
      pending = true;
      if (!with_file(names, static_cast<int>(file))) return false;
    }
    return pending || with_file(names, -1);
  }

  // Chooses what survived of one file; all of what is pending in the others does.
  bool with_file(const std::map<std::string, int>& names, int chosen) {
    std::map<int, std::string> contents;
    for (const auto& [name, file] : names) {
      if (file == chosen) continue;
      const DiskFile& other = disk_.files()[static_cast<std::size_t>(file)];
      std::string content = other.durable;
      for (const PendingChange& change : other.pending) {
        apply_change(content, change, 0, change.data.size());
      }
      contents[file] = std::move(content);
    }
    if (chosen < 0) return emit(names, contents, "nothing pending");
    const DiskFile& file = disk_.files()[static_cast<std::size_t>(chosen)];
    const std::vector<Unit> units = units_of(file);
    for (const Choice& choice : Chooser(file, units, limit_, random_).choices()) {
      contents[chosen] = build(file, units, choice);
      if (!emit(names, contents, choice.name)) return false;
    }
    return true;
  }

  bool emit(const std::map<std::string, int>& names, const std::map<int, std::string>& contents,
            const char* story) {
    CrashState state = state_;
    state.story += std::string(", kept: ") + story;
    for (const auto& [name, file] : names) {
      const auto content = contents.find(file);
      state.files[base_name(name)] = content == contents.end() ? std::string() : content->second;
    }
    add_lock_file(state);
    return sink_(state);
  }

  // What the device has of the lock file is anybody's guess: nothing, any content that it ever had,
  // parts of several, or anything else.
  void add_lock_file(CrashState& state) {
    const std::vector<std::string>& all = disk_.lock_files();
    if (all.empty() || random_.one_in(4)) return;
    std::string& content = state.files[base_name(disk_.lock_name())];
    const auto any = [&]() -> const std::string& {
      // Mostly one of the last few.
      const std::size_t back = random_.below(random_.one_in(3) ? all.size() : 1);
      return all[all.size() - 1 - (random_.one_in(2) ? 0 : back)];
    };
    content = any();
    if (random_.one_in(4)) {
      const std::string& other = any();
      for (std::size_t at = 0; at < content.size(); at += kSector) {
        if (random_.one_in(2)) content.replace(at, kSector, other, at, kSector);
      }
    } else if (random_.one_in(6)) {
      for (int i = 0; i < 20; ++i) {
        content[random_.below(content.size())] = static_cast<char>(random_.below(256));
      }
    }
    content.resize(kLockFileBytes, '\0');
  }

  const Disk& disk_;
  const CrashState state_;
  const std::size_t limit_;
  Random& random_;
  const StateSink& sink_;
};

// The greatest id that a lock file says may have been written under.
std::uint64_t burned_id(const std::string& lock_file) {
  std::uint64_t id = 0;
  std::memcpy(&id, lock_file.data() + offsetof(engine::LockFileLayout, burned_id), sizeof id);
  return id;
}

// Whether a power cut just before `next` may leave something that no later one can.
bool worth_a_point(const Event* next, Random& random) {
  if (next == nullptr) return true;
  switch (next->kind) {
    case Event::Kind::kFlushBegun:
    case Event::Kind::kFlush:
    case Event::Kind::kFlushDirectory:
    case Event::Kind::kBegun:
    case Event::Kind::kLink:
    case Event::Kind::kUnlink:
      return true;
    default:
      return random.one_in(6);
  }
}

}  // namespace

bool generate_states(Disk disk, const std::vector<Event>& events, const CrashState& start,
                     std::size_t limit, Random& random, const StateSink& sink,
                     const DeathSink& deaths) {
  CrashState state = start;
  state.files.clear();
  // What a lock file was left with may be anything, until an opener builds it anew.
  const auto left = start.files.find("store-lock");
  const std::uint64_t left_burned = left == start.files.end() ? 0 : burned_id(left->second);
  std::uint64_t burned = state.burned;
  for (std::size_t i = 0; i <= events.size(); ++i) {
    const Event* next = i < events.size() ? &events[i] : nullptr;
    if (worth_a_point(next, random)) {
      state.story = start.story + "before event " + std::to_string(i);
      if (!Point(disk, state, limit, random, sink).generate()) return false;
      if (deaths && !deaths(disk, state)) return false;
    }
    if (next == nullptr) break;
    if (next->kind == Event::Kind::kBegun) state.newest = static_cast<std::int64_t>(next->length);
    if (next->kind == Event::Kind::kAcknowledged) {
      state.oldest = static_cast<std::int64_t>(next->length);
    }
    if (next->kind == Event::Kind::kLockFile) {
      const std::uint64_t found = burned_id(next->data);
      if (found != left_burned) burned = std::max(burned, found);
    }
    // Openers burn what they find, and zeros are growth: ids are used by pages.
    const bool pages = next->kind == Event::Kind::kWrite && next->offset >= kSlotArea &&
                       next->data.find_first_not_of('\0') != std::string::npos;
    if (pages) state.burned = burned;
    disk.apply(*next);
  }
  return true;
}

}  // namespace kist::test
