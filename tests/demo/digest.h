#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <openssl/evp.h>

#include <kist/value.h>

namespace kist::demo {

/// The lower-case hexadecimal SHA-256 of some bytes.
std::string sha256(Bytes bytes);

/// SHA-256 over records as every language of the demo sees them: length of the key (32 bits), key,
/// number of the type (8 bits), length of the payload (32 bits), payload. Integers are
/// little-endian; every NaN counts as the same one.
class RecordDigest {
 public:
  RecordDigest();
  /// Adds a record. Those of a dataset are added in byte order of their keys.
  void add(std::string_view key, const ValueView& value);
  /// Number of records added.
  std::uint64_t records() const { return records_; }
  /// The digest in lower-case hexadecimal; nothing can be added afterwards.
  std::string finish();

 private:
  struct FreeContext {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  void add_bytes(const void* data, std::size_t size);

  std::unique_ptr<EVP_MD_CTX, FreeContext> context_;
  std::uint64_t records_ = 0;
};

}  // namespace kist::demo
