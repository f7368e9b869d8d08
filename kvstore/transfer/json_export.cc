// Stores as a JSON document: kvstore/docs/transfer.md.

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <kist/transaction.h>
#include <kist/transfer.h>

#include "kvstore/codec/byte_text.h"
#include "kvstore/codec/scalar_text.h"
#include "kvstore/codec/utf8.h"

namespace kist {
namespace {

using nlohmann::json;

constexpr std::size_t kPieceBytes = 65'536;
constexpr std::uint64_t kRecordsBetweenReports = 1024;

std::string json_text(std::string_view text) {
  return json(text).dump();
}

/// A finite double that no parser takes for an integer, which would lose the sign of zero.
std::string number_text(double number) {
  std::string text = codec::format_double(number);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

/// A value without its type.
std::string value_text(const ValueView& value) {
  const ValueView::Data& data = value.data();
  switch (value.type()) {
    case ValueTag::kBool:
      return std::get<0>(data) ? "true" : "false";
    case ValueTag::kU64:
      return fmt::format("{}", std::get<1>(data));
    case ValueTag::kI64:
      return fmt::format("{}", std::get<2>(data));
    case ValueTag::kF64: {
      const double number = std::get<3>(data);
      return std::isfinite(number) ? number_text(number) : json_text(codec::format_double(number));
    }
    case ValueTag::kInstant:
      return fmt::format("{}", std::get<4>(data).milliseconds);
    case ValueTag::kUuid:
      return json_text(codec::format_uuid(std::get<5>(data)));
    case ValueTag::kString:
      return json_text(std::get<6>(data));
    case ValueTag::kJson:
      return json_text(std::get<7>(data).text);
    case ValueTag::kBlob:
      return json_text(codec::to_base64(std::get<8>(data).bytes));
  }
  return "null";
}

const char* name_of(StoreKind kind) {
  return kind == StoreKind::kMulti || kind == StoreKind::kMultiInteger ? "multi" : "single";
}

/// Writes the document, in pieces.
class Exporter {
 public:
  Exporter(const Profile& profile, const Reader& reader, const engine::ByteSink& sink,
           const ExportOptions& options)
      : profile_(profile), reader_(reader), sink_(sink), options_(options) {}

  Result<ExportReport> run(const std::vector<StoreInfo>& stores) {
    for (const StoreInfo& info : stores) {
      KIST_ASSIGN(const Store store, open(info));
      KIST_ASSIGN(const std::uint64_t records, reader_.count(store));
      expected_ += records;
    }
    text_ = "{\"format\":\"kist-export\",\"version\":1,\"stores\":[";
    for (const StoreInfo& info : stores) KIST_TRY(write(info));
    text_ += "\n]}\n";
    KIST_TRY(flush());
    KIST_TRY(tell());
    return report_;
  }

 private:
  Result<Store> open(const StoreInfo& info) const {
    StoreOptions options;
    options.create = false;
    options.multi = info.kind == StoreKind::kMulti || info.kind == StoreKind::kMultiInteger;
    options.keys = info.keys;
    return profile_.open_store(info.name, options);
  }

  Result<void> write(const StoreInfo& info) {
    KIST_ASSIGN(const Store store, open(info));
    text_ += fmt::format(R"({}
{{"store":{},"kind":"{}","keys":"{}","records":[)",
                         report_.stores == 0 ? "" : ",", json_text(info.name), name_of(info.kind),
                         type_name(info.keys));
    ++report_.stores;
    KIST_ASSIGN(Iterator iterator, reader_.iterate(store));
    for (bool first = true;; first = false) {
      KIST_ASSIGN(const bool more, iterator.next());
      if (!more) break;
      KIST_ASSIGN(const std::string key, key_text(iterator, info.keys));
      auto value = iterator.value();
      if (!value) {
        return fail(value.error().code,
                    fmt::format("store '{}': {}", info.name, value.error().message));
      }
      text_ += fmt::format(R"({}
{{{},"type":"{}","value":{}}})",
                           first ? "" : ",", key, type_name(value->type()), value_text(*value));
      if (text_.size() >= kPieceBytes) KIST_TRY(flush());
      if (++report_.records % kRecordsBetweenReports == 0) KIST_TRY(tell());
    }
    text_ += "]}";
    return {};
  }

  static Result<std::string> key_text(const Iterator& iterator, KeyType type) {
    if (type == KeyType::kBytes) {
      const std::string_view key = iterator.key();
      if (codec::first_invalid_utf8(key)) {
        return fmt::format(R"("key_hex":"{}")", codec::to_hex(engine::as_bytes(key)));
      }
      return fmt::format(R"("key":{})", json_text(key));
    }
    if (type >= KeyType::kI8) {
      KIST_ASSIGN(const std::int64_t number, iterator.number<std::int64_t>());
      return fmt::format(R"("key":{})", number);
    }
    KIST_ASSIGN(const std::uint64_t number, iterator.number<std::uint64_t>());
    return fmt::format(R"("key":{})", number);
  }

  Result<void> flush() {
    KIST_TRY(sink_(engine::as_bytes(text_)));
    text_.clear();
    return {};
  }

  Result<void> tell() const {
    if (!options_.progress || options_.progress({report_.records, expected_})) return {};
    return fail(ErrorCode::kStopped, "the export was stopped");
  }

  const Profile& profile_;
  const Reader& reader_;
  const engine::ByteSink& sink_;
  const ExportOptions& options_;
  ExportReport report_;
  std::uint64_t expected_ = 0;
  std::string text_;  // written and not given to the sink
};

}  // namespace

Result<ExportReport> export_json(const Profile& profile, const engine::ByteSink& sink,
                                 const ExportOptions& options) {
  KIST_ASSIGN(const Reader reader, profile.read());
  KIST_ASSIGN(std::vector<StoreInfo> stores, profile.stores());
  for (const std::string& name : options.stores) {
    if (std::ranges::find(stores, name, &StoreInfo::name) != stores.end()) continue;
    return fail(ErrorCode::kTableNotFound, "there is no store '" + name + "'");
  }
  if (!options.stores.empty()) {
    std::erase_if(stores, [&](const StoreInfo& info) {
      return std::ranges::find(options.stores, info.name) == options.stores.end();
    });
  }
  for (const StoreInfo& info : stores) {
    if (info.kind != StoreKind::kUnknown) continue;
    return fail(ErrorCode::kNewerFormat, "store '" + info.name + "' needs a newer version of Kist");
  }
  return Exporter(profile, reader, sink, options).run(stores);
}

}  // namespace kist
