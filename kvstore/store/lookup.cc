#include "kvstore/store/lookup.h"

#include <iterator>

#include <fmt/format.h>

#include "kvstore/store/begin.h"

namespace kist {

namespace {

constexpr std::size_t kLongestKeyShown = 80;

}  // namespace

std::string describe_key(std::string_view key) {
  std::string text = "'";
  for (const char c : key.substr(0, kLongestKeyShown)) {
    if (c >= ' ' && c <= '~' && c != '\'' && c != '\\') {
      text += c;
    } else {
      fmt::format_to(std::back_inserter(text), "\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  text += key.size() > kLongestKeyShown ? fmt::format("...' ({} bytes)", key.size()) : "'";
  return text;
}

std::unexpected<Error> at_key(const StoreState& store, std::string_view key, const Error& error) {
  return fail(error.code,
              fmt::format("store '{}', key {}: {}", store.name, describe_key(key), error.message));
}

std::unexpected<Error> of_store(const StoreState& store, Error error) {
  if (error.code == ErrorCode::kTableNotFound) {
    error.message = fmt::format("store '{}' does not exist in {}", store.name,
                                store.use->shared->directory.string());
  }
  return std::unexpected(std::move(error));
}

Result<const StoreState*> store_in(const SharedProfile& profile, const Store& store) {
  const StoreState* state = StoreAccess::state(store).get();
  if (state == nullptr) [[unlikely]]
    return empty_handle("store");
  if (state->use->shared.get() != &profile) [[unlikely]] {
    return fail(ErrorCode::kMisuse,
                fmt::format("store '{}' was opened in {}, the transaction in {}{}", state->name,
                            state->use->shared->directory.string(), profile.directory.string(),
                            state->use->gate.closed() ? " (the store's profile was closed)" : ""));
  }
  return state;
}

Result<ValueView> decode_at(const StoreState& store, std::string_view key, Bytes bytes) {
  Result<ValueView> value = codec::decode_value(bytes);
  if (!value) [[unlikely]]
    return at_key(store, key, value.error());
  return value;
}

Result<std::optional<ValueView>> find_value(const engine::Txn& txn, const StoreState& store,
                                            std::string_view key) {
  Result<std::optional<Bytes>> found = txn.get(store.table, engine::as_bytes(key));
  if (!found) [[unlikely]]
    return of_store(store, std::move(found).error());
  const std::optional<Bytes>& bytes = *found;
  if (!bytes) return std::nullopt;
  Result<ValueView> value = decode_at(store, key, *bytes);
  if (!value) [[unlikely]]
    return std::unexpected(std::move(value).error());
  return std::optional<ValueView>(*value);
}

}  // namespace kist
