#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <kist/engine/error.h>
#include <kist/store.h>
#include <kist/transaction.h>
#include <kist/value.h>

namespace kist {

// JSON values (ValueTag::kJson) are checked when they are written; kInvalidJson has the position of
// what is wrong. Here a part of one is read, or changed.
//
// A pointer is one of RFC 6901: "" is the whole document, "/a/0/b" the member b of the first
// element of the member a; in a name ~1 stands for / and ~0 for ~. Where an object has a name more
// than once, the last counts.

/// The text of the member that `pointer` names in `document`, exactly as it stands there, borrowed;
/// nothing when there is none. Passes over what it does not need without decoding it, and builds
/// nothing; stack and memory do not depend on the document. Errors: kInvalidArgument (no pointer),
/// kInvalidJson (the document is none, as far as it was looked at; with the position).
Result<std::optional<std::string_view>> json_member(std::string_view document,
                                                    std::string_view pointer);

/// The document with the changes of a merge patch (RFC 7386): members of the patch take the place
/// of the document's, null removes them, objects are merged. Both are checked. What is not changed
/// stays as it was written, numbers to the last digit. Errors: kInvalidJson, for either, with the
/// position; kInvalidArgument for a patch of objects within objects deeper than 500.
Result<std::string> json_merge_patch(std::string_view document, std::string_view patch);

/// The member of the JSON value of `key`, copied; nothing when there is no such key or member.
/// Errors: kWrongType for a value that is no JSON, those of json_member() and Store::get().
Result<std::optional<Json>> get_member(const Store& store, const Key& key,
                                       std::string_view pointer);
/// The same as a Reader sees it; points into the map and lives as long as the Reader.
Result<std::optional<JsonView>> get_member(const Reader& reader, const Store& store, const Key& key,
                                           std::string_view pointer);

/// Changes the JSON value of `key` by a merge patch, in one transaction; a key without a value gets
/// one. Returns the new document. Errors: kWrongType for a value that is no JSON, those of
/// json_merge_patch() and Store::update().
Result<Json> merge_patch(const Store& store, const Key& key, std::string_view patch);
/// The same within a transaction.
Result<Json> merge_patch(Writer& writer, const Store& store, const Key& key,
                         std::string_view patch);

}  // namespace kist
