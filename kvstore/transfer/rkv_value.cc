#include "kvstore/transfer/rkv_value.h"

#include <cstddef>
#include <cstdint>

#include "kvstore/codec/little_endian.h"
#include "kvstore/codec/value_codec.h"

namespace kist::transfer {
namespace {

/// Bytes of the value that `bytes` begin with, when they are long enough to tell; else all of them,
/// so that the codec says what is wrong.
std::size_t encoded_size(Bytes bytes) {
  if (bytes.empty()) return 0;
  switch (static_cast<ValueTag>(bytes[0])) {
    case ValueTag::kBool:
      return 2;
    case ValueTag::kU64:
    case ValueTag::kI64:
    case ValueTag::kF64:
    case ValueTag::kInstant:
      return 9;
    case ValueTag::kUuid:
      return 17;
    case ValueTag::kString:
    case ValueTag::kJson:
    case ValueTag::kBlob:
      break;
    default:
      return bytes.size();
  }
  if (bytes.size() < codec::kTextHeaderSize) return bytes.size();
  const std::uint64_t length = codec::load_u64(bytes.data() + 1);
  const std::uint64_t most = bytes.size() - codec::kTextHeaderSize;
  return length > most ? bytes.size() : codec::kTextHeaderSize + static_cast<std::size_t>(length);
}

}  // namespace

Result<ValueView> decode_rkv_value(Bytes bytes) {
  const std::size_t size = encoded_size(bytes);
  return codec::decode_value(size < bytes.size() ? bytes.first(size) : bytes);
}

}  // namespace kist::transfer
