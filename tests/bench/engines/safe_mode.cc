// What rkv does in SafeMode: all records in memory, the whole file written at each commit and read
// at each opening. Not rkv itself; the format of its file, written as plainly as can be.

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include "tests/bench/session_of.h"

namespace kist::bench {
namespace {

void append_u64(std::string& file, std::uint64_t number) {
  char bytes[8];
  for (char& byte : bytes) {
    byte = static_cast<char>(number);
    number >>= 8;
  }
  file.append(bytes, sizeof bytes);
}

/// Takes what append_u64() wrote off the front.
std::uint64_t take_u64(std::string_view& file) {
  if (file.size() < 8) throw Failure("the file is cut");
  std::uint64_t number = 0;
  for (std::size_t i = 8; i-- > 0;) number = number << 8 | static_cast<unsigned char>(file[i]);
  file.remove_prefix(8);
  return number;
}

std::string take_text(std::string_view& file) {
  const std::uint64_t size = take_u64(file);
  if (file.size() < size) throw Failure("the file is cut");
  std::string text(file.substr(0, size));
  file.remove_prefix(size);
  return text;
}

class SafeModeStore {
 public:
  explicit SafeModeStore(const OpenOptions& options)
      : path_(options.directory + "/data.safe.bin"),
        durable_(options.durability == Durability::kDurable) {
    if (std::filesystem::exists(path_)) read_file();
  }

  class Session {
   public:
    explicit Session(SafeModeStore& store) : store_(store) {}
    void begin_read() {}
    void end_read() {}
    template <typename Visit>
    void get(std::string_view key, Visit&& visit) {
      const auto found = store_.records_.find(key);
      if (found == store_.records_.end()) throw Failure("a key is missing");
      visit(found->second);
    }
    template <typename Visit>
    void get_own(std::string_view key, Visit&& visit) {
      get(key, visit);
    }
    template <typename Visit>
    void walk(std::string_view from, Visit&& visit) {
      for (auto at = store_.records_.lower_bound(from); at != store_.records_.end(); ++at) {
        if (!visit(at->first, at->second)) return;
      }
    }
    template <typename Visit>
    void walk_back(Visit&& visit) {
      for (auto at = store_.records_.rbegin(); at != store_.records_.rend(); ++at) {
        if (!visit(at->first, at->second)) return;
      }
    }
    void begin_write() {}
    void put(std::string_view key, std::string_view value) {
      store_.records_.insert_or_assign(std::string(key), std::string(value));
    }
    void erase(std::string_view key) { store_.records_.erase(std::string(key)); }
    void commit() { store_.write_file(); }
    void erase_range(std::string_view from, std::string_view to) {
      store_.records_.erase(store_.records_.lower_bound(from), store_.records_.lower_bound(to));
      commit();
    }

   private:
    SafeModeStore& store_;
  };

 private:
  /// One database, "s", each value a blob; "form A" of the file.
  void write_file() const {
    std::string file;
    append_u64(file, 1);
    file += '\1';
    append_u64(file, 1);
    file += 's';
    file.append(4, '\0');
    append_u64(file, records_.size());
    for (const auto& [key, value] : records_) {
      append_u64(file, key.size());
      file += key;
      append_u64(file, 9 + value.size());
      file += '\11';
      append_u64(file, value.size());
      file += value;
    }
    const std::string aside = path_ + ".new";
    const int fd = ::open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) throw Failure("cannot write " + aside);
    std::string_view left = file;
    bool good = true;
    while (good && !left.empty()) {
      const ssize_t wrote = ::write(fd, left.data(), left.size());
      good = wrote > 0;
      if (good) left.remove_prefix(static_cast<std::size_t>(wrote));
    }
    if (durable_) good = ::fdatasync(fd) == 0 && good;
    if (::close(fd) != 0 || !good) throw Failure("cannot write " + aside);
    std::filesystem::rename(aside, path_);
  }

  void read_file() {
    std::ifstream stream(path_, std::ios::binary);
    const std::string all(std::istreambuf_iterator<char>(stream), {});
    std::string_view file = all;
    if (take_u64(file) != 1 || file.empty()) throw Failure("another number of databases");
    file.remove_prefix(1);
    static_cast<void>(take_text(file));
    if (file.size() < 4) throw Failure("the file is cut");
    file.remove_prefix(4);
    for (std::uint64_t left = take_u64(file); left > 0; --left) {
      std::string key = take_text(file);
      std::string value = take_text(file);
      if (value.size() < 9 || value[0] != '\11') throw Failure("a value is no blob");
      records_.emplace_hint(records_.end(), std::move(key), value.substr(9));
    }
    if (!file.empty()) throw Failure("bytes behind the last record");
  }

  std::string path_;
  bool durable_;
  std::map<std::string, std::string, std::less<>> records_;
};

const EngineEntry kSafeMode({
    .place = 70,
    .name = "safe-mode",
    .version = "a small writer of the format",
    .durable = "a flush of the new file, which rkv does not make",
    .relaxed = "no flush, as rkv; a crash of the machine may leave an empty file",
    .settings = "all records in memory, the whole file written at each commit",
    .many_processes = false,
    .by_default = false,
    .open = &open_store<SafeModeStore>,
});

}  // namespace
}  // namespace kist::bench
