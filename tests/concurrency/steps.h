#pragma once

#include <cstdint>
#include <string>

#include "tests/support/model.h"
#include "tests/support/random.h"

namespace kist::test {

/// Does to a model what DualWriter does to a model and a store.
class ModelWriter {
 public:
  explicit ModelWriter(Tables& model) : model_(model) {}

  void put(const std::string& table, const std::string& key, const std::string& value) {
    model_.at(table)[key] = value;
  }
  void erase(const std::string& table, const std::string& key) { model_.at(table).erase(key); }
  void create(const std::string& table) { model_.emplace(table, Records()); }
  void drop(const std::string& table) { model_.erase(table); }
  void clear(const std::string& table) { model_.at(table).clear(); }
  const Tables& model() const { return model_; }

 private:
  Tables& model_;
};

/// The changes of transaction number `step`, the same whoever does them: small records, large
/// values that lengthen the file, a table that comes and goes, a clearing that shortens the file,
/// and the number itself.
template <typename Writer>
void do_step(Writer& writer, std::uint64_t seed, std::uint64_t step) {
  Random random(seed * 1'000'003 + step);
  for (std::uint64_t i = random.between(1, 6); i > 0; --i) {
    const std::string key = "key " + std::to_string(random.below(150));
    if (random.one_in(4)) {
      writer.erase("", key);
    } else {
      writer.put("", key, random.bytes(random.below(120)));
    }
  }
  if (random.one_in(5)) {
    writer.put("", "large " + std::to_string(random.below(6)), random.bytes(random.below(60'000)));
  }
  if (random.one_in(9)) {
    if (writer.model().contains("table")) {
      writer.drop("table");
    } else {
      writer.create("table");
      for (int i = 0; i < 40; ++i) writer.put("table", std::to_string(i), random.bytes(50));
    }
  }
  if (step % 40 == 25) {
    for (int i = 0; i < 8; ++i) writer.put("", "bulk " + std::to_string(i), random.bytes(150'000));
  }
  if (step % 40 == 35) writer.clear("");
  writer.put("", "step", std::to_string(step));
}

/// The number of the last transaction in a store's content; 0 when there was none.
inline std::uint64_t step_of(const Tables& content) {
  const Records& records = content.at("");
  const auto found = records.find("step");
  return found == records.end() ? 0 : std::stoull(found->second);
}

}  // namespace kist::test
