#include "tests/demo/digest.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <type_traits>
#include <variant>

namespace kist::demo {

namespace {

static_assert(std::endian::native == std::endian::little,
              "numbers are hashed as they lie in memory");

constexpr std::uint64_t kNan = 0x7ff8000000000000;

std::string hexadecimal(const std::uint8_t* bytes, std::size_t size) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

template <typename T>
std::string bytes_of(const T& number) {
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

std::string payload(const ValueView& value) {
  return std::visit(
      [](const auto& content) -> std::string {
        using T = std::decay_t<decltype(content)>;
        if constexpr (std::is_same_v<T, bool>) {
          return std::string(1, content ? '\1' : '\0');
        } else if constexpr (std::is_same_v<T, double>) {
          return bytes_of(std::isnan(content) ? kNan : std::bit_cast<std::uint64_t>(content));
        } else if constexpr (std::is_same_v<T, std::string_view>) {
          return std::string(content);
        } else if constexpr (std::is_same_v<T, JsonView>) {
          return std::string(content.text);
        } else if constexpr (std::is_same_v<T, BlobView>) {
          return {reinterpret_cast<const char*>(content.bytes.data()), content.bytes.size()};
        } else if constexpr (std::is_same_v<T, Uuid>) {
          return {reinterpret_cast<const char*>(content.bytes.data()), content.bytes.size()};
        } else if constexpr (std::is_same_v<T, Instant>) {
          return bytes_of(content.milliseconds);
        } else {
          return bytes_of(content);
        }
      },
      value.data());
}

}  // namespace

std::string sha256(Bytes bytes) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    std::abort();
  }
  return hexadecimal(digest.data(), size);
}

RecordDigest::RecordDigest() : context_(EVP_MD_CTX_new()) {
  if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1) std::abort();
}

void RecordDigest::add(std::string_view key, const ValueView& value) {
  const std::string content = payload(value);
  const auto key_size = static_cast<std::uint32_t>(key.size());
  const auto tag = static_cast<std::uint8_t>(value.type());
  const auto content_size = static_cast<std::uint32_t>(content.size());
  add_bytes(&key_size, sizeof key_size);
  add_bytes(key.data(), key.size());
  add_bytes(&tag, sizeof tag);
  add_bytes(&content_size, sizeof content_size);
  add_bytes(content.data(), content.size());
  ++records_;
}

void RecordDigest::add_bytes(const void* data, std::size_t size) {
  if (EVP_DigestUpdate(context_.get(), data, size) != 1) std::abort();
}

std::string RecordDigest::finish() {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  if (EVP_DigestFinal_ex(context_.get(), digest.data(), &size) != 1) std::abort();
  return hexadecimal(digest.data(), size);
}

}  // namespace kist::demo
