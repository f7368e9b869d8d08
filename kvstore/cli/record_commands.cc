#include <fmt/format.h>

#include <kist/manager.h>

#include "kvstore/cli/commands.h"
#include "kvstore/cli/value_text.h"

namespace kist::cli {

namespace {

/// Values longer than this are cut in lists, unless all of them is asked for.
constexpr std::size_t kLongestValueShown = 120;

Result<Profile> open_to_read(const std::string& profile) {
  return Manager::instance().open(profile, {.create = false, .read_only = true});
}

nlohmann::json record(std::string_view key, const ValueView& value, const OutputOptions& options) {
  nlohmann::json object;
  put_key(object, key, options);
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

void print_record(Iterator& iterator, const ListArguments& arguments,
                  const OutputOptions& options) {
  const std::string key = format_key(iterator.key(), options);
  if (arguments.keys_only) return print(key + "\n");
  const Result<ValueView> value = iterator.value();
  if (!value) return print(fmt::format("{}\t!\t{}\n", key, value.error().message));
  print(fmt::format("{}\t{}\t{}\n", key, type_name(value->type()), shown(*value, arguments.full)));
}

nlohmann::json json_record(Iterator& iterator, const ListArguments& arguments,
                           const OutputOptions& options) {
  nlohmann::json object;
  put_key(object, iterator.key(), options);
  if (arguments.keys_only) return object;
  const Result<ValueView> value = iterator.value();
  if (value) return record(iterator.key(), *value, options);
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

/// For opening a store as what it is.
StoreOptions options_of(const StoreInfo& info) {
  return {.create = false,
          .multi = info.kind == StoreKind::kMulti || info.kind == StoreKind::kMultiInteger,
          .keys = info.keys};
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
    } else {
      print(fmt::format("{}\t{}\n", one_line(info.name),
                        records ? fmt::format("{}", *records) : "needs a newer version of kist"));
    }
  }
  if (options.json) print_json(array);
  return kExitOk;
}

}  // namespace

Result<int> get(const GetArguments& arguments, const OutputOptions& options) {
  KIST_ASSIGN(const std::string key, parse_key(arguments.key, options));
  KIST_ASSIGN(const Profile profile, open_to_read(arguments.profile));
  KIST_ASSIGN(const Store store, profile.open_store(arguments.store, false));
  KIST_ASSIGN(const std::optional<Value> value, store.get(key));
  if (!value) {
    if (options.json) print_json(nullptr);
    return kExitNotFound;
  }
  if (options.json) {
    print_json(record(key, *value, options));
  } else {
    print(arguments.raw ? raw_text(*value) : format_value(*value) + "\n");
  }
  return kExitOk;
}

Result<int> set(const SetArguments& arguments, const OutputOptions& options) {
  const std::optional<ValueTag> type = type_from_name(arguments.type);
  if (!type) return fail(ErrorCode::kInvalidArgument, "no such type: " + arguments.type);
  KIST_ASSIGN(const std::string key, parse_key(arguments.key, options));
  KIST_ASSIGN(const Value value, parse_value(*type, arguments.value));
  const Result<Profile> profile = Manager::instance().open(
      arguments.profile, {.create = arguments.create, .create_directory = arguments.create});
  if (!profile) return std::unexpected(with_hint(profile.error()));
  {
    KIST_ASSIGN(Writer writer, profile->write());
    const Result<Store> store = writer.open_store(arguments.store, arguments.create);
    if (!store) return std::unexpected(with_hint(store.error()));
    KIST_TRY(writer.put(*store, key, value));
    KIST_TRY(writer.commit());
  }
  KIST_TRY(profile->close());
  if (options.json) print_json(record(key, value, options));
  return kExitOk;
}

Result<int> erase(const DeleteArguments& arguments, const OutputOptions& options) {
  std::vector<std::string> keys;
  for (const std::string& text : arguments.keys) {
    KIST_ASSIGN(keys.emplace_back(), parse_key(text, options));
  }
  KIST_ASSIGN(const Profile profile,
              Manager::instance().open(arguments.profile, {.create = false}));
  std::size_t deleted = 0;
  {
    KIST_ASSIGN(Writer writer, profile.write());
    KIST_ASSIGN(const Store store, writer.open_store(arguments.store, false));
    for (const std::string& key : keys) {
      KIST_ASSIGN(const bool was_there, writer.erase(store, key));
      deleted += was_there ? 1U : 0U;
    }
    KIST_TRY(writer.commit());
  }
  KIST_TRY(profile.close());
  if (options.json) print_json({{"deleted", deleted}});
  return deleted == keys.size() ? kExitOk : kExitNotFound;
}

Result<int> list(const ListArguments& arguments, const OutputOptions& options) {
  const auto bound =
      [&](const std::optional<std::string>& text) -> Result<std::optional<std::string>> {
    if (!text) return std::nullopt;
    return parse_key(*text, options);
  };
  KIST_ASSIGN(const std::optional<std::string> from, bound(arguments.from));
  KIST_ASSIGN(const std::optional<std::string> to, bound(arguments.to));
  KIST_ASSIGN(const std::optional<std::string> prefix, bound(arguments.prefix));
  KIST_ASSIGN(const Profile profile, open_to_read(arguments.profile));
  if (arguments.store.empty()) return list_stores(profile, options);
  KIST_ASSIGN(const Store store, profile.open_store(arguments.store, false));
  Range range{.reverse = arguments.reverse, .limit = arguments.limit};
  if (from) range.from = *from;
  if (to) range.to = *to;
  if (prefix) range.prefix = *prefix;
  KIST_ASSIGN(Iterator iterator, store.iterate(range));
  // One record at a time, so that a list of any length takes no memory.
  std::string_view separator = "[\n";
  while (true) {
    KIST_ASSIGN(const bool more, iterator.next());
    if (!more) break;
    if (options.json) {
      print(separator);
      print(to_text(json_record(iterator, arguments, options)));
      separator = ",\n";
    } else {
      print_record(iterator, arguments, options);
    }
  }
  if (options.json) print(separator == "[\n" ? "[]\n" : "\n]\n");
  return kExitOk;
}

}  // namespace kist::cli
