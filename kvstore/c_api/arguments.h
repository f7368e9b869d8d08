#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <kist/engine/bytes.h>
#include <kist/engine/error.h>
#include <kist/engine/options.h>
#include <kist/engine/table.h>
#include <kist/kist.h>
#include <kist/kist_engine.h>

namespace kist::c_api {

/// What C gives to the engine's functions, checked. Errors of all: kInvalidArgument, naming the
/// parameter.

/// The bytes that a pointer and a size describe.
Result<engine::Bytes> given_bytes(const void* data, std::size_t size, const char* name);
/// A path: not empty, without NUL.
Result<std::string> path_of(const char* path, std::size_t size);
/// Bytes, or nothing where the pointer is null.
Result<std::optional<engine::Bytes>> given_optional(const kist_bytes* bytes, const char* name);
/// An array of `count` elements that can be there.
template <typename T>
Result<void> check_array(const T* items, std::size_t count, const char* name) {
  if (count > PTRDIFF_MAX / sizeof(T)) {
    return fail(ErrorCode::kInvalidArgument, std::string("the size of ") + name + " is negative");
  }
  if (items == nullptr && count != 0) {
    return fail(ErrorCode::kInvalidArgument, std::string(name) + " is NULL, but its size is not 0");
  }
  return {};
}

/// KIST_DURABILITY_...; nothing for the default.
Result<std::optional<engine::Durability>> durability_of(std::uint32_t durability);
/// Milliseconds; negative: for ever.
engine::Wait wait_of(std::int64_t timeout_ms);
/// KIST_ORDER_...
Result<engine::Order> order_of(std::uint32_t order, const char* name);
/// KIST_PUT_...
Result<engine::PutMode> put_mode_of(std::uint32_t mode);
/// KIST_COUNT_...
Result<engine::CountOf> count_of(std::uint32_t what);
Result<engine::TableOptions> table_options_of(const kist_table_options* given);

/// A table handle is a number in C. Whatever number it is, the engine tells whether it gave it.
engine::Table table_of(kist_table table);
kist_table handle_of(engine::Table table);

}  // namespace kist::c_api
