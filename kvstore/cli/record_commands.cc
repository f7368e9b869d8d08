#include <fmt/format.h>

#include <kist/json.h>
#include <kist/manager.h>

#include "kvstore/cli/commands.h"
#include "kvstore/cli/stores.h"
#include "kvstore/cli/value_text.h"

namespace kist::cli {

namespace {

/// Values longer than this are cut in lists, unless all of them is asked for.
constexpr std::size_t kLongestValueShown = 120;

Result<Profile> open_to_read(const std::string& profile) {
  return Manager::instance().open(profile, {.create = false, .read_only = true});
}

nlohmann::json record(std::string_view key, KeyType keys, const ValueView& value,
                      const OutputOptions& options) {
  nlohmann::json object;
  put_key(object, key, keys, options);
  object["type"] = type_name(value.type());
  object["value"] = json_of(value);
  return object;
}

/// The bytes of a value without anything added: a string, JSON or blob as it is, others as text.
std::string raw_text(const ValueView& value) {
  if (const auto blob = value.as<BlobView>()) return engine::to_string(blob->bytes);
  return format_value(value);
}

/// A value for one line, cut at a character's end.
std::string shown(const ValueView& value, bool full) {
  std::string text = format_value(value);
  if (!full && text.size() > kLongestValueShown) {
    std::size_t end = kLongestValueShown;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text = fmt::format("{}... ({} bytes)", one_line(std::string_view(text).substr(0, end)),
                       raw_text(value).size());
    return text;
  }
  return one_line(text);
}

void print_record(Iterator& iterator, KeyType keys, const ListArguments& arguments,
                  const OutputOptions& options) {
  const std::string key = format_key(iterator.key(), keys, options);
  if (arguments.keys_only) return print(key + "\n");
  const Result<ValueView> value = iterator.value();
  if (!value) return print(fmt::format("{}\t!\t{}\n", key, value.error().message));
  print(fmt::format("{}\t{}\t{}\n", key, type_name(value->type()), shown(*value, arguments.full)));
}

nlohmann::json json_record(Iterator& iterator, KeyType keys, const ListArguments& arguments,
                           const OutputOptions& options) {
  nlohmann::json object;
  put_key(object, iterator.key(), keys, options);
  if (arguments.keys_only) return object;
  const Result<ValueView> value = iterator.value();
  if (value) return record(iterator.key(), keys, *value, options);
  object["error"] = value.error().message;
  return object;
}

/// Says how to make what a command that writes did not find.
Error with_hint(Error error) {
  if (error.code == ErrorCode::kNotFound || error.code == ErrorCode::kTableNotFound) {
    error.message += "; --create makes it";
  }
  return error;
}

Result<std::optional<Value>> value_or_member(const Store& store, const Key& key,
                                             const std::optional<std::string>& pointer) {
  if (!pointer) return store.get(key);
  KIST_ASSIGN(const std::optional<Json> member, get_member(store, key, *pointer));
  if (!member) return std::nullopt;
  return Value::json(member->text);
}

Result<int> list_stores(const Profile& profile, const OutputOptions& options) {
  KIST_ASSIGN(const Reader reader, profile.read());
  KIST_ASSIGN(const std::vector<StoreInfo> stores, profile.stores());
  auto array = nlohmann::json::array();
  for (const StoreInfo& info : stores) {
    std::optional<std::uint64_t> records;
    if (info.kind != StoreKind::kUnknown) {
      KIST_ASSIGN(const Store store, profile.open_store(info.name, options_of(info)));
      KIST_ASSIGN(records, reader.count(store));
    }
    if (options.json) {
      array.push_back({{"store", info.name}, {"records", nullptr}});
      if (records) array.back()["records"] = *records;
      if (records && info.kind != StoreKind::kSingle) array.back()["kind"] = kind_text(info);
    } else {
      print(fmt::format("{}\t{}{}\n", one_line(info.name),
                        records ? fmt::format("{}", *records) : "needs a newer version of kist",
                        records && info.kind != StoreKind::kSingle ? "\t" + kind_text(info) : ""));
    }
  }
  if (options.json) print_json(array);
  return kExitOk;
}

/// Prints all values of a key of a multi store.
Result<int> get_all(const Store& store, const std::string& key, const OutputOptions& options) {
  KIST_ASSIGN(Iterator iterator, store.iterate({.key = Key::encoded(key)}));
  auto array = nlohmann::json::array();
  bool any = false;
  while (true) {
    KIST_ASSIGN(const bool more, iterator.next());
    if (!more) break;
    any = true;
    KIST_ASSIGN(const ValueView value, iterator.value());
    if (options.json) {
      array.push_back(record(key, store.keys(), value, options));
    } else {
      print(format_value(value) + "\n");
    }
  }
  if (options.json) print_json(array);
  return any ? kExitOk : kExitNotFound;
}

/// What the store to be written to is, or is to become.
Result<StoreOptions> wanted_store(const Profile& profile, const SetArguments& arguments) {
  KIST_ASSIGN(const std::optional<StoreInfo> info, find_store(profile, arguments.store));
  StoreOptions wanted = info ? options_of(*info) : StoreOptions{};
  wanted.create = arguments.create;
  if (arguments.multi) wanted.multi = true;
  if (!arguments.keys.empty()) {
    const std::optional<KeyType> keys = key_type_from_name(arguments.keys);
    if (!keys) return fail(ErrorCode::kInvalidArgument, "no such type: " + arguments.keys);
    wanted.keys = *keys;
  }
  return wanted;
}

Result<Value> value_of_type(const std::string& type, const std::string& text) {
  const std::optional<ValueTag> tag = type_from_name(type);
  if (!tag) return fail(ErrorCode::kInvalidArgument, "no such type: " + type);
  return parse_value(*tag, text);
}

}  // namespace

Result<int> get(const GetArguments& arguments, const OutputOptions& options) {
  KIST_ASSIGN(const Profile profile, open_to_read(arguments.profile));
  KIST_ASSIGN(const Store store, open_store(profile, arguments.store));
  KIST_ASSIGN(const std::string key, parse_key(arguments.key, store.keys(), options));
  if (store.multi() && !arguments.raw && !arguments.pointer) return get_all(store, key, options);
  KIST_ASSIGN(const std::optional<Value> value,
              value_or_member(store, Key::encoded(key), arguments.pointer));
  if (!value) {
    if (options.json) print_json(nullptr);
    return kExitNotFound;
  }
  if (options.json) {
    print_json(record(key, store.keys(), *value, options));
  } else {
    print(arguments.raw ? raw_text(*value) : format_value(*value) + "\n");
  }
  return kExitOk;
}

Result<int> set(const SetArguments& arguments, const OutputOptions& options) {
  KIST_ASSIGN(const Value value, value_of_type(arguments.type, arguments.value));
  const Result<Profile> profile = Manager::instance().open(
      arguments.profile, {.create = arguments.create, .create_directory = arguments.create});
  if (!profile) return std::unexpected(with_hint(profile.error()));
  KeyType keys = KeyType::kBytes;
  std::string key;
  {
    KIST_ASSIGN(Writer writer, profile->write());
    KIST_ASSIGN(const StoreOptions wanted, wanted_store(*profile, arguments));
    const Result<Store> store = writer.open_store(arguments.store, wanted);
    if (!store) return std::unexpected(with_hint(store.error()));
    keys = store->keys();
    KIST_ASSIGN(key, parse_key(arguments.key, keys, options));
    KIST_TRY(writer.put(*store, Key::encoded(key), value));
    KIST_TRY(writer.commit());
  }
  KIST_TRY(profile->close());
  if (options.json) print_json(record(key, keys, value, options));
  return kExitOk;
}

Result<int> patch(const PatchArguments& arguments, const OutputOptions& options) {
  KIST_ASSIGN(const Value changes, parse_value(ValueTag::kJson, arguments.patch));
  KIST_ASSIGN(const Profile profile,
              Manager::instance().open(arguments.profile, {.create = false}));
  KIST_ASSIGN(const Store store, open_store(profile, arguments.store));
  KIST_ASSIGN(const std::string key, parse_key(arguments.key, store.keys(), options));
  const KeyType keys = store.keys();
  KIST_ASSIGN(const JsonView text, changes.as<JsonView>());
  KIST_ASSIGN(const Json document, merge_patch(store, Key::encoded(key), text.text));
  KIST_TRY(profile.close());
  if (options.json) print_json(record(key, keys, ValueView::json(document.text), options));
  return kExitOk;
}

Result<int> erase(const DeleteArguments& arguments, const OutputOptions& options) {
  std::optional<Value> value;
  if (arguments.value) {
    KIST_ASSIGN(value, value_of_type(arguments.type, *arguments.value));
  }
  KIST_ASSIGN(const Profile profile,
              Manager::instance().open(arguments.profile, {.create = false}));
  std::size_t deleted = 0;
  {
    KIST_ASSIGN(Writer writer, profile.write());
    KIST_ASSIGN(const Store store, open_store(profile, arguments.store));
    for (const std::string& text : arguments.keys) {
      KIST_ASSIGN(const std::string key, parse_key(text, store.keys(), options));
      KIST_ASSIGN(const bool was_there, value ? writer.erase(store, Key::encoded(key), *value)
                                              : writer.erase(store, Key::encoded(key)));
      deleted += was_there ? 1U : 0U;
    }
    KIST_TRY(writer.commit());
  }
  KIST_TRY(profile.close());
  if (options.json) print_json({{"deleted", deleted}});
  return deleted == arguments.keys.size() ? kExitOk : kExitNotFound;
}

Result<int> list(const ListArguments& arguments, const OutputOptions& options) {
  KIST_ASSIGN(const Profile profile, open_to_read(arguments.profile));
  if (arguments.store.empty()) return list_stores(profile, options);
  KIST_ASSIGN(const Store store, open_store(profile, arguments.store));
  const auto bound =
      [&](const std::optional<std::string>& text) -> Result<std::optional<std::string>> {
    if (!text) return std::nullopt;
    return parse_key(*text, store.keys(), options);
  };
  KIST_ASSIGN(const std::optional<std::string> from, bound(arguments.from));
  KIST_ASSIGN(const std::optional<std::string> to, bound(arguments.to));
  Range range{.reverse = arguments.reverse, .limit = arguments.limit};
  if (from) range.from = Key::encoded(*from);
  if (to) range.to = Key::encoded(*to);
  std::string prefix;
  if (arguments.prefix) {
    KIST_ASSIGN(prefix, parse_key(*arguments.prefix, options));
    range.prefix = prefix;
  }
  KIST_ASSIGN(Iterator iterator, store.iterate(range));
  // One record at a time, so that a list of any length takes no memory.
  std::string_view separator = "[\n";
  while (true) {
    KIST_ASSIGN(const bool more, iterator.next());
    if (!more) break;
    if (options.json) {
      print(separator);
      print(to_text(json_record(iterator, store.keys(), arguments, options)));
      separator = ",\n";
    } else {
      print_record(iterator, store.keys(), arguments, options);
    }
  }
  if (options.json) print(separator == "[\n" ? "[]\n" : "\n]\n");
  return kExitOk;
}

}  // namespace kist::cli
