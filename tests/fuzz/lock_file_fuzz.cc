// The lock file is changed while a reader and a writer use it: between their calls, and within
// them, at each call to the operating system and at each failpoint. The input lists what is done
// and what is written where. Nothing may crash or hang; a value that is read belongs to its key.

#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include <kist/engine/database.h>

#include "engine/base/byte_order.h"
#include "engine/base/failpoints.h"
#include "engine/os/call_observer.h"
#include "engine/txn/lock_file.h"
#include "tests/damage/seed_stores.h"
#include "tests/support/must.h"

namespace kist::test {
namespace {

using engine::as_bytes;
using engine::Database;
using engine::LockFileLayout;

constexpr std::size_t kStep = 8;
constexpr int kKeys = 40;

std::string key_at(int i) {
  return "key " + std::to_string(i);
}

class Session;
Session* current = nullptr;  // for the failpoint hook, which is a plain function

class Session : public engine::os::CallObserver {
 public:
  Session(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  ~Session() override {
    engine::set_failpoint_hook(nullptr);
    current = nullptr;
    if (lock_ >= 0) ::close(lock_);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void run() {
    const std::string path = scratch_directory() + "/shared";
    lock_path_ = path + "-lock";
    std::filesystem::remove(path);
    std::filesystem::remove(lock_path_);
    {
      engine::Options options;
      options.page_size = 512;
      options.observer = this;
      database_.emplace(must(Database::open(path, options)));
      fill();
      lock_ = ::open(lock_path_.c_str(), O_RDWR | O_CLOEXEC);
      require(lock_ >= 0, "no lock file");
      current = this;
      engine::set_failpoint_hook([](const char*) { current->interfere(); });
      while (at_ + kStep <= size_) step();
      engine::set_failpoint_hook(nullptr);
      for (auto& reader : readers_) reader.reset();
      static_cast<void>(database_->close());
      database_.reset();
    }
    at_ = size_;
    // Whatever became of it: it opens, or says why not.
    if (const auto again = Database::open(path, {.observer = this})) {
      if (const auto txn = again->read()) look(*txn);
      static_cast<void>(again->check());
    }
  }

  int before(const engine::os::Call& call) override {
    if (call.kind != engine::os::Call::Kind::kUnlink) interfere();
    return 0;
  }

 private:
  void fill() {
    for (int round = 0; round < 3; ++round) {
      engine::WriteTxn txn = must(database_->write());
      for (int i = round; i < kKeys; ++i)
        must(txn.put({}, as_bytes(key_at(i)), as_bytes(key_at(i))));
      must(txn.commit(round == 1 ? engine::Durability::kRelaxed : engine::Durability::kDurable));
    }
  }

  // Within calls, every other change that stands next in the program is made.
  void interfere() {
    if (current == nullptr || inside_ || at_ + kStep > size_ || data_[at_] % 2 == 0) return;
    inside_ = true;
    change();
    inside_ = false;
  }

  void step() {
    if (data_[at_] % 4 == 0 || data_[at_] % 2 == 1) return change();
    const std::uint8_t what = data_[at_ + 1];
    at_ += 2;
    use(what);
  }

  // One change of the lock file, eight bytes of the program.
  void change() {
    const std::uint8_t* p = data_ + at_;
    at_ += kStep;
    static constexpr std::array<std::uint64_t, 14> kWords{
        offsetof(LockFileLayout, magic),           offsetof(LockFileLayout, identity),
        offsetof(LockFileLayout, instance),        offsetof(LockFileLayout, head),
        offsetof(LockFileLayout, burned_id),       offsetof(LockFileLayout, tip),
        offsetof(LockFileLayout, latch),           offsetof(LockFileLayout, prepared),
        offsetof(LockFileLayout, slot_limit),      offsetof(LockFileLayout, flushing),
        offsetof(LockFileLayout, durable),         offsetof(LockFileLayout, commit_bytes),
        offsetof(LockFileLayout, unflushed_since), offsetof(LockFileLayout, tips)};
    static constexpr std::array<std::uint64_t, 8> kTelling{0,
                                                           1,
                                                           ~std::uint64_t{0},
                                                           std::uint64_t{1} << 62,
                                                           std::uint64_t{1} << 63,
                                                           (std::uint64_t{1} << 48) - 1,
                                                           192,
                                                           65'536};
    std::uint64_t offset = 0;
    switch (p[1] % 4) {
      case 0:
        offset = kWords[p[2] % kWords.size()];
        break;
      case 1:
        offset =
            offsetof(LockFileLayout, tips) + engine::load16(p + 2) % sizeof(LockFileLayout::tips);
        break;
      case 2:  // a reader slot
        offset = engine::kSlotsOffset + p[2] % 8U * sizeof(engine::ReaderSlot) + p[3] % 4U * 8;
        break;
      default:
        offset = engine::load16(p + 2) % engine::kInitialLockFileBytes;
    }
    if (p[1] == 255) {
      static_cast<void>(::ftruncate(lock_, engine::load16(p + 2) % 20'000));
      return;
    }
    if (p[1] == 254) return static_cast<void>(::unlink(lock_path_.c_str()));
    std::uint64_t value = 0;
    switch (p[4] % 4) {
      case 0:
        value = kTelling[p[5] % kTelling.size()];
        break;
      case 1:  // near what is there
        static_cast<void>(::pread(lock_, &value, sizeof value, static_cast<off_t>(offset)));
        value += p[5] % 16U - 8U;
        break;
      case 2:
        value = p[5];
        break;
      default:
        value = engine::load32(p + 4);
    }
    const std::size_t width = p[1] % 4 == 3 ? 1 + p[7] % 8U : 8;
    static_cast<void>(::pwrite(lock_, &value, width, static_cast<off_t>(offset)));
  }

  void use(std::uint8_t what) {
    std::optional<engine::ReadTxn>& reader = readers_[what / 16U % readers_.size()];
    switch (what % 16) {
      case 0:
      case 1:
        reader.reset();
        if (auto txn = database_->read()) reader.emplace(std::move(*txn));
        return;
      case 2:
        if (reader) look(*reader);
        return;
      case 3:
        if (reader) static_cast<void>(reader->renew());
        return;
      case 4:
        if (reader && reader->park()) static_cast<void>(reader->unpark());
        return;
      case 5:
        return reader.reset();
      case 6:
        static_cast<void>(database_->sync());
        return;
      case 7:
        static_cast<void>(database_->readers());
        static_cast<void>(database_->stats());
        static_cast<void>(database_->poll());
        return;
      case 8:
        static_cast<void>(database_->wait_durable(database_->durable_id().value_or(1),
                                                  std::chrono::milliseconds(0)));
        return;
      case 9:
        static_cast<void>(database_->compact({.pages = 4}, std::chrono::milliseconds(0)));
        return;
      default:
        return write(what);
    }
  }

  void write(std::uint8_t what) {
    auto txn = database_->write(std::chrono::milliseconds(0));
    if (!txn) return;
    look(*txn);
    for (int i = what % 5; i < kKeys; i += 5) {
      static_cast<void>(txn->put({}, as_bytes(key_at(i)), as_bytes(key_at(i))));
      static_cast<void>(txn->erase({}, as_bytes(key_at(i + 1))));
    }
    if (what % 16 == 15) {
      if (const auto id = txn->prepare())
        static_cast<void>(database_->commit_prepared(*id, std::chrono::milliseconds(0)));
      return;
    }
    static_cast<void>(
        txn->commit(what % 2 == 0 ? engine::Durability::kRelaxed : engine::Durability::kDurable));
  }

  static void look(const engine::Txn& txn) {
    auto cursor = txn.cursor({});
    if (!cursor) return;
    int left = 10 * kKeys;
    for (auto on = cursor->first(); on && *on && left-- > 0; on = cursor->next()) {
      const auto value = cursor->value();
      if (value)
        require(engine::as_text(*value) == engine::as_text(cursor->key()), "a wrong value");
    }
    static_cast<void>(txn.get({}, as_bytes(key_at(7))));
    static_cast<void>(txn.lag());
  }

  const std::uint8_t* data_;
  const std::size_t size_;
  std::size_t at_ = 0;
  bool inside_ = false;
  std::string lock_path_;
  int lock_ = -1;
  std::optional<Database> database_;
  std::array<std::optional<engine::ReadTxn>, 3> readers_;
};

}  // namespace
}  // namespace kist::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    kist::test::Session(data, size).run();
  } catch (const std::exception& error) {
    std::cerr << error.what() << std::endl;
    std::abort();
  }
  return 0;
}
