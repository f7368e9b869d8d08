#include "kvstore/c_api/arguments.h"

#include <bit>
#include <chrono>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "kvstore/c_api/structs.h"
#include "kvstore/c_api/values.h"

namespace kist::c_api {
namespace {

using engine::CountOf;
using engine::Order;
using engine::PutMode;

static_assert(KIST_ORDER_BYTES == static_cast<int>(Order::kBytes));
static_assert(KIST_ORDER_REVERSED == static_cast<int>(Order::kReversed));
static_assert(KIST_ORDER_U32 == static_cast<int>(Order::kUint32));
static_assert(KIST_ORDER_U64 == static_cast<int>(Order::kUint64));
static_assert(KIST_ORDER_I32 == static_cast<int>(Order::kInt32));
static_assert(KIST_ORDER_I64 == static_cast<int>(Order::kInt64));
static_assert(KIST_ORDER_DOUBLE == static_cast<int>(Order::kDouble));
static_assert(KIST_ORDER_CUSTOM == static_cast<int>(Order::kCustom));
static_assert(KIST_PUT_UPSERT == static_cast<int>(PutMode::kUpsert));
static_assert(KIST_PUT_IF_ABSENT == static_cast<int>(PutMode::kIfAbsent));
static_assert(KIST_PUT_IF_PRESENT == static_cast<int>(PutMode::kIfPresent));
static_assert(KIST_PUT_APPEND == static_cast<int>(PutMode::kAppend));
static_assert(KIST_COUNT_PAIRS == static_cast<int>(CountOf::kPairs));
static_assert(KIST_COUNT_KEYS == static_cast<int>(CountOf::kKeys));

std::unexpected<Error> is_none(const char* name, std::uint32_t number) {
  return fail(ErrorCode::kInvalidArgument,
              std::string(name) + " is " + std::to_string(number) + ", which is none");
}

/// A name in an array that a NUL ends.
template <std::size_t N>
Result<std::string> name_of(const char (&array)[N], const char* name) {
  const void* end = std::memchr(array, 0, N);
  if (end == nullptr) {
    return fail(ErrorCode::kInvalidArgument, std::string(name) + " has no NUL at its end");
  }
  return std::string(array);
}

}  // namespace

Result<engine::Bytes> given_bytes(const void* data, std::size_t size, const char* name) {
  KIST_ASSIGN(const std::string_view view, view_of(data, size, name));
  return engine::as_bytes(view);
}

Result<std::optional<engine::Bytes>> given_optional(const kist_bytes* bytes, const char* name) {
  if (bytes == nullptr) return std::nullopt;
  return given_bytes(bytes->data, bytes->size, name);
}

Result<std::optional<engine::Durability>> durability_of(std::uint32_t durability) {
  switch (durability) {
    case KIST_DURABILITY_DEFAULT:
      return std::nullopt;
    case KIST_DURABILITY_DURABLE:
      return engine::Durability::kDurable;
    case KIST_DURABILITY_RELAXED:
      return engine::Durability::kRelaxed;
    default:
      return is_none("durability", durability);
  }
}

engine::Wait wait_of(std::int64_t timeout_ms) {
  // Beyond that a deadline could not be reckoned.
  constexpr std::int64_t kLongest = std::int64_t{1000} * 60 * 60 * 24 * 365 * 100;
  if (timeout_ms < 0 || timeout_ms > kLongest) return std::nullopt;
  return std::chrono::milliseconds(timeout_ms);
}

Result<Order> order_of(std::uint32_t order, const char* name) {
  if (order == KIST_ORDER_DEFAULT) return Order::kBytes;
  if (order > KIST_ORDER_CUSTOM) return is_none(name, order);
  return static_cast<Order>(order);
}

Result<PutMode> put_mode_of(std::uint32_t mode) {
  if (mode > KIST_PUT_APPEND) return is_none("mode", mode);
  return static_cast<PutMode>(mode);
}

Result<CountOf> count_of(std::uint32_t what) {
  if (what > KIST_COUNT_KEYS) return is_none("what", what);
  return static_cast<CountOf>(what);
}

Result<engine::TableOptions> table_options_of(const kist_table_options* given) {
  KIST_ASSIGN(const kist_table_options read,
              read_options(given, sizeof(kist_table_options), "options"));
  engine::TableOptions options;
  KIST_ASSIGN(options.key_order, order_of(read.key_order, "options.key_order"));
  KIST_ASSIGN(options.key_comparator, name_of(read.key_comparator, "options.key_comparator"));
  options.multi = read.multi;
  KIST_ASSIGN(options.value_order, order_of(read.value_order, "options.value_order"));
  KIST_ASSIGN(options.value_comparator, name_of(read.value_comparator, "options.value_comparator"));
  options.value_size = read.value_size;
  return options;
}

engine::Table table_of(kist_table table) {
  static_assert(std::is_trivially_copyable_v<engine::Table>);
  return std::bit_cast<engine::Table>(table.id);
}

kist_table handle_of(engine::Table table) {
  return {std::bit_cast<std::uint64_t>(table)};
}

Result<std::string> path_of(const char* path, std::size_t size) {
  KIST_ASSIGN(const std::string_view text, view_of(path, size, "path"));
  if (text.empty()) return fail(ErrorCode::kInvalidArgument, "path is empty");
  if (text.find('\0') != std::string_view::npos) {
    return fail(ErrorCode::kInvalidArgument, "path has a NUL inside");
  }
  return std::string(text);
}

}  // namespace kist::c_api
