// What many programs do in place of a store: a JSON file, written whole at each change and read
// again whole by whoever sees that it changed. For the workload shared-read only.

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/bench/consume.h"
#include "tests/bench/engine.h"

namespace kist::bench {
namespace {

constexpr char kDigits[] = "0123456789abcdef";

/// JSON holds text only.
std::string to_hex(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) {
    hex += kDigits[static_cast<unsigned char>(c) >> 4];
    hex += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return hex;
}

std::string from_hex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(digit(hex[i]) << 4 | digit(hex[i + 1]));
  }
  return bytes;
}

class JsonFileSession final : public Session {
 public:
  explicit JsonFileSession(const OpenOptions& options)
      : path_(options.directory + "/data.json"),
        durable_(options.durability == Durability::kDurable) {}

  void put_each(KeySpan keys, ValuePool::Stream values, std::size_t batch,
                Latencies* /*latencies*/) override {
    for (std::size_t i = 0; i < keys.size();) {
      for (const std::size_t end = std::min(i + batch, keys.size()); i < end; ++i) {
        records_[to_hex(keys[i])] = to_hex(values.next());
      }
      write();
    }
  }

  std::uint64_t get_each(KeySpan keys, std::size_t /*batch*/, Latencies* latencies) override {
    std::uint64_t digest = 0;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const auto start = std::chrono::steady_clock::now();
      read_if_changed();
      const std::string value = from_hex(records_.at(to_hex(keys[i])).get_ref<std::string&>());
      digest = bench_consume(digest, value.data(), value.size());
      if (latencies == nullptr) continue;
      const std::chrono::nanoseconds took = std::chrono::steady_clock::now() - start;
      latencies->push_back(static_cast<std::uint64_t>(took.count()));
    }
    return digest;
  }

 private:
  /// Aside, then renamed into place, so that a reader sees one whole file or the other.
  void write() const {
    const std::string text = records_.dump();
    const std::string aside = path_ + ".new";
    const int fd = ::open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) throw Failure("cannot write " + aside);
    bool good = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    if (durable_) good = ::fdatasync(fd) == 0 && good;
    if (::close(fd) != 0 || !good) throw Failure("cannot write " + aside);
    std::filesystem::rename(aside, path_);
  }
  void read_if_changed() {
    struct stat now = {};
    if (::stat(path_.c_str(), &now) != 0) throw Failure("cannot read " + path_);
    if (now.st_ino == inode_ && now.st_mtim.tv_sec == seconds_ &&
        now.st_mtim.tv_nsec == nanoseconds_) {
      return;
    }
    std::ifstream file(path_);
    records_ = nlohmann::json::parse(file);
    inode_ = now.st_ino;
    seconds_ = now.st_mtim.tv_sec;
    nanoseconds_ = now.st_mtim.tv_nsec;
  }

  std::string path_;
  bool durable_;
  nlohmann::json records_ = nlohmann::json::object();
  ino_t inode_ = 0;
  time_t seconds_ = 0;
  long nanoseconds_ = 0;
};

class JsonFileStore final : public Store {
 public:
  explicit JsonFileStore(OpenOptions options) : options_(std::move(options)) {}
  std::unique_ptr<Session> session() override {
    return std::make_unique<JsonFileSession>(options_);
  }

 private:
  OpenOptions options_;
};

const EngineEntry kJsonFile({
    .place = 60,
    .name = "json-file",
    .version = "nlohmann/json " + std::to_string(NLOHMANN_JSON_VERSION_MAJOR) + "." +
               std::to_string(NLOHMANN_JSON_VERSION_MINOR),
    .durable = "a flush of the new file, no flush of the folder",
    .relaxed = "no flush; a crash of the machine may leave an empty file",
    .settings = "one file, written whole at each change and parsed whole after each",
    .only_workload = "shared-read",
    .open = [](const OpenOptions& options) -> std::unique_ptr<Store> {
      return std::make_unique<JsonFileStore>(options);
    },
});

}  // namespace
}  // namespace kist::bench
