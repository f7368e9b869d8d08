#pragma once

#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include <kist/engine/error.h>
#include <kist/kist.h>

namespace kist::c_api {

/// `text` as valid UTF-8 without NUL: bytes that are neither are written as \xNN.
std::string printable(std::string_view text);

/// A copy of `text` with a NUL behind it, to be given back with std::free. Throws std::bad_alloc.
char* copy_text(std::string_view text);

/// Sets `*error` (may be null) to "no error". Returns KIST_OK.
kist_code report_success(kist_error* error) noexcept;

/// Sets `*error` (may be null) to the code and a printable copy of the message; without memory
/// for it, to the code alone. Returns the code.
kist_code report(kist_error* error, ErrorCode code, std::string_view message) noexcept;

/// Runs the body of an exported function, a callable that returns Result<void>, and reports how it
/// went. No exception leaves it.
template <typename Body>
kist_code guarded(kist_error* error, Body&& body) noexcept {
  try {
    const Result<void> result = std::forward<Body>(body)();
    if (result) return report_success(error);
    return report(error, result.error().code, result.error().message);
  } catch (const std::bad_alloc&) {
    return report(error, ErrorCode::kOutOfMemory, "out of memory");
  } catch (const std::exception& exception) {
    return report(error, ErrorCode::kInternal, exception.what());
  } catch (...) {
    return report(error, ErrorCode::kInternal, "an exception of unknown type");
  }
}

/// Sets `*out` to `nothing`, so that callers may free or close it after a failure. Errors:
/// kInvalidArgument, naming the parameter, when `out` is null.
template <typename T>
Result<void> prepare_out(T* out, const char* name, const T& nothing = T{}) {
  if (out == nullptr) return fail(ErrorCode::kInvalidArgument, std::string(name) + " is NULL");
  *out = nothing;
  return {};
}

}  // namespace kist::c_api
