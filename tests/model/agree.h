#pragma once

#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>

#include <kist/engine/bytes.h>
#include <kist/engine/error.h>
#include <kist/engine/table.h>

#include "tests/model/table_model.h"
#include "tests/support/must.h"

namespace kist::test::model {

using Where = std::source_location;

// Values of engine and model in one form, so that they can be compared.

inline std::string_view comparable(engine::Bytes bytes) {
  return engine::as_text(bytes);
}
inline std::string_view comparable(const std::string& text) {
  return text;
}
inline std::string_view comparable(std::string_view text) {
  return text;
}
inline std::pair<std::string_view, std::string_view> comparable(const engine::Record& record) {
  return {engine::as_text(record.key), engine::as_text(record.value)};
}
inline std::pair<std::string_view, std::string_view> comparable(const Pair& pair) {
  return {pair.key, pair.value};
}
template <typename Number>
  requires std::is_arithmetic_v<Number>
Number comparable(Number number) {
  return number;
}
template <typename T>
auto comparable(const std::optional<T>& value)
    -> std::optional<decltype(comparable(std::declval<const T&>()))> {
  if (!value) return std::nullopt;
  return comparable(*value);
}

// The same in words.

/// Bytes with an escape for all that is no letter, digit or sign.
std::string printable(std::string_view bytes);
std::string show(std::string_view bytes);
inline std::string show(const std::string& bytes) {
  return show(std::string_view(bytes));
}
inline std::string show(const char* words) {
  return words;
}
inline std::string show(bool value) {
  return value ? "true" : "false";
}
template <typename Number>
  requires(std::is_arithmetic_v<Number> && !std::is_same_v<Number, bool>)
std::string show(Number number) {
  return std::to_string(number);
}
inline std::string show(engine::PutMode mode) {
  static constexpr const char* kNames[] = {"upsert", "if absent", "if present", "append"};
  return kNames[static_cast<int>(mode)];
}
inline std::string show(engine::CountOf what) {
  return what == engine::CountOf::kKeys ? "keys" : "pairs";
}
template <typename T, typename U>
std::string show(const std::pair<T, U>& pair) {
  return "(" + show(pair.first) + ", " + show(pair.second) + ")";
}
template <typename T>
std::string show(const std::optional<T>& value) {
  return value ? show(*value) : "nothing";
}

/// Throws unless the engine returned what the model says: the same value, or an error with the same
/// code.
template <typename T, typename U>
void agree(const Result<T>& got, const Outcome<U>& want, Where at = Where::current()) {
  if (!want) {
    const std::string code = std::to_string(static_cast<int>(want.error()));
    require(!got, "succeeded; the model says error " + code, at);
    require(got.error().code == want.error(),
            "error " + std::to_string(static_cast<int>(got.error().code)) + " (" +
                printable(got.error().message) + "); the model says error " + code,
            at);
    return;
  }
  if (!got) must(Result<void>(std::unexpected(got.error())), at);
  if constexpr (!std::is_void_v<T> && !std::is_void_v<U>) {
    if (comparable(*got) == comparable(*want)) return;
    require(false,
            "returned " + show(comparable(*got)) + "; the model says " + show(comparable(*want)),
            at);
  }
}

/// The same for a call that must succeed.
template <typename T, typename U>
void same(const Result<T>& got, const U& want, Where at = Where::current()) {
  if (!got) must(Result<void>(std::unexpected(got.error())), at);
  if (comparable(*got) == comparable(want)) return;
  require(false,
          "returned " + show(comparable(*got)) + "; the model says " + show(comparable(want)), at);
}

/// The same for a call that must fail.
template <typename T>
void refused(const Result<T>& got, ErrorCode code, Where at = Where::current()) {
  agree(got, Outcome<>(error(code)), at);
}

}  // namespace kist::test::model
