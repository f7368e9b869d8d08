#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "engine/os/file.h"
#include "engine/txn/lock_bytes.h"
#include "engine/txn/sharing.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temp_directory.h"

namespace kist::engine {

inline constexpr Identity kIdentity{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

/// One opener: what a process has, or one of several that stand for processes.
struct Opener {
  std::unique_ptr<os::File> data;
  std::unique_ptr<Sharing> sharing;

  Sharing* operator->() const { return sharing.get(); }
};

/// A data file (empty: nothing here looks into it) and the ways to open it.
class SharingFixture : public testing::Test {
 protected:
  SharingFixture() { EXPECT_TRUE(test::ok(os::File::create_new(data_path_, 0600))); }

  /// Opens in full, as an environment does.
  Result<Opener> try_open(bool read_only = false, os::Access access = os::Access::kReadWrite,
                          const Identity& identity = kIdentity,
                          os::CallObserver* observer = nullptr) {
    KIST_ASSIGN(os::File file, os::File::open(data_path_, access, observer));
    Opener opener;
    opener.data = std::make_unique<os::File>(std::move(file));
    KIST_ASSIGN(opener.sharing,
                Sharing::begin_open(*opener.data, lock_path_, read_only, 0600, observer));
    if (opener->sole() && !read_only) {
      KIST_TRY(opener->create_lock_file(identity));
      publish(opener, 2);
    } else {
      KIST_TRY(opener->join_lock_file(identity));
    }
    KIST_TRY(opener->finish_open());
    return opener;
  }
  Opener open() {
    Result<Opener> opener = try_open();
    EXPECT_TRUE(test::ok(opener));
    return std::move(*opener);
  }
  /// Opens without write access, so without a slot.
  Opener open_slotless() {
    Result<Opener> opener = try_open(true, os::Access::kRead);
    EXPECT_TRUE(test::ok(opener));
    return std::move(*opener);
  }
  /// Closes in full. Returns what begin_close() said.
  static bool close(Opener& opener) {
    const Result<bool> last = opener->begin_close();
    EXPECT_TRUE(test::ok(last));
    opener->finish_close();
    opener.sharing.reset();
    opener.data.reset();
    return last.value_or(false);
  }

  /// Publishes a head all of whose words are `id`.
  static void publish(const Opener& opener, std::uint64_t id) {
    std::array<std::uint64_t, kHeadWords> words;
    words.fill(id);
    opener->store_tip(id, words);
    opener->publish_tip();
  }
  /// The id in the head, or 0 when there is none.
  static std::uint64_t head(const Opener& opener) {
    std::array<std::uint64_t, 4> words{};
    return opener->read_head(words) ? words[0] : 0;
  }
  /// Claims a slot and pins the head. Returns the slot.
  static std::uint32_t begin_read(const Opener& opener) {
    const std::uint32_t slot = opener->claim_slot().value();
    opener->pin_slot(slot, head(opener));
    return slot;
  }

  test::TempDirectory directory_;
  const std::string data_path_ = directory_.file("data");
  const std::string lock_path_ = data_path_ + "-lock";
};

}  // namespace kist::engine
