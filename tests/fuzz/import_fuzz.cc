#include <cstdint>
#include <cstdlib>

#include "kvstore/transfer/readers.h"

namespace {

/// Touches everything that a reader tells.
class Touch : public kist::transfer::Sink {
 public:
  void expect(std::uint64_t records) override { sum_ += records; }
  kist::Result<bool> store(std::optional<std::string_view> name,
                           const kist::StoreOptions& options) override {
    for (const char c : name.value_or("")) sum_ += static_cast<unsigned char>(c);
    sum_ += options.multi ? 1 : 0;
    return true;
  }
  kist::Result<void> record(const kist::Key& key, const kist::ValueView& value) override {
    for (const char c : key.bytes()) sum_ += static_cast<unsigned char>(c);
    const kist::Value copy = value.to_value();
    if (!(kist::ValueView(copy) == value)) std::abort();
    ++records_;
    // A small file can tell of many records: a page of many empty values, say.
    if (records_ < 1'000'000) return {};
    return kist::fail(kist::ErrorCode::kStopped, "enough");
  }

 private:
  std::uint64_t sum_ = 0;
  std::uint64_t records_ = 0;
};

}  // namespace

// The first byte names the format and what values are; the rest is the file. Any bytes: each reader
// ends, and what it tells is there.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  auto source = kist::transfer::Source::of({data + 1, size - 1});
  const auto format = static_cast<kist::ImportFormat>(data[0] % 4);
  const auto values = static_cast<kist::ImportValues>(data[0] / 4 % 2);
  Touch touch;
  (void)kist::transfer::read_source(source, format, values, touch);
  return 0;
}
