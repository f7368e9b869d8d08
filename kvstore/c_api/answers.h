#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <kist/engine/bytes.h>
#include <kist/engine/stats.h>
#include <kist/engine/table.h>
#include <kist/kist.h>
#include <kist/kist_engine.h>

#include "kvstore/c_api/values.h"

namespace kist::c_api {

/// What the engine's functions give to C. Those that copy throw std::bad_alloc.

/// Borrowed bytes: never a null pointer.
inline kist_bytes borrowed(engine::Bytes bytes) {
  return bytes_of(engine::as_text(bytes));
}
/// A null pointer where there are none.
inline kist_bytes borrowed(const std::optional<engine::Bytes>& bytes) {
  return bytes ? borrowed(*bytes) : kist_bytes{};
}
inline kist_pair borrowed(const engine::Record& record) {
  return {borrowed(record.key), borrowed(record.value)};
}

/// A copy for kist_buffer_free, with a NUL behind it.
kist_buffer copied(std::string_view text);

/// A copy for kist_names_free.
kist_names copied(const std::vector<std::string>& names);

/// Sets `*report`, for kist_check_report_free.
void give(const engine::CheckReport& found, kist_check_report* report);

}  // namespace kist::c_api
