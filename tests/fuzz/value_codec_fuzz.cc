#include <cstdint>
#include <cstdlib>

#include "kvstore/codec/value_codec.h"

// Any bytes: either an error, or a value that encodes to the same bytes. (JSON is checked only when
// it is written, so that it may be read and refused.)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const kist::Bytes bytes(data, size);
  const auto value = kist::codec::decode_value(bytes);
  if (!value) return 0;
  kist::codec::ValueEncoder encoder;
  const auto again = encoder.encode(*value);
  if (!again && value->type() == kist::ValueTag::kJson) return 0;
  if (!again || kist::engine::as_text(*again) != kist::engine::as_text(bytes)) std::abort();
  return 0;
}
