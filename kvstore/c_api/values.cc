#include "kvstore/c_api/values.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <type_traits>

#include <kist/transaction.h>

#include "kvstore/c_api/errors.h"
#include "kvstore/c_api/names.h"
#include "kvstore/c_api/structs.h"

namespace kist::c_api {
namespace {

static_assert(KIST_TAG_BOOL == static_cast<int>(ValueTag::kBool));
static_assert(KIST_TAG_U64 == static_cast<int>(ValueTag::kU64));
static_assert(KIST_TAG_I64 == static_cast<int>(ValueTag::kI64));
static_assert(KIST_TAG_F64 == static_cast<int>(ValueTag::kF64));
static_assert(KIST_TAG_INSTANT == static_cast<int>(ValueTag::kInstant));
static_assert(KIST_TAG_UUID == static_cast<int>(ValueTag::kUuid));
static_assert(KIST_TAG_STRING == static_cast<int>(ValueTag::kString));
static_assert(KIST_TAG_JSON == static_cast<int>(ValueTag::kJson));
static_assert(KIST_TAG_BLOB == static_cast<int>(ValueTag::kBlob));

/// The text or bytes of a view that has them; empty for numbers and the like.
std::string_view text_of(const ValueView& value) {
  if (const auto* text = std::get_if<std::string_view>(&value.data())) return *text;
  if (const auto* json = std::get_if<JsonView>(&value.data())) return json->text;
  if (const auto* blob = std::get_if<BlobView>(&value.data())) return engine::as_text(blob->bytes);
  return {};
}

ValueView view(bool value) {
  return ValueView::boolean(value);
}
ValueView view(std::uint64_t value) {
  return ValueView::u64(value);
}
ValueView view(std::int64_t value) {
  return ValueView::i64(value);
}
ValueView view(double value) {
  return ValueView::f64(value);
}
ValueView view(Instant value) {
  return ValueView::instant(value);
}
ValueView view(const Uuid& value) {
  return ValueView::uuid(value);
}
ValueView view(std::string_view value) {
  return ValueView::string(value);
}
ValueView view(JsonView value) {
  return ValueView::json(value.text);
}
ValueView view(BlobView value) {
  return ValueView::blob(value.bytes);
}

template <typename T, typename Transaction>
Result<std::optional<ValueView>> get_typed(const Transaction& transaction, const Store& store,
                                           const Key& key) {
  KIST_ASSIGN(const std::optional<T> value, transaction.template get<T>(store, key));
  if (!value) return std::nullopt;
  return view(*value);
}

}  // namespace

Result<std::string_view> view_of(const void* data, std::size_t size, const char* name) {
  if (size == 0) return std::string_view();
  if (data == nullptr) {
    return fail(ErrorCode::kInvalidArgument, std::string(name) + " is NULL, but its size is not 0");
  }
  if (size > PTRDIFF_MAX) {
    return fail(ErrorCode::kInvalidArgument, std::string("the size of ") + name + " is negative");
  }
  return std::string_view(static_cast<const char*>(data), size);
}

Result<ValueView> view_of(const kist_value* value) {
  if (value == nullptr) return fail(ErrorCode::kInvalidArgument, "value is NULL");
  switch (value->tag) {
    case KIST_TAG_BOOL: {
      // Another language may have written any byte there, which a C++ bool must not hold.
      unsigned char byte = 0;
      std::memcpy(&byte, &value->boolean, sizeof byte);
      return ValueView::boolean(byte != 0);
    }
    case KIST_TAG_U64:
      return ValueView::u64(value->u64);
    case KIST_TAG_I64:
      return ValueView::i64(value->i64);
    case KIST_TAG_F64:
      return ValueView::f64(value->f64);
    case KIST_TAG_INSTANT:
      return ValueView::instant(Instant{value->instant});
    case KIST_TAG_UUID: {
      Uuid uuid;
      std::memcpy(uuid.bytes.data(), value->uuid, uuid.bytes.size());
      return ValueView::uuid(uuid);
    }
    case KIST_TAG_STRING:
    case KIST_TAG_JSON:
    case KIST_TAG_BLOB: {
      KIST_ASSIGN(const std::string_view text,
                  view_of(value->bytes.data, value->bytes.size, "value->bytes.data"));
      if (value->tag == KIST_TAG_STRING) return ValueView::string(text);
      if (value->tag == KIST_TAG_JSON) return ValueView::json(text);
      return ValueView::blob(engine::as_bytes(text));
    }
    default:
      return fail(ErrorCode::kInvalidArgument,
                  "value->tag is " + std::to_string(value->tag) + ", which is no type of value");
  }
}

kist_bytes bytes_of(std::string_view text) {
  static constexpr std::uint8_t kNothing = 0;
  if (text.empty()) return {&kNothing, 0};
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

Result<Key> key_of(const void* key, std::size_t size) {
  KIST_ASSIGN(const std::string_view bytes, view_of(key, size, "key"));
  return Key::encoded(bytes);
}

Result<Range> range_of(const kist_range* given) {
  KIST_ASSIGN(const kist_range read, read_options(given, offsetof(kist_range, has_key), "range"));
  const auto key_in = [](kist_bytes bytes, const char* name) -> Result<Key> {
    KIST_ASSIGN(const std::string_view view, view_of(bytes.data, bytes.size, name));
    return Key::encoded(view);
  };
  Range range;
  KIST_ASSIGN(range.prefix, view_of(read.prefix.data, read.prefix.size, "range.prefix.data"));
  if (read.from.size != 0) {
    KIST_ASSIGN(range.from, key_in(read.from, "range.from.data"));
  }
  if (read.has_to) {
    KIST_ASSIGN(range.to, key_in(read.to, "range.to.data"));
  }
  if (read.has_key) {
    KIST_ASSIGN(range.key, key_in(read.key, "range.key.data"));
  }
  range.reverse = read.reverse;
  if (read.limit != 0) range.limit = read.limit;
  return range;
}

Result<std::optional<ValueView>> optional_view_of(const kist_value* value) {
  if (value == nullptr) return std::nullopt;
  KIST_ASSIGN(const ValueView view, view_of(value));
  return view;
}

kist_value borrow(const ValueView& value) {
  kist_value result = kist_value_none();
  result.tag = static_cast<kist_tag>(value.type());
  switch (value.type()) {
    case ValueTag::kBool:
      result.boolean = std::get<bool>(value.data());
      break;
    case ValueTag::kU64:
      result.u64 = std::get<std::uint64_t>(value.data());
      break;
    case ValueTag::kI64:
      result.i64 = std::get<std::int64_t>(value.data());
      break;
    case ValueTag::kF64:
      result.f64 = std::get<double>(value.data());
      break;
    case ValueTag::kInstant:
      result.instant = std::get<Instant>(value.data()).milliseconds;
      break;
    case ValueTag::kUuid:
      std::memcpy(result.uuid, std::get<Uuid>(value.data()).bytes.data(), sizeof result.uuid);
      break;
    case ValueTag::kString:
    case ValueTag::kJson:
    case ValueTag::kBlob:
      result.bytes = bytes_of(text_of(value));
      break;
  }
  return result;
}

kist_value copy(const ValueView& value) {
  kist_value result = borrow(value);
  if (value.type() < ValueTag::kString) return result;
  const std::string_view text = text_of(value);
  char* memory = copy_text(text);
  result.memory = memory;
  result.bytes = bytes_of(std::string_view(memory, text.size()));
  return result;
}

template <typename Transaction>
Result<std::optional<ValueView>> get_as(const Transaction& transaction, const Store& store,
                                        const Key& key, kist_tag expected) {
  switch (expected) {
    case KIST_TAG_NONE:
      return transaction.get(store, key);
    case KIST_TAG_BOOL:
      return get_typed<bool>(transaction, store, key);
    case KIST_TAG_U64:
      return get_typed<std::uint64_t>(transaction, store, key);
    case KIST_TAG_I64:
      return get_typed<std::int64_t>(transaction, store, key);
    case KIST_TAG_F64:
      return get_typed<double>(transaction, store, key);
    case KIST_TAG_INSTANT:
      return get_typed<Instant>(transaction, store, key);
    case KIST_TAG_UUID:
      return get_typed<Uuid>(transaction, store, key);
    case KIST_TAG_STRING:
      return get_typed<std::string_view>(transaction, store, key);
    case KIST_TAG_JSON:
      return get_typed<JsonView>(transaction, store, key);
    case KIST_TAG_BLOB:
      return get_typed<BlobView>(transaction, store, key);
    default:
      return fail(ErrorCode::kInvalidArgument,
                  "expected is " + std::to_string(expected) + ", which is no type of value");
  }
}

template Result<std::optional<ValueView>> get_as(const Reader&, const Store&, const Key&, kist_tag);
template Result<std::optional<ValueView>> get_as(const Writer&, const Store&, const Key&, kist_tag);

std::string_view Arena::copy(std::string_view text) {
  char* target = nullptr;
  if (text.size() <= left_) {
    target = next_;
    next_ += text.size();
    left_ -= text.size();
  } else if (text.size() > kChunkSize / 4) {
    target = chunks_.emplace_back(std::make_unique_for_overwrite<char[]>(text.size())).get();
  } else {
    target = chunks_.emplace_back(std::make_unique_for_overwrite<char[]>(kChunkSize)).get();
    next_ = target + text.size();
    left_ = kChunkSize - text.size();
  }
  if (!text.empty()) std::memcpy(target, text.data(), text.size());
  return {target, text.size()};
}

}  // namespace kist::c_api

void kist_value_free(kist_value* value) noexcept {
  if (value == nullptr) return;
  std::free(value->memory);
  *value = kist_value_none();
}

const char* kist_tag_name(kist_tag tag) noexcept {
  for (const auto& text : kist::c_api::kTagTexts) {
    if (text.tag == tag) return text.name;
  }
  return "unknown";
}
