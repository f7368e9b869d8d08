#include "kvstore/codec/value_codec.h"

#include <bit>
#include <cstring>
#include <exception>

#include <fmt/format.h>

#include "kvstore/codec/json_check.h"
#include "kvstore/codec/little_endian.h"
#include "kvstore/codec/utf8.h"

namespace kist::codec {

namespace {

/// A buffer that grew larger than this for one value is not kept for the next.
constexpr std::size_t kMaxKeptBuffer = 64 * 1024;

std::unexpected<Error> bad_value(std::string message) {
  return fail(ErrorCode::kBadValue, std::move(message));
}

std::unexpected<Error> wrong_size(ValueTag tag, std::uint64_t found, std::uint64_t expected) {
  return bad_value(
      fmt::format("{} value has {} payload bytes, expected {}", type_name(tag), found, expected));
}

Result<ValueView> decode_text(ValueTag tag, Bytes payload) {
  if (payload.size() < 8) {
    return bad_value(fmt::format("{} value ends within its length", type_name(tag)));
  }
  const std::uint64_t length = load_u64(payload.data());
  const Bytes content = payload.subspan(8);
  if (length != content.size()) return wrong_size(tag, content.size(), length);
  if (tag == ValueTag::kBlob) return ValueView::blob(content);
  const std::string_view text = engine::as_text(content);
  if (const auto bad = first_invalid_utf8(text)) [[unlikely]] {
    return bad_value(fmt::format("{} value is not valid UTF-8 at byte {} (0x{:02x})",
                                 type_name(tag), *bad, content[*bad]));
  }
  return tag == ValueTag::kString ? ValueView::string(text) : ValueView::json(text);
}

Result<ValueView> decode_uuid(Bytes payload) {
  Uuid uuid;
  if (payload.size() != uuid.bytes.size()) {
    return wrong_size(ValueTag::kUuid, payload.size(), uuid.bytes.size());
  }
  std::memcpy(uuid.bytes.data(), payload.data(), uuid.bytes.size());
  return ValueView::uuid(uuid);
}

Result<ValueView> decode_bool(Bytes payload) {
  if (payload.size() != 1) return wrong_size(ValueTag::kBool, payload.size(), 1);
  if (payload[0] > 1) {
    return bad_value(fmt::format("bool value has payload 0x{:02x}, expected 00 or 01", payload[0]));
  }
  return ValueView::boolean(payload[0] == 1);
}

}  // namespace

Result<ValueView> decode_value(Bytes bytes) {
  if (bytes.empty()) return bad_value("value is empty, expected at least a tag byte");
  if ((bytes[0] & kExtendedTagBit) != 0) {
    return fail(ErrorCode::kNewerFormat,
                fmt::format("value has an extended header (tag 0x{:02x}), which needs a newer "
                            "version of Kist",
                            bytes[0]));
  }
  const auto tag = static_cast<ValueTag>(bytes[0]);
  const Bytes payload = bytes.subspan(1);
  switch (tag) {
    case ValueTag::kBool:
      return decode_bool(payload);
    case ValueTag::kUuid:
      return decode_uuid(payload);
    case ValueTag::kString:
    case ValueTag::kJson:
    case ValueTag::kBlob:
      return decode_text(tag, payload);
    case ValueTag::kU64:
    case ValueTag::kI64:
    case ValueTag::kF64:
    case ValueTag::kInstant:
      break;
    default:
      return bad_value(fmt::format("no such value tag: {}", bytes[0]));
  }
  if (payload.size() != 8) return wrong_size(tag, payload.size(), 8);
  const std::uint64_t bits = load_u64(payload.data());
  if (tag == ValueTag::kU64) return ValueView::u64(bits);
  if (tag == ValueTag::kI64) return ValueView::i64(static_cast<std::int64_t>(bits));
  if (tag == ValueTag::kF64) return ValueView::f64(std::bit_cast<double>(bits));
  return ValueView::instant(Instant{static_cast<std::int64_t>(bits)});
}

Bytes ValueEncoder::fixed(ValueTag tag, std::uint64_t payload) {
  fixed_[0] = static_cast<std::uint8_t>(tag);
  store_u64(payload, &fixed_[1]);
  return Bytes(fixed_).first(9);
}

Result<Bytes> ValueEncoder::text(ValueTag tag, Bytes payload) {
  std::array<std::uint8_t, kTextHeaderSize> header{};
  header[0] = static_cast<std::uint8_t>(tag);
  store_u64(payload.size(), &header[1]);
  try {
    if (text_.capacity() > kMaxKeptBuffer) text_ = std::string();
    text_.clear();
    text_.reserve(header.size() + payload.size());
    text_.append(engine::as_text(header));
    text_.append(engine::as_text(payload));
  } catch (const std::exception&) {
    return fail(ErrorCode::kOutOfMemory, fmt::format("no memory to encode a {} of {} bytes",
                                                     type_name(tag), payload.size()));
  }
  return engine::as_bytes(text_);
}

Result<Bytes> ValueEncoder::encode(const ValueView& value) {
  const ValueView::Data& data = value.data();
  switch (value.type()) {
    case ValueTag::kBool:
      fixed_[0] = static_cast<std::uint8_t>(ValueTag::kBool);
      fixed_[1] = *std::get_if<0>(&data) ? 1 : 0;
      return Bytes(fixed_).first(2);
    case ValueTag::kU64:
      return fixed(ValueTag::kU64, *std::get_if<1>(&data));
    case ValueTag::kI64:
      return fixed(ValueTag::kI64, static_cast<std::uint64_t>(*std::get_if<2>(&data)));
    case ValueTag::kF64:
      return fixed(ValueTag::kF64, std::bit_cast<std::uint64_t>(*std::get_if<3>(&data)));
    case ValueTag::kInstant:
      return fixed(ValueTag::kInstant,
                   static_cast<std::uint64_t>(std::get_if<4>(&data)->milliseconds));
    case ValueTag::kUuid: {
      const Uuid& uuid = *std::get_if<5>(&data);
      fixed_[0] = static_cast<std::uint8_t>(ValueTag::kUuid);
      std::memcpy(&fixed_[1], uuid.bytes.data(), uuid.bytes.size());
      return Bytes(fixed_);
    }
    case ValueTag::kString: {
      const std::string_view content = *std::get_if<6>(&data);
      KIST_TRY(check_utf8(content, "string"));
      return text(ValueTag::kString, engine::as_bytes(content));
    }
    case ValueTag::kJson: {
      const std::string_view content = std::get_if<7>(&data)->text;
      KIST_TRY(check_json(content));
      return text(ValueTag::kJson, engine::as_bytes(content));
    }
    case ValueTag::kBlob:
      return text(ValueTag::kBlob, std::get_if<8>(&data)->bytes);
  }
  return fail(ErrorCode::kInternal, "value of no type");
}

}  // namespace kist::codec
