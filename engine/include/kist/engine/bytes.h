#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace kist::engine {

/// A borrowed run of bytes. Never owns; says where it was borrowed from in each function that
/// returns one.
using Bytes = std::span<const std::uint8_t>;

/// Views text as bytes.
inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// Views bytes as text, whatever they hold.
inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Copies bytes into a string.
inline std::string to_string(Bytes bytes) {
  return std::string(as_text(bytes));
}

}  // namespace kist::engine
