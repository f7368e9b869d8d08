#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <kist/engine/error.h>
#include <kist/engine/txn.h>
#include <kist/key.h>
#include <kist/value.h>

#include "kvstore/codec/key_codec.h"
#include "kvstore/store/access.h"
#include "kvstore/store/catalog.h"

namespace kist {

/// A key for people: in quotes, bytes other than printable ASCII as \xNN, cut when long.
std::string describe_key(std::string_view key);

/// Puts the store and key, as it stands in the file, in front of the message.
std::unexpected<Error> at_key(const StoreState& store, Bytes key, const Error& error);

/// The bytes under which `key` stands in the store. Errors: as of Key, naming the store.
Result<Bytes> key_in(const StoreState& store, const Key& key, codec::KeyBuffer& buffer);

/// The engine's error in the words of the layer: a missing table is a missing store.
std::unexpected<Error> of_store(const StoreState& store, Error error);

/// The kTableNotFound error of a store.
std::unexpected<Error> no_such_store(const StoreState& store);

/// What a handle of the store of that name and type refers to, whether or not it exists.
Result<std::shared_ptr<const StoreState>> state_of_store(const std::shared_ptr<ProfileUse>& use,
                                                         const engine::Database& database,
                                                         std::string_view name,
                                                         catalog::StoreType type);

/// Errors: kMisuse when `store` is of another profile, kClosed when the handle is empty.
Result<const StoreState*> store_in(const SharedProfile& profile, const Store& store);

/// Decodes a record's value; errors name store and key.
Result<ValueView> decode_at(const StoreState& store, Bytes key, Bytes bytes);

/// The value of `key` in the snapshot of `txn`, borrowed from it.
Result<std::optional<ValueView>> find_value(const engine::Txn& txn, const StoreState& store,
                                            const Key& key);

/// As at_key(), of a key that key_in() takes.
std::unexpected<Error> at_key_given(const StoreState& store, const Key& key, const Error& error);

/// As find_value(), as a T: see ValueView::as().
template <typename T>
Result<std::optional<T>> find_as(const engine::Txn& txn, const StoreState& store, const Key& key) {
  const Result<std::optional<ValueView>> found = find_value(txn, store, key);
  if (!found) [[unlikely]]
    return std::unexpected(found.error());
  const std::optional<ValueView>& view = *found;
  if (!view) return std::nullopt;
  Result<T> value = view->template as<T>();
  if (!value) [[unlikely]]
    return at_key_given(store, key, value.error());
  return std::optional<T>(*std::move(value));
}

}  // namespace kist
