#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>

#include <kist/engine/error.h>

namespace kist::c_api {

/// Copies a struct of options from a caller that may have been built with an older or newer header.
/// T begins with `struct_size`, and zero means the default in every field. `given` may be null: all
/// defaults. Errors: kInvalidArgument when struct_size is less than `oldest_size`, the size of the
/// struct in the first version of the interface; kUnsupported when a field is set that this library
/// does not know.
template <typename T>
Result<T> read_options(const T* given, std::size_t oldest_size, const char* name) {
  T options{};
  options.struct_size = sizeof(T);
  if (given == nullptr) return options;
  const std::size_t given_size = given->struct_size;
  if (given_size < oldest_size) {
    return fail(ErrorCode::kInvalidArgument, std::string(name) + ".struct_size is " +
                                                 std::to_string(given_size) + ", at least " +
                                                 std::to_string(oldest_size) + " was expected");
  }
  const auto* bytes = reinterpret_cast<const unsigned char*>(given);
  for (std::size_t i = sizeof(T); i < given_size; ++i) {
    if (bytes[i] != 0) {
      return fail(ErrorCode::kUnsupported,
                  std::string(name) + " has a field set that needs a newer version of Kist");
    }
  }
  std::memcpy(&options, given, std::min(sizeof(T), given_size));
  return options;
}

/// Copies an answer to a caller that may have been built with an older or newer header; keeps its
/// struct_size, and zeros fields that this library does not know. Errors: kInvalidArgument as
/// above.
template <typename T>
Result<void> write_answer(const T& answer, std::size_t oldest_size, const char* name, T* out) {
  if (out == nullptr) return fail(ErrorCode::kInvalidArgument, std::string(name) + " is NULL");
  const std::uint32_t given_size = out->struct_size;
  if (given_size < oldest_size) {
    return fail(ErrorCode::kInvalidArgument, std::string(name) + ".struct_size is " +
                                                 std::to_string(given_size) + ", at least " +
                                                 std::to_string(oldest_size) + " was expected");
  }
  std::memset(static_cast<void*>(out), 0, given_size);
  std::memcpy(static_cast<void*>(out), &answer, std::min(sizeof(T), std::size_t{given_size}));
  out->struct_size = given_size;
  return {};
}

/// Whether an answer, where one is wanted, can be given: to be asked before anything is done.
/// Errors: kInvalidArgument.
template <typename T>
Result<void> check_answer(const T* out, const char* name) {
  if (out == nullptr || out->struct_size >= sizeof(T)) return {};
  return fail(ErrorCode::kInvalidArgument, std::string(name) + ".struct_size is too small");
}

}  // namespace kist::c_api
