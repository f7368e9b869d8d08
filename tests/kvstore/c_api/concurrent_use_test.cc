// Closing while other threads call, for ThreadSanitizer; tests/c/concurrent_close_test.c is the
// same from C.

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <kist/kist.h>

#include "tests/support/temp_directory.h"

namespace kist::c_api {
namespace {

/// One handle of each kind.
struct Handles {
  kist_profile profile{};
  kist_store store{};
  kist_reader reader{};
  kist_iterator iterator{};
};

Handles open_all(const std::string& path) {
  Handles all;
  kist_profile_options options = {};
  options.struct_size = sizeof options;
  options.create = true;
  options.durability = KIST_DURABILITY_RELAXED;
  EXPECT_EQ(kist_profile_open(path.data(), path.size(), &options, &all.profile, nullptr), KIST_OK);
  EXPECT_EQ(kist_store_open(all.profile, "s", 1, true, &all.store, nullptr), KIST_OK);
  const kist_value value = kist_value_string("value", 5);
  EXPECT_EQ(kist_store_put(all.store, "key", 3, &value, nullptr), KIST_OK);
  EXPECT_EQ(kist_reader_begin(all.profile, &all.reader, nullptr), KIST_OK);
  EXPECT_EQ(kist_iterator_begin(all.reader, all.store, nullptr, &all.iterator, nullptr), KIST_OK);
  return all;
}

/// The code of the first call that does not succeed.
kist_code read(const Handles& handles) {
  kist_value value;
  bool found = false;
  kist_code code =
      kist_store_get(handles.store, "key", 3, KIST_TAG_STRING, &value, &found, nullptr);
  if (code != KIST_OK) return code;
  EXPECT_TRUE(found);
  kist_value_free(&value);
  code = kist_reader_get_copy(handles.reader, handles.store, "key", 3, KIST_TAG_NONE, &value,
                              &found, nullptr);
  if (code != KIST_OK) return code;
  kist_value_free(&value);
  kist_records records;
  code = kist_iterator_next_many(handles.iterator, 5, 100, &records, nullptr);
  if (code != KIST_OK) return code;
  kist_records_free(&records);
  kist_iterator iterator;
  code = kist_iterator_begin(handles.reader, handles.store, nullptr, &iterator, nullptr);
  return code == KIST_OK ? kist_iterator_close(iterator, nullptr) : code;
}

kist_code write(const Handles& handles) {
  kist_writer writer;
  kist_code code = kist_writer_begin(handles.profile, KIST_WAIT_FOREVER, &writer, nullptr);
  if (code != KIST_OK) return code;
  const kist_value value = kist_value_u64(1);
  code = kist_writer_put(writer, handles.store, "other", 5, &value, nullptr);
  if (code != KIST_OK) return code;
  return kist_writer_commit(writer, KIST_DURABILITY_DEFAULT, nullptr, nullptr);
}

TEST(ConcurrentCInterface, CallsFinishOrFindTheProfileClosed) {
  constexpr int kRounds = 15;
  const test::TempDirectory directory;
  for (int round = 0; round < kRounds; ++round) {
    const Handles handles = open_all(directory.path());
    std::atomic<int> rounds_done = 0;
    const auto until_closed = [&](kist_code (*call)(const Handles&)) {
      kist_code code = KIST_OK;
      while ((code = call(handles)) == KIST_OK) ++rounds_done;
      EXPECT_EQ(code, KIST_ERROR_CLOSED) << kist_code_name(code);
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) threads.emplace_back(until_closed, read);
    threads.emplace_back(until_closed, write);
    while (rounds_done < round) std::this_thread::yield();
    EXPECT_EQ(kist_profile_close(handles.profile, nullptr), KIST_OK);
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(kist_profile_close(handles.profile, nullptr), KIST_ERROR_CLOSED);
  }
}

}  // namespace
}  // namespace kist::c_api
