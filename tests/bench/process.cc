#include "tests/bench/process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/failure.h"

namespace kist::bench {
namespace {

constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP};

volatile std::sig_atomic_t interrupted = 0;

void handle_signals(void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;  // and no SA_RESTART: waiting ends
  for (const int signal : kSignals) ::sigaction(signal, &action, nullptr);
}

void make_pipe(int (&ends)[2]) {
  if (::pipe2(ends, O_CLOEXEC) != 0) throw Failure("no pipe");
}

nlohmann::json report_of(const std::function<nlohmann::json()>& work) {
  try {
    return {{"result", work()}};
  } catch (const Skipped& skipped) {
    return {{"skipped", skipped.what()}};
  } catch (const std::exception& failure) {
    return {{"failure", failure.what()}};
  }
}

void write_all(int fd, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t wrote = ::write(fd, text.data() + done, text.size() - done);
    if (wrote < 0 && errno != EINTR) return;
    if (wrote > 0) done += static_cast<std::size_t>(wrote);
  }
}

std::string read_all(int fd) {
  std::string text;
  std::array<char, 65536> part;
  for (;;) {
    const ssize_t got = ::read(fd, part.data(), part.size());
    if (interrupted != 0) throw Failure("interrupted");
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(part.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace

void take_signals() {
  handle_signals([](int /*signal*/) { interrupted = 1; });
}

Child::Child(const std::function<nlohmann::json()>& work) {
  int ends[2];
  make_pipe(ends);
  std::fflush(nullptr);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) throw Failure("no process");
  if (pid_ == 0) {
    ::close(ends[0]);
    handle_signals(SIG_DFL);
    // Nothing is left running when the benchmark is stopped.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    write_all(ends[1], report_of(work).dump());
    std::fflush(nullptr);
    ::_exit(0);
  }
  ::close(ends[1]);
  report_ = ends[0];
}

Child::~Child() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  ::close(report_);
}

nlohmann::json Child::result() {
  const std::string text = read_all(report_);
  ::close(report_);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  if (WIFSIGNALED(status)) {
    throw Killed(
        fmt::format("ended by signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status))));
  }
  const nlohmann::json report = nlohmann::json::parse(text, nullptr, false);
  if (report.is_discarded()) throw Failure("ended without a report");
  if (report.contains("skipped")) throw Skipped(report["skipped"].get<std::string>());
  if (report.contains("failure")) throw Failure(report["failure"].get<std::string>());
  return report["result"];
}

nlohmann::json in_child(const std::function<nlohmann::json()>& work) {
  return Child(work).result();
}

Gate::Gate() {
  make_pipe(ready_);
  make_pipe(go_);
}

Gate::~Gate() {
  for (const int fd : {ready_[0], ready_[1], go_[0], go_[1]}) {
    if (fd >= 0) ::close(fd);
  }
}

// Each end of a pipe is closed when nobody is left who could use it: pass() closes the child's copy
// of the writing end, and so does its death.
void Gate::open() {
  ::close(ready_[1]);
  ready_[1] = -1;
  read_all(ready_[0]);
  ::close(go_[1]);
  go_[1] = -1;
}

void Gate::pass() {
  ::close(go_[1]);
  go_[1] = -1;
  ::close(ready_[1]);
  ready_[1] = -1;
  char nothing = 0;
  while (::read(go_[0], &nothing, 1) < 0 && errno == EINTR) {
  }
}

}  // namespace kist::bench
