// JSON documents as export_json() writes them: kvstore/docs/transfer.md.

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "kvstore/codec/byte_text.h"
#include "kvstore/codec/scalar_text.h"
#include "kvstore/transfer/readers.h"

namespace kist::transfer {
namespace {

using nlohmann::json;

/// Follows the parser through a document and tells of each record when it ends. Holds one record.
class JsonReader : public nlohmann::json_sax<json> {
 public:
  JsonReader(const std::string& name, Sink& sink) : name_(name), sink_(sink) {}

  bool null() override { return scalar(nullptr); }
  bool boolean(bool value) override { return scalar(value); }
  bool number_integer(number_integer_t value) override { return scalar(value); }
  bool number_unsigned(number_unsigned_t value) override { return scalar(value); }
  bool number_float(number_float_t value, const string_t& /*text*/) override {
    return scalar(value);
  }
  bool string(string_t& value) override { return scalar(std::move(value)); }
  bool binary(binary_t& /*value*/) override { return wrong("binary data"); }
  bool key(string_t& value) override {
    member_ = std::move(value);
    return true;
  }
  bool start_object(std::size_t /*elements*/) override;
  bool end_object() override;
  bool start_array(std::size_t /*elements*/) override;
  bool end_array() override {
    level_ = level_ == Level::kRecords ? Level::kStore : Level::kTop;
    return true;
  }
  bool parse_error(std::size_t position, const std::string& /*last_token*/,
                   const nlohmann::detail::exception& error) override {
    const std::string text = error.what();
    const std::size_t prefix = text.find("] ");
    result_ = fail(ErrorCode::kInvalidJson,
                   fmt::format("{}: invalid JSON at byte {}: {}", name_, position,
                               prefix == std::string::npos ? text : text.substr(prefix + 2)));
    return false;
  }

  /// How it went.
  Result<void> result() const {
    if (!result_ || known_) return result_;
    return fail(ErrorCode::kNotAStore, name_ + ": is no export of Kist");
  }

 private:
  enum class Level : std::uint8_t { kOutside, kTop, kStores, kStore, kRecords, kRecord };

  bool wrong(const std::string& what) {
    return stop(fail(ErrorCode::kDamaged, fmt::format("{}: store '{}', record {}: {}", name_,
                                                      store_.value_or(""), records_ + 1, what)));
  }
  bool stop(Result<void> error) {
    result_ = std::move(error);
    return false;
  }
  bool scalar(json value);
  bool header(const json& value);
  bool store_member(const json& value);
  bool begin_store();
  bool record();
  std::optional<Value> value() const;

  const std::string& name_;
  Sink& sink_;
  Result<void> result_;
  bool known_ = false;  // it says that it is an export
  Level level_ = Level::kOutside;
  std::string member_;
  // The store:
  std::optional<std::string> store_;
  StoreOptions options_;
  bool begun_ = false;
  bool wanted_ = false;
  std::uint64_t records_ = 0;  // of it
  // The record, as far as it was read:
  json key_;
  bool hex_ = false;
  std::optional<ValueTag> type_;
  json value_;
};

bool JsonReader::start_object(std::size_t /*elements*/) {
  switch (level_) {
    case Level::kOutside:
      level_ = Level::kTop;
      return true;
    case Level::kStores:
      level_ = Level::kStore;
      store_.reset();
      options_ = {};
      begun_ = false;
      records_ = 0;
      return true;
    case Level::kRecords:
      level_ = Level::kRecord;
      key_ = nullptr;
      value_ = nullptr;
      type_.reset();
      return true;
    default:
      return wrong("an object as '" + member_ + "'");
  }
}

bool JsonReader::end_object() {
  if (level_ == Level::kRecord) {
    level_ = Level::kRecords;
    return record();
  }
  if (level_ == Level::kStore) {
    level_ = Level::kStores;
    return begin_store();
  }
  level_ = Level::kOutside;
  return true;
}

bool JsonReader::start_array(std::size_t /*elements*/) {
  if (level_ == Level::kTop && member_ == "stores") {
    if (!known_) return stop(fail(ErrorCode::kNotAStore, name_ + ": is no export of Kist"));
    level_ = Level::kStores;
    return true;
  }
  if (level_ == Level::kStore && member_ == "records") {
    level_ = Level::kRecords;
    return begin_store();
  }
  return wrong("an array as '" + member_ + "'");
}

bool JsonReader::scalar(json value) {
  switch (level_) {
    case Level::kTop:
      return header(value);
    case Level::kStore:
      return store_member(value);
    case Level::kRecord:
      break;
    default:
      return wrong("a value where there is none");
  }
  if (member_ == "key" || member_ == "key_hex") {
    hex_ = member_ == "key_hex";
    key_ = std::move(value);
  } else if (member_ == "value") {
    value_ = std::move(value);
  } else if (member_ == "type" && value.is_string()) {
    type_ = type_from_name(value.get_ref<const std::string&>());
    if (!type_) return wrong("a value of a type that this version does not know");
  } else {
    return wrong("'" + member_ + "' is not known");
  }
  return true;
}

bool JsonReader::header(const json& value) {
  if (member_ == "format" && value == "kist-export") {
    known_ = true;
    return true;
  }
  if (known_ && member_ == "version" && value.is_number_unsigned()) {
    if (value == 1) return true;
    return stop(fail(ErrorCode::kNewerFormat,
                     fmt::format("{}: is of version {}, this reads 1", name_, value.dump())));
  }
  return stop(fail(ErrorCode::kNotAStore, name_ + ": is no export of Kist"));
}

bool JsonReader::store_member(const json& value) {
  if (begun_ || !value.is_string()) return wrong("'" + member_ + "' behind its records");
  const auto& text = value.get_ref<const std::string&>();
  if (member_ == "store") {
    store_ = text;
  } else if (member_ == "kind" && (text == "single" || text == "multi")) {
    options_.multi = text == "multi";
  } else if (const auto type = key_type_from_name(text); member_ == "keys" && type) {
    options_.keys = *type;
  } else {
    return wrong("'" + member_ + "' is " + text);
  }
  return true;
}

bool JsonReader::begin_store() {
  if (begun_) return true;
  begun_ = true;
  if (!store_) return wrong("a store without a name");
  auto wanted = sink_.store(*store_, options_);
  if (!wanted) return stop(std::unexpected(std::move(wanted).error()));
  wanted_ = *wanted;
  return true;
}

/// Of the type that was named; nothing when the JSON is none.
std::optional<Value> JsonReader::value() const {
  const json& found = value_;
  switch (*type_) {
    case ValueTag::kBool:
      if (found.is_boolean()) return Value::boolean(found.get<bool>());
      return std::nullopt;
    case ValueTag::kU64:
      if (found.is_number_unsigned()) return Value::u64(found.get<std::uint64_t>());
      return std::nullopt;
    case ValueTag::kI64:
    case ValueTag::kInstant: {
      const bool fits =
          found.is_number_integer() &&
          (!found.is_number_unsigned() || std::in_range<std::int64_t>(found.get<std::uint64_t>()));
      if (!fits) return std::nullopt;
      const auto number = found.get<std::int64_t>();
      return *type_ == ValueTag::kI64 ? Value::i64(number) : Value::instant({number});
    }
    case ValueTag::kF64:
      if (found.is_number()) return Value::f64(found.get<double>());
      break;
    default:
      break;
  }
  if (!found.is_string()) return std::nullopt;
  const auto& text = found.get_ref<const std::string&>();
  switch (*type_) {
    case ValueTag::kF64:
      return codec::parse_double(text).transform(Value::f64);
    case ValueTag::kUuid:
      return codec::parse_uuid(text).transform(Value::uuid);
    case ValueTag::kString:
      return Value::string(text);
    case ValueTag::kJson:
      return Value::json(text);
    case ValueTag::kBlob:
      return codec::from_base64(text).transform(
          [](std::vector<std::uint8_t> bytes) { return Value::blob(std::move(bytes)); });
    default:
      return std::nullopt;
  }
}

bool JsonReader::record() {
  if (!type_) return wrong("a record without a type");
  const std::optional<Value> found = value();
  if (!found) return wrong(fmt::format("its value is no {}", type_name(*type_)));
  ++records_;
  if (!wanted_) return true;
  std::string bytes;
  std::optional<Key> key;
  if (options_.keys != KeyType::kBytes && key_.is_number_unsigned()) {
    key = Key(key_.get<std::uint64_t>());
  } else if (options_.keys != KeyType::kBytes && key_.is_number_integer()) {
    key = Key(key_.get<std::int64_t>());
  } else if (options_.keys == KeyType::kBytes && key_.is_string()) {
    bytes = key_.get<std::string>();
    if (hex_) {
      const auto decoded = codec::from_hex(bytes);
      if (!decoded) return wrong("its key is not hexadecimal");
      bytes = engine::to_string(*decoded);
    }
    key = Key(bytes);
  }
  if (!key) return wrong(fmt::format("its key is none of type {}", type_name(options_.keys)));
  auto done = sink_.record(*key, *found);
  return done ? true : stop(std::move(done));
}

}  // namespace

Result<void> read_json(Source& source, Sink& sink) {
  KIST_ASSIGN(const std::vector<std::uint8_t> bytes, source.read_all());
  // The parser takes a NUL for the end of its input.
  const auto nul = std::ranges::find(bytes, std::uint8_t{0});
  if (nul != bytes.end()) {
    return fail(ErrorCode::kInvalidJson, fmt::format("{}: invalid JSON at byte {}: NUL",
                                                     source.name(), nul - bytes.begin() + 1));
  }
  JsonReader reader(source.name(), sink);
  json::sax_parse(bytes.begin(), bytes.end(), &reader);
  return reader.result();
}

}  // namespace kist::transfer
