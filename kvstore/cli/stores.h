#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <kist/store.h>

#include "kvstore/cli/output.h"

/// Stores of every kind as commands name them and their keys. Keys pass in the form under which
/// they stand in the file, for Key::encoded().
namespace kist::cli {

/// What the store `name` is, or nothing when there is none.
Result<std::optional<StoreInfo>> find_store(const Profile& profile, std::string_view name);
/// Opens a store as what it is. Errors: kTableNotFound, kNewerFormat.
Result<Store> open_store(const Profile& profile, const std::string& name);
/// For opening a store as what it is; does not create it.
StoreOptions options_of(const StoreInfo& info);
/// A word for each kind: "single", "multi", with the type of integer keys behind it: "multi u32".
std::string kind_text(const StoreInfo& info);

/// A key given on the command line: text, a decimal number where keys are integers, or hexadecimal
/// digits where those are asked for. Errors: kInvalidArgument, kOutOfRange.
Result<std::string> parse_key(const std::string& text, KeyType keys, const OutputOptions& options);
/// A key for a line of text.
std::string format_key(std::string_view key, KeyType keys, const OutputOptions& options);
/// Puts a key into a JSON object: as "key", a number where keys are integers, or as "key_hex".
void put_key(nlohmann::json& object, std::string_view key, KeyType keys,
             const OutputOptions& options);

}  // namespace kist::cli
