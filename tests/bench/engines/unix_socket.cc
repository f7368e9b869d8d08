// What many programs do in place of a shared store: one process has the records in memory, the
// others ask it over a Unix socket. For the workload shared-read only.

#include <chrono>
#include <cstring>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/bench/consume.h"
#include "tests/bench/engine.h"

namespace kist::bench {
namespace {

using Length = std::uint32_t;

bool receive(int fd, void* data, std::size_t size) {
  return ::recv(fd, data, size, MSG_WAITALL) == static_cast<ssize_t>(size);
}

/// Length and bytes in one call.
bool send_bytes(int fd, std::string_view bytes, std::string& buffer) {
  const auto length = static_cast<Length>(bytes.size());
  buffer.assign(reinterpret_cast<const char*>(&length), sizeof length);
  buffer += bytes;
  return ::send(fd, buffer.data(), buffer.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(buffer.size());
}

bool receive_bytes(int fd, std::string& bytes) {
  Length length = 0;
  if (!receive(fd, &length, sizeof length)) return false;
  bytes.resize(length);
  return receive(fd, bytes.data(), bytes.size());
}

/// Holds the records and answers one client after the other.
class Server {
 public:
  explicit Server(int listener) : listener_(listener), thread_([this] { serve(); }) {}
  ~Server() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void put(std::string_view key, std::string_view value) {
    const std::scoped_lock lock(mutex_);
    records_[std::string(key)] = value;
  }

 private:
  void serve() {
    for (int client = -1; (client = ::accept(listener_, nullptr, nullptr)) >= 0; ::close(client)) {
      std::string key;
      std::string value;
      std::string buffer;
      while (receive_bytes(client, key)) {
        {
          const std::scoped_lock lock(mutex_);
          value = records_[key];
        }
        if (!send_bytes(client, value, buffer)) break;
      }
    }
  }

  int listener_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::string> records_;
  std::thread thread_;  // last: uses all the others
};

class UnixSocketSession final : public Session {
 public:
  UnixSocketSession(Server* server, int client) : server_(server), client_(client) {}

  void put_each(KeySpan keys, ValuePool::Stream values, std::size_t /*batch*/,
                Latencies* /*latencies*/) override {
    if (server_ == nullptr) throw Failure("only the serving process writes");
    for (std::size_t i = 0; i < keys.size(); ++i) server_->put(keys[i], values.next());
  }
  std::uint64_t get_each(KeySpan keys, std::size_t /*batch*/, Latencies* latencies) override {
    std::uint64_t digest = 0;
    std::string buffer;
    std::string value;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const auto start = std::chrono::steady_clock::now();
      if (!send_bytes(client_, keys[i], buffer) || !receive_bytes(client_, value)) {
        throw Failure("the serving process is gone");
      }
      digest = bench_consume(digest, value.data(), value.size());
      if (latencies == nullptr) continue;
      const std::chrono::nanoseconds took = std::chrono::steady_clock::now() - start;
      latencies->push_back(static_cast<std::uint64_t>(took.count()));
    }
    return digest;
  }

 private:
  Server* server_;
  int client_;
};

/// The first process to open it serves, the next ones ask.
class UnixSocketStore final : public Store {
 public:
  explicit UnixSocketStore(const OpenOptions& options) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    const std::string path = options.directory + "/socket";
    if (path.size() >= sizeof address.sun_path) throw Skipped("too long for a socket: " + path);
    std::memcpy(address.sun_path, path.data(), path.size());
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) throw Failure("no socket");
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    if (::bind(fd, generic, sizeof address) == 0 && ::listen(fd, 8) == 0) {
      server_.emplace(fd);
    } else if (::connect(fd, generic, sizeof address) == 0) {
      client_ = fd;
    } else {
      ::close(fd);
      throw Failure("nobody serves " + path);
    }
  }
  ~UnixSocketStore() override {
    if (client_ >= 0) ::close(client_);
  }
  UnixSocketStore(const UnixSocketStore&) = delete;
  UnixSocketStore& operator=(const UnixSocketStore&) = delete;
  std::unique_ptr<Session> session() override {
    return std::make_unique<UnixSocketSession>(server_ ? &*server_ : nullptr, client_);
  }

 private:
  std::optional<Server> server_;
  int client_ = -1;
};

const EngineEntry kUnixSocket({
    .place = 61,
    .name = "unix-socket",
    .version = "of this tree",
    .durable = "nothing is kept",
    .relaxed = "nothing is kept",
    .settings = "a hash table in one process, asked over a Unix socket",
    .only_workload = "shared-read",
    .open = [](const OpenOptions& options) -> std::unique_ptr<Store> {
      return std::make_unique<UnixSocketStore>(options);
    },
});

}  // namespace
}  // namespace kist::bench
