#include <cstdint>
#include <cstdlib>

#include <nlohmann/json.hpp>

#include "kvstore/codec/json_check.h"
#include "kvstore/codec/json_scan.h"

// Any bytes: the scan ends, stays within the text, and where the text is JSON it passes over
// exactly what a parser takes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  kist::codec::JsonScan scan(text);
  const auto value = scan.value();
  if (value && (value->data() < text.data() || value->end() > text.end())) std::abort();
  if (!kist::codec::check_json(text)) return 0;
  if (!value || scan.peek() != '\0') std::abort();
  if (value->front() != '"') return 0;
  const auto string = kist::codec::JsonScan(text).string();
  if (!string || nlohmann::json::parse(text).get<std::string>() != *string) std::abort();
  return 0;
}
