#include "kvstore/cli/stores.h"

#include <charconv>
#include <cstdint>
#include <type_traits>
#include <vector>

#include <fmt/format.h>

#include "kvstore/codec/key_codec.h"

namespace kist::cli {

namespace {

template <typename T>
std::optional<T> number_of(const std::string& text) {
  T number = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || at != end) return std::nullopt;
  return number;
}

/// Calls `use` with the number of an encoded key, signed or not as its type is. False when it has
/// none to show.
template <typename Use>
bool with_number(std::string_view key, KeyType keys, const OutputOptions& options, Use use) {
  if (options.hex_keys || keys == KeyType::kBytes) return false;
  const auto bits = codec::decode_number_key(engine::as_bytes(key), keys);
  if (!bits) return false;
  codec::is_signed(keys) ? use(static_cast<std::int64_t>(*bits)) : use(*bits);
  return true;
}

}  // namespace

Result<std::optional<StoreInfo>> find_store(const Profile& profile, std::string_view name) {
  KIST_ASSIGN(std::vector<StoreInfo> stores, profile.stores());
  for (StoreInfo& info : stores) {
    if (info.name == name) return std::move(info);
  }
  return std::nullopt;
}

Result<Store> open_store(const Profile& profile, const std::string& name) {
  KIST_ASSIGN(const std::optional<StoreInfo> info, find_store(profile, name));
  return profile.open_store(name, info ? options_of(*info) : StoreOptions{.create = false});
}

StoreOptions options_of(const StoreInfo& info) {
  return {.create = false,
          .multi = info.kind == StoreKind::kMulti || info.kind == StoreKind::kMultiInteger,
          .keys = info.keys};
}

std::string kind_text(const StoreInfo& info) {
  std::string text = options_of(info).multi ? "multi" : "single";
  if (info.keys != KeyType::kBytes) text += fmt::format(" {}", type_name(info.keys));
  return text;
}

Result<std::string> parse_key(const std::string& text, KeyType keys, const OutputOptions& options) {
  if (options.hex_keys || keys == KeyType::kBytes) return parse_key(text, options);
  const auto positive = number_of<std::uint64_t>(text);
  const auto negative = number_of<std::int64_t>(text);
  if (!positive && !negative) {
    return fail(
        ErrorCode::kInvalidArgument,
        fmt::format("'{}' is no number: the keys of the store are {}", text, type_name(keys)));
  }
  codec::KeyBuffer buffer;
  KIST_ASSIGN(const engine::Bytes bytes,
              codec::encode_key(positive ? Key(*positive) : Key(*negative), keys, buffer));
  return engine::to_string(bytes);
}

std::string format_key(std::string_view key, KeyType keys, const OutputOptions& options) {
  std::string text;
  const bool shown =
      with_number(key, keys, options, [&](auto number) { text = fmt::format("{}", number); });
  return shown ? text : format_key(key, options);
}

void put_key(nlohmann::json& object, std::string_view key, KeyType keys,
             const OutputOptions& options) {
  const bool put = with_number(key, keys, options, [&](auto number) { object["key"] = number; });
  if (!put) put_key(object, key, options);
}

}  // namespace kist::cli
