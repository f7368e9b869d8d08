#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kvstore/cli/output.h"

/// The commands, each from its arguments to its exit status.
namespace kist::cli {

struct GetArguments {
  std::string profile;
  std::string store;
  std::string key;
  std::optional<std::string> pointer;  // a member of a JSON value
  bool raw = false;
};
/// Prints one value, of a multi store all of the key; without anything added, the first; or a
/// member of a JSON value. kExitNotFound when there is none.
Result<int> get(const GetArguments& arguments, const OutputOptions& options);

struct SetArguments {
  std::string profile;
  std::string store;
  std::string key;
  std::string value;
  std::string type = "string";
  bool create = false;
  bool multi = false;  // a store that is created keeps several values a key
  std::string keys;    // the type of keys of a store that is created; empty: bytes
};
/// Stores one value; in a multi store, adds it to those of the key.
Result<int> set(const SetArguments& arguments, const OutputOptions& options);

struct PatchArguments {
  std::string profile;
  std::string store;
  std::string key;
  std::string patch;
};
/// Changes one JSON value by a merge patch.
Result<int> patch(const PatchArguments& arguments, const OutputOptions& options);

struct DeleteArguments {
  std::string profile;
  std::string store;
  std::vector<std::string> keys;
  std::optional<std::string> value;  // remove this value only, of type `type`
  std::string type = "string";
};
/// Removes keys, with all their values or one, all in one transaction. kExitNotFound when one of
/// them was not there.
Result<int> erase(const DeleteArguments& arguments, const OutputOptions& options);

struct ListArguments {
  std::string profile;
  std::string store;  // empty lists the stores
  std::optional<std::string> prefix;
  std::optional<std::string> from;
  std::optional<std::string> to;
  std::optional<std::uint64_t> limit;
  bool reverse = false;
  bool keys_only = false;
  bool full = false;
};
/// Prints the stores of a profile, or the records of a store.
Result<int> list(const ListArguments& arguments, const OutputOptions& options);

struct StatArguments {
  std::string profile;
  std::string store;   // empty: the profile
  bool pages = false;  // pages by their use
};
/// Prints sizes and counters of a profile, or the shape of a store.
Result<int> stat(const StatArguments& arguments, const OutputOptions& options);

struct CheckArguments {
  std::string profile;
  std::string level = "everything";
  bool progress = false;
};
/// Verifies a profile. kExitNotFound when violations are found.
Result<int> check(const CheckArguments& arguments, const OutputOptions& options);

}  // namespace kist::cli
