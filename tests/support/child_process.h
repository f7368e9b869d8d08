#pragma once

#include <cstdio>
#include <cstdlib>
#include <exception>

#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace kist::test {

/// Lets one process wait for a word from another: made before the fork, used on both sides of it.
class Signal {
 public:
  Signal() {
    if (::pipe(ends_) != 0) std::abort();
  }
  ~Signal() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  /// Wakes one wait(), whether it has begun or not.
  void send() {
    if (::write(ends_[1], "!", 1) != 1) std::abort();
  }
  /// Waits for one send().
  void wait() {
    char byte;
    if (::read(ends_[0], &byte, 1) != 1) std::abort();
  }

 private:
  int ends_[2];
};

/// A forked child that runs a function. Killed on destruction unless it was waited for.
class ChildProcess {
 public:
  /// Runs `body`, which returns the exit status (0 to 124; 125 stands for an exception), in a
  /// child. Static objects are not destroyed there.
  template <typename F>
  explicit ChildProcess(F&& body) : ChildProcess(::fork(), body) {}

  /// The same in a process namespace of its own, where it is process 1, like all that are started
  /// so; in the parent's where the system does not allow that. No fork handlers run, and the child
  /// cannot kill itself.
  struct OwnNamespace {};
  template <typename F>
  ChildProcess(OwnNamespace, F&& body) : ChildProcess(fork_to_namespace(), body) {}
  ~ChildProcess() {
    if (pid_ > 0) kill();
  }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// Ends the child with SIGKILL and waits until it is gone. Once, and not after wait().
  void kill() {
    ::kill(pid_, SIGKILL);
    wait();
  }

  /// The same; returns what wait() does: the status of a child that had ended before.
  int kill_and_wait() {
    ::kill(pid_, SIGKILL);
    return wait();
  }

  /// Stops it (SIGSTOP), and lets it go on.
  void suspend() const { ::kill(pid_, SIGSTOP); }
  void resume() const { ::kill(pid_, SIGCONT); }

  /// Waits for the end of the child. Returns its exit status, or minus the signal that ended it.
  int wait() {
    int status = 0;
    if (::waitpid(pid_, &status, 0) != pid_) std::abort();
    pid_ = -1;
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
  }

 private:
  template <typename F>
  ChildProcess(pid_t forked, F& body) : pid_(forked) {
    if (pid_ < 0) std::abort();
    if (pid_ > 0) return;
    try {
      ::_exit(body());
    } catch (const std::exception& error) {
      std::fprintf(stderr, "in a child process: %s\n", error.what());
    } catch (...) {
    }
    ::_exit(125);
  }
  static pid_t fork_to_namespace() {
    const long made = ::syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
    return made >= 0 ? static_cast<pid_t>(made) : ::fork();
  }

  pid_t pid_;
};

}  // namespace kist::test
