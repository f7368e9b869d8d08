#pragma once

#include <cstdint>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <kist/store.h>
#include <kist/transfer.h>

#include "kvstore/codec/value_codec.h"
#include "tests/support/checked_profile.h"

namespace kist::test {

/// Bytes of a value in rkv's encoding.
inline std::string rkv(const ValueView& value) {
  codec::ValueEncoder encoder;
  return std::string(engine::as_text(must(encoder.encode(value))));
}

/// Records of a store: its keys, as they stand in the file, and encoded values, in order.
using Records = std::vector<std::pair<std::string, std::string>>;

/// Tests that import files into a profile.
class TransferTest : public ProfileTest {
 protected:
  static Records records_of(const Profile& profile, std::string_view name,
                            StoreOptions options = {}) {
    options.create = false;
    const Store store = must(profile.open_store(name, options));
    Records records;
    Iterator iterator = must(store.iterate());
    while (must(iterator.next())) {
      records.emplace_back(iterator.key(), rkv(must(iterator.value())));
    }
    return records;
  }
  std::string file(const std::string& name) const { return (files_.path() + "/") + name; }
  std::string write_file(const std::string& name, std::string_view content) const {
    std::ofstream(file(name), std::ios::binary) << content;
    return file(name);
  }
  static std::string read_file(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(stream), {});
  }
  /// The document that a profile is exported as.
  static std::string exported(const Profile& profile, const ExportOptions& options = {}) {
    std::string text;
    must(export_json(
        profile,
        [&](Bytes bytes) -> Result<void> {
          text += engine::as_text(bytes);
          return {};
        },
        options));
    return text;
  }

 private:
  TempDirectory files_;
};

}  // namespace kist::test
