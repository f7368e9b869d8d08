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

std::unexpected<Error> at_key(const StoreState& store, Bytes key, const Error& error) {
  std::string text;
  const std::optional<std::uint64_t> number = codec::decode_number_key(key, store.keys);
  if (!number) {
    text = describe_key(engine::as_text(key));
  } else if (codec::is_signed(store.keys)) {
    text = std::to_string(static_cast<std::int64_t>(*number));
  } else {
    text = std::to_string(*number);
  }
  Error named{error.code, fmt::format("store '{}', key {}: {}", store.name, text, error.message)};
  store.use->shared->events.failed(named);
  return std::unexpected(std::move(named));
}

std::unexpected<Error> at_key_given(const StoreState& store, const Key& key, const Error& error) {
  codec::KeyBuffer buffer;
  KIST_ASSIGN(const Bytes bytes, key_in(store, key, buffer));
  return at_key(store, bytes, error);
}

Result<Bytes> key_in(const StoreState& store, const Key& key, codec::KeyBuffer& buffer) {
  Result<Bytes> bytes = codec::encode_key(key, store.keys, buffer);
  if (bytes) [[likely]]
    return bytes;
  return of_store(store, {bytes.error().code,
                          fmt::format("store '{}': {}", store.name, bytes.error().message)});
}

std::unexpected<Error> of_store(const StoreState& store, Error error) {
  if (error.code == ErrorCode::kTableNotFound) {
    error.message = fmt::format("store '{}' does not exist in {}", store.name,
                                store.use->shared->directory.string());
  }
  store.use->shared->events.failed(error);
  return std::unexpected(std::move(error));
}

std::unexpected<Error> no_such_store(const StoreState& store) {
  return of_store(store, Error{ErrorCode::kTableNotFound, std::string()});
}

Result<std::shared_ptr<const StoreState>> state_of_store(const std::shared_ptr<ProfileUse>& use,
                                                         const engine::Database& database,
                                                         std::string_view name,
                                                         catalog::StoreType type) {
  KIST_ASSIGN(const engine::Table table, database.table(catalog::table_name(name, type)));
  return std::make_shared<const StoreState>(
      StoreState{use, table, std::string(name), type.multi, type.keys});
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

Result<ValueView> decode_at(const StoreState& store, Bytes key, Bytes bytes) {
  Result<ValueView> value = codec::decode_value(bytes);
  if (!value) [[unlikely]]
    return at_key(store, key, value.error());
  return value;
}

Result<std::optional<ValueView>> find_value(const engine::Txn& txn, const StoreState& store,
                                            const Key& key) {
  codec::KeyBuffer buffer;
  KIST_ASSIGN(const Bytes at, key_in(store, key, buffer));
  Result<std::optional<Bytes>> found = txn.get(store.table, at);
  if (!found) [[unlikely]]
    return of_store(store, std::move(found).error());
  const std::optional<Bytes>& bytes = *found;
  if (!bytes) return std::nullopt;
  Result<ValueView> value = decode_at(store, at, *bytes);
  if (!value) [[unlikely]]
    return std::unexpected(std::move(value).error());
  return std::optional<ValueView>(*value);
}

}  // namespace kist
