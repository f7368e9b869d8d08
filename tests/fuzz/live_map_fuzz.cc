// Bytes of the data file change while it is mapped and used: between calls, and, for one input in
// four, at any moment by another thread. What is read then may be anything; no access may be out
// of bounds, nothing may crash or hang.

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

#include <kist/engine/database.h>
#include <kist/engine/keys.h>
#include <kist/engine/value_stream.h>

#include "engine/base/byte_order.h"
#include "tests/damage/seed_stores.h"

namespace kist::test {
namespace {

using engine::as_bytes;
using engine::Database;

constexpr std::size_t kStep = 8;
constexpr int kMostSteps = 3000;

class Session {
 public:
  Session(const std::uint8_t* data, std::size_t size)
      : data_(data), size_(size), seed_(seed_stores()[data[0] % 3]) {}
  ~Session() {
    if (file_ >= 0) ::close(file_);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void run() {
    const std::string path = scratch_directory() + "/live";
    write_file(path, seed_.bytes);
    std::filesystem::remove(path + "-lock");
    auto opened = Database::open(path, {.verify = data_[0] % 8 != 0});
    if (!opened) return;
    database_.emplace(std::move(*opened));
    file_ = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (file_ < 0) std::abort();
    std::optional<std::jthread> other;
    if (data_[0] >= 192) other.emplace([this](const std::stop_token& stop) { flicker(stop); });
    for (std::size_t at = 2; at + kStep <= size_; at += kStep) {
      if (!other) change(data_ + at, false);
      use(data_ + at);
    }
    if (other) use(data_);
    other.reset();
    cursor_.reset();
    reader_.reset();
    writer_.reset();
    static_cast<void>(database_->check());
    static_cast<void>(database_->close());
  }

 private:
  // Writes what the step says to where it says, or what was there at first.
  void change(const std::uint8_t* p, bool back) const {
    const std::vector<Place>& places = seed_.seals.places();
    const Place& place = places[engine::load16(p) % places.size()];
    const std::uint64_t wide = engine::load16(p + 2);
    const std::uint64_t offset = place.offset + (p[4] >= 128 ? wide % 48 : wide) % place.length;
    std::uint8_t bytes[8];
    engine::store64(bytes, engine::load64(p));
    const std::size_t width = 1 + p[4] % 8U;
    if (p[4] % 16 == 8) bytes[0] = bytes[1] = 0xFF;
    const void* const from = back && offset + width <= seed_.bytes.size()
                                 ? static_cast<const void*>(seed_.bytes.data() + offset)
                                 : bytes + 8 - width;
    static_cast<void>(::pwrite(file_, from, width, static_cast<off_t>(offset)));
  }

  void flicker(const std::stop_token& stop) const {
    for (bool back = false; !stop.stop_requested(); back = !back) {
      for (std::size_t at = 2; at + kStep <= size_; at += kStep) change(data_ + at, back);
    }
  }

  engine::Table table_of(std::uint8_t which) const {
    static constexpr const char* kNames[] = {"table", "text", "numbers"};
    if (which % 4 == 0) return {};
    return database_->table(kNames[which % 4 - 1]).value_or(engine::Table());
  }

  void use(const std::uint8_t* p) {
    const engine::Table table = table_of(p[6]);
    switch (p[5] % 8) {
      case 0:
        cursor_.reset();
        if (auto txn = database_->read()) reader_.emplace(std::move(*txn));
        return;
      case 1:
        if (reader_) read(*reader_, table);
        return;
      case 2:
        if (!reader_) return;
        if (auto cursor = reader_->cursor(table)) cursor_.emplace(std::move(*cursor));
        if (cursor_) static_cast<void>(cursor_->seek(as_bytes("key " + std::to_string(p[7]))));
        return;
      case 3:
      case 4:
        if (cursor_) move(*cursor_, p[7]);
        return;
      case 5:
        if (!writer_) {
          if (auto txn = database_->write(std::chrono::milliseconds(0))) {
            writer_.emplace(std::move(*txn));
          }
        }
        if (writer_) write(*writer_, table, p[7]);
        return;
      case 6:
        if (!writer_) return;
        static_cast<void>(writer_->commit(engine::Durability::kRelaxed));
        return writer_.reset();
      default:
        if (writer_) read(*writer_, table);
    }
  }

  static void move(engine::Cursor& cursor, std::uint8_t how) {
    for (int i = 0; i < 1 + how % 32; ++i) {
      const auto on = how % 2 == 0 ? cursor.next() : cursor.prev();
      if (!on || !*on) return;
      touch(cursor.key());
      if (const auto value = cursor.value()) touch(*value);
    }
    static_cast<void>(cursor.next_key());
    static_cast<void>(cursor.value_count());
    static_cast<void>(cursor.last_value());
    static_cast<void>(cursor.scroll(how - 128));
    static_cast<void>(cursor.rank());
    engine::Record records[16];
    if (const auto got = cursor.read(records)) {
      for (std::size_t i = 0; i < *got; ++i) touch(records[i].value);
    }
  }

  static void read(const engine::Txn& txn, engine::Table table) {
    static_cast<void>(txn.table_names());
    static_cast<void>(txn.table_stats(table));
    static_cast<void>(txn.count_range(table, as_bytes("key 2"), as_bytes("key 4")));
    static_cast<void>(txn.split(table, 4));
    static_cast<void>(txn.sample(table, 3, 1));
    for (const char* key : {"key 5", "many", "some", "long", "large", "3"}) {
      if (const auto value = txn.get(table, as_bytes(key)); value && *value) touch(**value);
      static_cast<void>(txn.count_values(table, as_bytes(key)));
      static_cast<void>(txn.contains_pair(table, as_bytes(key), as_bytes(value_of(3))));
      if (auto stream = txn.open_value(table, as_bytes(key)); stream && *stream) {
        std::uint8_t buffer[300];
        static_cast<void>((*stream)->read(0, buffer));
      }
    }
    auto cursor = txn.cursor(table);
    if (!cursor) return;
    int left = kMostSteps;
    for (auto on = cursor->first(); on && *on && left-- > 0; on = cursor->next()) {
      touch(cursor->key());
      if (const auto value = cursor->value()) touch(*value);
    }
  }

  static void write(engine::WriteTxn& txn, engine::Table table, std::uint8_t how) {
    const std::string key = "key " + std::to_string(how);
    switch (how % 8) {
      case 0:
        static_cast<void>(txn.clear(table));
        return;
      case 1:
        static_cast<void>(txn.erase_range(table, as_bytes("key 1"), as_bytes(key)));
        return;
      case 2:
        static_cast<void>(txn.erase(table, as_bytes(how % 16 == 2 ? "many" : "large")));
        return;
      case 3:
        if (table.index() != 0) static_cast<void>(txn.drop_table(table));
        return;
      default:
        for (int i = 0; i < how % 8 * 4; ++i) {
          static_cast<void>(txn.put(table, as_bytes(i % 2 == 0 ? "many" : key),
                                    engine::key_of(std::uint64_t(1000 + i))));
          static_cast<void>(txn.put(table, as_bytes(key + std::to_string(i)), as_bytes("v")));
          static_cast<void>(txn.erase(table, as_bytes(key)));
        }
    }
  }

  /// Reads every byte that a caller was given.
  static void touch(engine::Bytes bytes) {
    static std::atomic<std::uint8_t> sink;
    std::uint8_t all = 0;
    for (const std::uint8_t byte : bytes) all = static_cast<std::uint8_t>(all + byte);
    sink = all;
  }

  const std::uint8_t* data_;
  const std::size_t size_;
  const SeedStore& seed_;
  std::optional<Database> database_;
  std::optional<engine::ReadTxn> reader_;
  std::optional<engine::WriteTxn> writer_;
  std::optional<engine::Cursor> cursor_;  // of the reader
  int file_ = -1;
};

}  // namespace
}  // namespace kist::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size >= 2 + kist::test::kStep) kist::test::Session(data, size).run();
  return 0;
}
