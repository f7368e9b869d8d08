#pragma once

namespace kist::c_api {

/// Sets `*out` unless it is a null pointer.
template <typename T>
void give(T* out, const T& value) {
  if (out != nullptr) *out = value;
}

}  // namespace kist::c_api
