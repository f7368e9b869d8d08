// The agreement between readers, writers and the leaders of flushes (engine/docs/sharing.md), as a
// small model of which every interleaving is visited: who claims a slot, who reclaims, who
// publishes. Each step is one access to shared memory. Stores that are not sequentially consistent
// wait in a buffer of their process and reach memory at any later moment, in order, as on x86; a
// load finds its own process's stores first. A writer and a leader may die anywhere once.
//
// The model is held against itself by mistakes, each of which it must catch.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <gtest/gtest.h>

namespace kist::test {
namespace {

/// One that somebody might make in the code.
enum class Mistake : std::uint8_t {
  kNone,
  kLooksBeforePinning,  ///< A reader loads the head, then pins what it found.
  kPinNotOrdered,       ///< A reader's first pin is no sequentially consistent access.
  kScansBeforeHead,     ///< A writer looks at the pins before it looks at the head.
  kForgetsFlushing,     ///< A writer does not protect what is being flushed.
  kForgetsHead,         ///< A writer protects only the tip, not the head.
  kHeadBeforeFlushing,  ///< A writer who wants a free buffer loads head and flushing in that order.
  kAnyBuffer,     ///< A writer overwrites the buffer behind that of the tip, whoever reads it.
  kNoSecondLook,  ///< A leader does not look at the tip again after its announcement.
  kHeadNotLookedAtAgain,  ///< A reader does not look at the head again after copying it.
};

using Place = std::uint8_t;  // id * 4 + buffer, as TipPlace

constexpr std::uint8_t id_of(Place place) {
  return place / 4;
}
constexpr std::uint8_t buffer_of(Place place) {
  return place % 4;
}

// Words of shared memory.
enum Word : std::uint8_t {
  kHead,
  kTip,
  kFlushing,
  kDurable,  // an id
  kSlotLimit,
  kPin0,
  kPin1,
  kBuffers,  // four, of two words each, which both hold the id of what lies there
  kWords = kBuffers + 8,
};

/// Word 0 or 1 of what lies at a place.
constexpr std::uint8_t word_at(Place place, int word) {
  return static_cast<std::uint8_t>(kBuffers + 2 * buffer_of(place) + word);
}

enum Process : std::uint8_t { kWriter, kLeader, kReader0, kReader1, kProcesses };

constexpr std::uint8_t kEverything = 1;  // a pin of everything; ids start at 2
constexpr std::uint8_t kFirstId = 2;

struct Waiting {
  std::uint8_t word;
  std::uint8_t value;
};

struct Actor {
  std::uint8_t step;
  std::uint8_t rounds;    // left to do
  std::uint8_t local[6];  // what it has loaded
  std::uint8_t waiting;   // stores in its buffer
  Waiting buffer[3];
};

/// Everything there is; compared and hashed as bytes.
struct State {
  std::uint8_t memory[kWords];
  std::uint8_t destroyed;  // by id: pages of that snapshot were written over
  std::uint8_t deaths;     // that may still happen
  Actor actors[kProcesses];
};
static_assert(std::has_unique_object_representations_v<State>);

struct Scene {
  std::uint8_t commits = 2;
  std::uint8_t flushes = 2;
  std::array<std::uint8_t, 2> reads{1, 1};  // transactions of each reader
  std::uint8_t deaths = 1;
  bool again = false;  // second transactions claim what the first one read
};

class Model {
 public:
  Model(const Scene& scene, Mistake mistake) : scene_(scene), mistake_(mistake) {}

  /// Visits every state. What is wrong in the first bad one; empty: none is.
  std::string explore() {
    std::deque<State> open{start()};
    seen_.insert(key(open.front()));
    while (!open.empty() && wrong_.empty()) {
      const State state = open.back();
      open.pop_back();
      successors_.clear();
      for (std::uint8_t p = 0; p < kProcesses; ++p) move(state, static_cast<Process>(p));
      for (const State& next : successors_) {
        if (seen_.insert(key(next)).second) open.push_back(next);
      }
    }
    return wrong_;
  }
  std::size_t states() const { return seen_.size(); }

 private:
  static std::string key(const State& state) {
    return {reinterpret_cast<const char*>(&state), sizeof state};
  }

  State start() const {
    State state;
    std::memset(&state, 0, sizeof state);
    const Place first = kFirstId * 4;
    state.memory[kHead] = state.memory[kTip] = state.memory[kFlushing] = first;
    state.memory[kDurable] = kFirstId;
    state.memory[kBuffers] = state.memory[kBuffers + 1] = kFirstId;
    state.deaths = scene_.deaths;
    state.actors[kWriter].rounds = scene_.commits;
    state.actors[kLeader].rounds = scene_.flushes;
    state.actors[kReader0].rounds = scene_.reads[0];
    state.actors[kReader1].rounds = scene_.reads[1];
    return state;
  }

  void wrong(const std::string& what) {
    if (wrong_.empty()) wrong_ = what;
  }

  // Shared memory as one process sees it.
  static std::uint8_t load(const State& state, Process p, std::uint8_t word) {
    const Actor& actor = state.actors[p];
    for (int i = actor.waiting - 1; i >= 0; --i) {
      if (actor.buffer[i].word == word) return actor.buffer[i].value;
    }
    return state.memory[word];
  }
  static void drain_one(State& state, Process p) {
    Actor& actor = state.actors[p];
    state.memory[actor.buffer[0].word] = actor.buffer[0].value;
    for (int i = 1; i < actor.waiting; ++i) actor.buffer[i - 1] = actor.buffer[i];
    --actor.waiting;
    actor.buffer[actor.waiting] = {};
  }
  static void drain(State& state, Process p) {
    while (state.actors[p].waiting != 0) drain_one(state, p);
  }
  // Sequentially consistent: everything before it, too, is in memory afterwards.
  static void store_ordered(State& state, Process p, std::uint8_t word, std::uint8_t value) {
    drain(state, p);
    state.memory[word] = value;
  }
  static void store(State& state, Process p, std::uint8_t word, std::uint8_t value) {
    Actor& actor = state.actors[p];
    if (actor.waiting == std::size(actor.buffer)) drain_one(state, p);
    actor.buffer[actor.waiting++] = {word, value};
  }

  void move(const State& state, Process p) {
    if (state.actors[p].waiting != 0) {
      State next = state;
      drain_one(next, p);
      successors_.push_back(next);
    }
    if (state.deaths != 0 && (p == kWriter || p == kLeader) && state.actors[p].step != 0) {
      State next = state;  // what it has stored arrives all the same
      drain(next, p);
      --next.deaths;
      begin_anew(next.actors[p]);
      successors_.push_back(next);
    }
    if (state.actors[p].rounds == 0) return;
    State next = state;
    switch (p) {
      case kWriter:
        write(next);
        break;
      case kLeader:
        lead(next);
        break;
      default:
        read(next, p);
    }
    judge(next);
    successors_.push_back(next);
  }

  static void begin_anew(Actor& actor) {
    actor.step = 0;
    std::memset(actor.local, 0, sizeof actor.local);
  }
  static void end_round(Actor& actor) {
    --actor.rounds;
    begin_anew(actor);
  }

  // A writer: needed_snapshots() and the scan of ReaderTable::collect(), then pages are written
  // over, then store_tip(), and publish_tip() where the commit is relaxed.
  void write(State& state) {
    enum { kF, kH, kPinned, kMade };  // flushing, head, bits of pinned ids, place of the new tip
    Actor& me = state.actors[kWriter];
    const std::uint8_t step = me.step++;
    const bool early_scan = mistake_ == Mistake::kScansBeforeHead;
    const auto pinned = [&](std::uint8_t id) {
      me.local[kPinned] = static_cast<std::uint8_t>(me.local[kPinned] | 1U << id);
    };
    const auto scan = [&](std::uint8_t slot) {
      if (slot >= load(state, kWriter, kSlotLimit)) return;
      const std::uint8_t pin = load(state, kWriter, static_cast<std::uint8_t>(kPin0 + slot));
      if (pin == kEverything) me.local[kPinned] = 0xFF;
      if (pin > kEverything) pinned(pin);
    };
    switch (step) {
      case 0:
        if (early_scan) return scan(0);
        me.local[kF] = load(state, kWriter, kFlushing);
        return;
      case 1:
        if (early_scan) return scan(1);
        me.local[kH] = load(state, kWriter, kHead);
        return;
      case 2:
        if (early_scan)
          me.local[kF] = load(state, kWriter, kFlushing);
        else
          scan(0);
        return;
      case 3:
        if (early_scan)
          me.local[kH] = load(state, kWriter, kHead);
        else
          scan(1);
        return;
      case 4: {
        pinned(load(state, kWriter, kDurable));
        pinned(id_of(load(state, kWriter, kTip)));
        if (mistake_ != Mistake::kForgetsHead) pinned(id_of(me.local[kH]));
        if (mistake_ != Mistake::kForgetsFlushing) pinned(id_of(me.local[kF]));
        const unsigned older = (1U << id_of(load(state, kWriter, kTip))) - 1;
        state.destroyed = static_cast<std::uint8_t>(state.destroyed | (older & ~me.local[kPinned]));
        return;
      }
      case 5:
        me.local[kF] =
            load(state, kWriter, mistake_ == Mistake::kHeadBeforeFlushing ? kHead : kFlushing);
        return;
      case 6: {
        me.local[kH] =
            load(state, kWriter, mistake_ == Mistake::kHeadBeforeFlushing ? kFlushing : kHead);
        const Place tip = load(state, kWriter, kTip);
        std::uint8_t buffer = 0;
        while (buffer == buffer_of(me.local[kF]) || buffer == buffer_of(me.local[kH]) ||
               buffer == buffer_of(tip)) {
          ++buffer;
        }
        if (mistake_ == Mistake::kAnyBuffer) buffer = static_cast<std::uint8_t>((tip + 1) % 4);
        me.local[kMade] = static_cast<Place>((id_of(tip) + 1) * 4 + buffer);
        return;
      }
      case 7:
      case 8:
        return store(state, kWriter, word_at(me.local[kMade], step - 7), id_of(me.local[kMade]));
      case 9:
        store_ordered(state, kWriter, kTip, me.local[kMade]);
        {
          State durable = state;  // which is left to the leader
          end_round(durable.actors[kWriter]);
          successors_.push_back(durable);
        }
        return;
      default:
        store_ordered(state, kWriter, kHead, load(state, kWriter, kTip));
        end_round(me);
    }
  }

  // A leader: take_tip_to_flush(), the flush, publish_flushed(), set_durable().
  void lead(State& state) {
    enum { kTaken, kCopied };
    Actor& me = state.actors[kLeader];
    switch (me.step++) {
      case 0:
        me.local[kTaken] = load(state, kLeader, kTip);
        return;
      case 1:
        return store_ordered(state, kLeader, kFlushing, me.local[kTaken]);
      case 2:
        if (load(state, kLeader, kTip) != me.local[kTaken] && mistake_ != Mistake::kNoSecondLook) {
          begin_anew(me);
        }
        return;
      case 3:
        me.local[kCopied] = load(state, kLeader, word_at(me.local[kTaken], 0));
        return;
      case 4: {
        const std::uint8_t other = load(state, kLeader, word_at(me.local[kTaken], 1));
        if (me.local[kCopied] != id_of(me.local[kTaken]) || other != me.local[kCopied]) {
          wrong("a leader finds a tip that is not whole");
        }
        return;
      }
      case 5:  // a compare-and-swap: nothing comes between the load and the store
        if (load(state, kLeader, kHead) < me.local[kTaken]) {
          store_ordered(state, kLeader, kHead, me.local[kTaken]);
        }
        return;
      default:
        store_ordered(state, kLeader, kDurable, id_of(me.local[kTaken]));
        end_round(me);
    }
  }

  // A reader: ReaderTable::claim(), read_head_words(), pin(), release(); or claim_again().
  enum ReaderStep : std::uint8_t {
    kClaim,
    kLook,
    kCopyFirst,
    kCopySecond,
    kLookAgain,
    kLowerPin,
    kReading,
    kStillReading,
    kExpect = 20,
    kCompare,
  };
  enum ReaderLocal : std::uint8_t { kPlace, kWord, kKnown, kOther };

  void read(State& state, Process p) {
    Actor& me = state.actors[p];
    const auto pin = static_cast<std::uint8_t>(kPin0 + (p - kReader0));
    const bool looks_first = mistake_ == Mistake::kLooksBeforePinning;
    switch (me.step) {
      case kClaim:
        if (load(state, p, kSlotLimit) <= p - kReader0) {
          // Once for each slot, before its first pin.
          return store_ordered(state, p, kSlotLimit, static_cast<std::uint8_t>(p - kReader0 + 1));
        }
        me.step = kLook;
        if (looks_first) return;
        if (mistake_ == Mistake::kPinNotOrdered) return store(state, p, pin, kEverything);
        return store_ordered(state, p, pin, kEverything);
      case kLook:
        me.local[kPlace] = load(state, p, kHead);
        me.step = kCopyFirst;
        return;
      case kCopyFirst:
        me.local[kWord] = load(state, p, word_at(me.local[kPlace], 0));
        me.step = kCopySecond;
        return;
      case kCopySecond:
        me.local[kOther] = load(state, p, word_at(me.local[kPlace], 1));
        me.step = kLookAgain;
        return;
      case kLookAgain:
        me.step = kLook;
        if (load(state, p, kHead) != me.local[kPlace] &&
            mistake_ != Mistake::kHeadNotLookedAtAgain) {
          return;
        }
        if (me.local[kWord] != id_of(me.local[kPlace]) || me.local[kOther] != me.local[kWord]) {
          wrong("a reader takes a torn head for whole");
        }
        me.local[kWord] = me.local[kOther] = 0;
        me.step = kLowerPin;
        return;
      case kLowerPin:
        me.step = kReading;
        if (looks_first) return store_ordered(state, p, pin, id_of(me.local[kPlace]));
        return store(state, p, pin, id_of(me.local[kPlace]));
      case kReading:
        me.step = kStillReading;
        return;
      case kStillReading: {
        const std::uint8_t known = me.local[kPlace];
        store(state, p, pin, 0);
        end_round(me);
        if (!scene_.again || me.rounds == 0) return;
        me.local[kKnown] = known;
        me.step = kExpect;
        return;
      }
      case kExpect:
        me.step = kCompare;
        if (mistake_ == Mistake::kPinNotOrdered)
          return store(state, p, pin, id_of(me.local[kKnown]));
        return store_ordered(state, p, pin, id_of(me.local[kKnown]));
      default:
        if (load(state, p, kHead) == me.local[kKnown]) {
          me.local[kPlace] = me.local[kKnown];
          me.step = kReading;
        } else {
          store(state, p, pin, 0);
          me.step = kClaim;
        }
        me.local[kKnown] = 0;
    }
  }

  // Whoever reads a snapshot finds its pages.
  void judge(const State& state) {
    for (const Process p : {kReader0, kReader1}) {
      const Actor& reader = state.actors[p];
      const bool reading =
          reader.rounds != 0 && reader.step >= kLowerPin && reader.step <= kStillReading;
      if (reading && (state.destroyed >> id_of(reader.local[kPlace]) & 1U) != 0) {
        wrong("pages of a snapshot are written over while it is read");
      }
    }
    // What recovery, or the next writer, builds on.
    for (const std::uint8_t id :
         {state.memory[kDurable], id_of(state.memory[kTip]), id_of(state.memory[kHead])}) {
      if ((state.destroyed >> id & 1U) != 0) wrong("the head, the tip or the durable one is gone");
    }
    if (state.memory[kHead] > state.memory[kTip]) wrong("the head is newer than the tip");
  }

  const Scene scene_;
  const Mistake mistake_;
  std::unordered_set<std::string> seen_;
  std::vector<State> successors_;
  std::string wrong_;
};

// With KIST_EVERY set those that take minutes, too.
std::vector<Scene> scenes() {
  std::vector<Scene> all{
      {.commits = 2, .flushes = 2, .reads = {1, 0}, .deaths = 0},
      {.commits = 3, .flushes = 1, .reads = {2, 0}, .deaths = 0, .again = true},
      {.commits = 3, .flushes = 2, .reads = {0, 0}, .deaths = 1},
  };
  if (std::getenv("KIST_EVERY") != nullptr) {
    all.push_back({.commits = 3, .flushes = 2, .reads = {1, 0}, .deaths = 1});
    all.push_back({.commits = 2, .flushes = 1, .reads = {1, 1}, .deaths = 0});
    all.push_back({.commits = 4, .flushes = 3, .reads = {0, 0}, .deaths = 2});
  }
  return all;
}

TEST(LongSharingModelTest, EveryInterleavingIsSafe) {
  for (const Scene& scene : scenes()) {
    Model model(scene, Mistake::kNone);
    EXPECT_EQ(model.explore(), "");
    std::cout << int{scene.commits} << " commits, " << int{scene.flushes} << " flushes, "
              << scene.reads[0] + scene.reads[1] << " reads: " << model.states() << " states"
              << std::endl;
    EXPECT_GT(model.states(), 1000U);
  }
}

TEST(LongSharingModelTest, CatchesEveryMistake) {
  for (int i = 1; i <= static_cast<int>(Mistake::kHeadNotLookedAtAgain); ++i) {
    std::string found;
    std::vector<Scene> tried = scenes();
    tried.push_back({.commits = 3, .flushes = 2, .reads = {1, 0}, .deaths = 0});
    for (const Scene& scene : tried) {
      if (found.empty()) found = Model(scene, static_cast<Mistake>(i)).explore();
    }
    EXPECT_NE(found, "") << "mistake " << i;
    std::cout << "mistake " << i << ": " << found << std::endl;
  }
}

}  // namespace
}  // namespace kist::test
