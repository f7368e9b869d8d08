#include "kvstore/c_api/errors.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "kvstore/c_api/names.h"
#include "kvstore/codec/utf8.h"

namespace kist::c_api {
std::string printable(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    // Up to the next byte that has to be written out.
    const std::size_t valid = codec::first_invalid_utf8(text).value_or(text.size());
    const std::size_t good = std::min(valid, text.find('\0'));
    result += text.substr(0, good);
    if (good == text.size()) break;
    result += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[good]));
    text.remove_prefix(good + 1);
  }
  return result;
}

char* copy_text(std::string_view text) {
  char* copy = static_cast<char*>(std::malloc(text.size() + 1));
  if (copy == nullptr) throw std::bad_alloc();
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  return copy;
}

kist_code report_success(kist_error* error) noexcept {
  if (error != nullptr) *error = {KIST_OK, nullptr, 0};
  return KIST_OK;
}

kist_code report(kist_error* error, ErrorCode code, std::string_view message) noexcept {
  const auto number = static_cast<kist_code>(code);
  if (error == nullptr) return number;
  *error = {number, nullptr, 0};
  try {
    const std::string text = printable(message);
    error->message = copy_text(text);
    error->message_size = text.size();
  } catch (...) {
    // The code alone has to do.
  }
  return number;
}

}  // namespace kist::c_api

using kist::c_api::kCodeTexts;

void kist_error_free(kist_error* error) noexcept {
  if (error == nullptr) return;
  std::free(error->message);
  *error = {KIST_OK, nullptr, 0};
}

const char* kist_code_name(kist_code code) noexcept {
  for (const auto& text : kCodeTexts) {
    if (text.code == code) return text.name;
  }
  return "UNKNOWN";
}

const char* kist_code_description(kist_code code) noexcept {
  for (const auto& text : kCodeTexts) {
    if (text.code == code) return text.description;
  }
  return "This version of Kist has no such error code.";
}
