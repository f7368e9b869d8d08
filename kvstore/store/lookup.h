#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <kist/engine/error.h>
#include <kist/engine/txn.h>
#include <kist/value.h>

#include "kvstore/store/access.h"

namespace kist {

/// A key for people: in quotes, bytes other than printable ASCII as \xNN, cut when long.
std::string describe_key(std::string_view key);

/// Puts the store and key in front of the message.
std::unexpected<Error> at_key(const StoreState& store, std::string_view key, const Error& error);

/// The engine's error in the words of the layer: a missing table is a missing store.
std::unexpected<Error> of_store(const StoreState& store, Error error);

/// Errors: kMisuse when `store` is of another profile, kClosed when the handle is empty.
Result<const StoreState*> store_in(const SharedProfile& profile, const Store& store);

/// Decodes a record's value; errors name store and key.
Result<ValueView> decode_at(const StoreState& store, std::string_view key, Bytes bytes);

/// The value of `key` in the snapshot of `txn`, borrowed from it.
Result<std::optional<ValueView>> find_value(const engine::Txn& txn, const StoreState& store,
                                            std::string_view key);

/// As find_value(), as a T: see ValueView::as().
template <typename T>
Result<std::optional<T>> find_as(const engine::Txn& txn, const StoreState& store,
                                 std::string_view key) {
  const Result<std::optional<ValueView>> found = find_value(txn, store, key);
  if (!found) [[unlikely]]
    return std::unexpected(found.error());
  const std::optional<ValueView>& view = *found;
  if (!view) return std::nullopt;
  Result<T> value = view->template as<T>();
  if (!value) [[unlikely]]
    return at_key(store, key, value.error());
  return std::optional<T>(*std::move(value));
}

}  // namespace kist
