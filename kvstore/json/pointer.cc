// Members of JSON documents by RFC 6901.

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <vector>

#include <kist/json.h>

#include "kvstore/codec/json_scan.h"

namespace kist {
namespace {

using codec::JsonScan;

/// The next name of a pointer, whose slash is taken away with it.
Result<std::string> next_name(std::string_view& pointer) {
  const std::size_t end = std::min(pointer.find('/', 1), pointer.size());
  std::string name;
  for (std::size_t i = 1; i < end; ++i) {
    if (pointer[i] != '~') {
      name += pointer[i];
      continue;
    }
    const char code = ++i < end ? pointer[i] : '\0';
    if (code != '0' && code != '1') {
      return fail(ErrorCode::kInvalidArgument, "a JSON pointer has ~ without 0 or 1 behind it");
    }
    name += code == '0' ? '~' : '/';
  }
  pointer.remove_prefix(end);
  return name;
}

Result<std::vector<std::string>> names_of(std::string_view pointer) {
  if (!pointer.empty() && pointer.front() != '/') {
    return fail(ErrorCode::kInvalidArgument, "a JSON pointer begins with /, or is empty");
  }
  std::vector<std::string> names;
  while (!pointer.empty()) {
    KIST_ASSIGN(names.emplace_back(), next_name(pointer));
  }
  return names;
}

Result<std::optional<std::string_view>> member_of_object(std::string_view object,
                                                         std::string_view name) {
  JsonScan scan(object);
  scan.take('{');
  std::optional<std::string_view> found;
  for (bool first = true;; first = false) {
    KIST_ASSIGN(const bool more, scan.more(first, '}'));
    if (!more) return found;
    KIST_ASSIGN(const std::string here, scan.string());
    KIST_TRY(scan.colon());
    KIST_ASSIGN(const std::string_view value, scan.value());
    if (here == name) found = value;
  }
}

Result<std::optional<std::string_view>> element_of_array(std::string_view array,
                                                         std::string_view name) {
  std::uint64_t index = 0;
  const auto [stop, error] = std::from_chars(name.data(), name.data() + name.size(), index);
  const bool number = error == std::errc() && stop == name.data() + name.size();
  if (!number || (name.size() > 1 && name.front() == '0')) return std::nullopt;
  JsonScan scan(array);
  scan.take('[');
  for (std::uint64_t i = 0;; ++i) {
    KIST_ASSIGN(const bool more, scan.more(i == 0, ']'));
    if (!more) return std::nullopt;
    KIST_ASSIGN(const std::string_view value, scan.value());
    if (i == index) return value;
  }
}

}  // namespace

Result<std::optional<std::string_view>> json_member(std::string_view document,
                                                    std::string_view pointer) {
  KIST_ASSIGN(const std::vector<std::string> names, names_of(pointer));
  KIST_ASSIGN(std::string_view value, JsonScan(document).value());
  for (const std::string& name : names) {
    const char kind = value.front();
    if (kind != '{' && kind != '[') return std::nullopt;
    KIST_ASSIGN(const auto member,
                kind == '{' ? member_of_object(value, name) : element_of_array(value, name));
    if (!member) return std::nullopt;
    value = *member;
  }
  return value;
}

Result<std::optional<JsonView>> get_member(const Reader& reader, const Store& store, const Key& key,
                                           std::string_view pointer) {
  KIST_ASSIGN(const auto document, reader.get<JsonView>(store, key));
  if (!document) return std::nullopt;
  KIST_ASSIGN(const auto member, json_member(document->text, pointer));
  if (!member) return std::nullopt;
  return JsonView{*member};
}

Result<std::optional<Json>> get_member(const Store& store, const Key& key,
                                       std::string_view pointer) {
  KIST_ASSIGN(const auto document, store.get<Json>(key));
  if (!document) return std::nullopt;
  KIST_ASSIGN(const auto member, json_member(document->text, pointer));
  if (!member) return std::nullopt;
  return Json{std::string(*member)};
}

}  // namespace kist
