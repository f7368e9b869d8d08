#pragma once

#include <chrono>
#include <filesystem>
#include <string_view>
#include <thread>

#include <gtest/gtest.h>

#include <kist/manager.h>

#include "tests/support/must.h"
#include "tests/support/temp_directory.h"

namespace kist::test {

/// The error code of a result, kOk when it has a value.
template <typename T>
ErrorCode code_of(const Result<T>& result) {
  return result ? ErrorCode::kOk : result.error().code;
}

/// Whether a result failed with that code and with `part` in its message.
template <typename T>
::testing::AssertionResult failed_with(const Result<T>& result, ErrorCode code,
                                       std::string_view part) {
  if (result) return ::testing::AssertionFailure() << "succeeded";
  if (result.error().code == code && result.error().message.contains(part)) {
    return ::testing::AssertionSuccess();
  }
  return ::testing::AssertionFailure()
         << "error " << static_cast<int>(result.error().code) << ": " << result.error().message;
}

/// A test of a profile in a directory of its own. At the end every user must be gone, and the file
/// is opened once more and checked.
class ProfileTest : public ::testing::Test {
 protected:
  std::filesystem::path directory() const { return directory_.path(); }
  std::filesystem::path data_file() const { return directory() / kDataFileName; }

  Profile open(const ProfileOptions& options = {}) const {
    return must(Manager::instance().open(directory(), options));
  }

  void TearDown() override {
    // A queue's thread may be about to drop the operation whose result was just waited for.
    for (int i = 0; i < 5000 && Manager::instance().open_profiles() != 0; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_EQ(Manager::instance().open_profiles(), 0U) << "a handle outlived its test";
    if (damaged_ || !std::filesystem::exists(data_file())) return;
    const Profile profile = open();
    for (const engine::Violation& violation : must(profile.check()).violations) {
      ADD_FAILURE() << violation.where << ": " << violation.what;
    }
    must(profile.close());
  }

  /// For a test that damages the file on purpose.
  void leave_unchecked() { damaged_ = true; }

 private:
  TempDirectory directory_;
  bool damaged_ = false;
};

}  // namespace kist::test
