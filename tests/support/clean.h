#pragma once

#include <gtest/gtest.h>

#include <kist/engine/database.h>

#include "tests/support/result_matchers.h"

namespace kist::test {

/// Expects that check() finds no violated invariant. Every test that wrote to a store ends with it.
inline void expect_clean(const engine::Database& database) {
  const Result<engine::CheckReport> report = database.check();
  ASSERT_TRUE(ok(report));
  for (const engine::Violation& violation : report->violations) {
    ADD_FAILURE() << "page " << violation.page << ", " << violation.where << ": " << violation.what;
  }
}

}  // namespace kist::test
