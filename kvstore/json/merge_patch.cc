// Changes of JSON documents by RFC 7386, on their text.

#include <map>
#include <vector>

#include <kist/json.h>

#include "kvstore/codec/json_check.h"
#include "kvstore/codec/json_scan.h"

namespace kist {
namespace {

using codec::JsonScan;

constexpr int kMostDepth = 500;

/// A member of an object, borrowed from its text.
struct Member {
  std::string name;
  std::string_view written;  // the name as it stands there, in quotes
  std::string_view value;
};

/// The members of an object, in their order.
Result<std::vector<Member>> members_of(std::string_view object) {
  std::vector<Member> members;
  JsonScan scan(object);
  scan.take('{');
  for (bool first = true;; first = false) {
    KIST_ASSIGN(const bool more, scan.more(first, '}'));
    if (!more) return members;
    JsonScan name = scan;
    Member member;
    KIST_ASSIGN(member.written, scan.value());
    KIST_ASSIGN(member.name, name.string());
    KIST_TRY(scan.colon());
    KIST_ASSIGN(member.value, scan.value());
    members.push_back(std::move(member));
  }
}

void append(std::string_view written, std::string_view value, std::string& out) {
  if (out.back() != '{') out += ',';
  out += written;
  out += ':';
  out += value;
}

/// `document`: what is there; nothing where the patch makes a new member.
Result<std::string> merged(std::optional<std::string_view> document, std::string_view patch,
                           int depth) {
  if (patch.front() != '{') return std::string(patch);
  if (depth == kMostDepth) {
    return fail(ErrorCode::kInvalidArgument, "the merge patch has too many objects within objects");
  }
  KIST_ASSIGN(const std::vector<Member> changes, members_of(patch));
  std::map<std::string_view, const Member*> by_name;
  for (const Member& change : changes) by_name[change.name] = &change;
  std::vector<Member> present;
  if (document && document->front() == '{') {
    KIST_ASSIGN(present, members_of(*document));
  }
  std::map<std::string_view, const Member*> last;
  for (const Member& member : present) last[member.name] = &member;
  std::string out = "{";
  for (const Member& member : present) {
    const auto change = by_name.find(member.name);
    if (change == by_name.end()) {
      append(member.written, member.value, out);
    } else if (last[member.name] == &member && change->second->value != "null") {
      KIST_ASSIGN(const std::string value, merged(member.value, change->second->value, depth + 1));
      append(member.written, value, out);
    }
  }
  for (const Member& change : changes) {
    const bool counts = by_name[change.name] == &change && !last.contains(change.name);
    if (!counts || change.value == "null") continue;
    KIST_ASSIGN(const std::string value, merged(std::nullopt, change.value, depth + 1));
    append(change.written, value, out);
  }
  return out + "}";
}

Result<std::string_view> checked(std::string_view text, const char* what) {
  if (const auto valid = codec::check_json(text); !valid) {
    return fail(valid.error().code, std::string(what) + ": " + valid.error().message);
  }
  return JsonScan(text).value();  // without the space around it
}

Update patched_by(std::string_view patch, Json& result) {
  return [patch, &result](const std::optional<ValueView>& present) -> Result<std::optional<Value>> {
    std::string_view document = "{}";
    if (present) {
      KIST_ASSIGN(const JsonView view, present->as<JsonView>());
      document = view.text;
    }
    KIST_ASSIGN(result.text, json_merge_patch(document, patch));
    return Value::json(result.text);
  };
}

}  // namespace

Result<std::string> json_merge_patch(std::string_view document, std::string_view patch) {
  KIST_ASSIGN(const std::string_view changes, checked(patch, "the merge patch"));
  KIST_ASSIGN(const std::string_view present, checked(document, "the document"));
  return merged(present, changes, 0);
}

Result<Json> merge_patch(const Store& store, const Key& key, std::string_view patch) {
  Json result;
  KIST_TRY(store.update(key, patched_by(patch, result)));
  return result;
}

Result<Json> merge_patch(Writer& writer, const Store& store, const Key& key,
                         std::string_view patch) {
  Json result;
  KIST_TRY(writer.update(store, key, patched_by(patch, result)));
  return result;
}

}  // namespace kist
