#include "engine/os/posix/fault_guard.h"

#include <array>
#include <cerrno>

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/os/mapping.h"
#include "engine/os/posix/system_error.h"

namespace kist::engine::os {
namespace {

/// A guarded map. Changed under hold_off_forks(), read by the signal handler at any moment.
struct Range {
  std::atomic<std::uintptr_t> begin{0};  // 0: unused
  std::atomic<std::uintptr_t> end{0};
  std::atomic<std::atomic<std::uint32_t>*> damaged{nullptr};
  std::atomic<bool> writable{false};
};

constexpr std::size_t kMaxRanges = 4096;
constinit std::array<Range, kMaxRanges> ranges{};
constinit std::atomic<std::size_t> ranges_used{0};  // no range lies at or above this index
constinit std::atomic<std::uintptr_t> machine_page{0};

constinit std::atomic<bool> enabled{true};
bool installed = false;              // under hold_off_forks()
struct sigaction previous_action{};  // written before the handler is installed

/// Finds the range around an address and maps zeros over its page. Async-signal-safe.
bool cover_with_zeros(std::uintptr_t address) {
  // Acquire throughout: whoever sees a later owner's `end` also sees that `begin` has changed. The
  // range that contains the address cannot change at all, because somebody is using it.
  const std::size_t used = ranges_used.load(std::memory_order_acquire);
  for (std::size_t i = 0; i < used; ++i) {
    const Range& range = ranges[i];
    const std::uintptr_t begin = range.begin.load(std::memory_order_acquire);
    if (begin == 0 || address < begin) continue;
    if (address >= range.end.load(std::memory_order_acquire)) continue;
    std::atomic<std::uint32_t>* damaged = range.damaged.load(std::memory_order_acquire);
    const bool writable = range.writable.load(std::memory_order_acquire);
    if (range.begin.load(std::memory_order_relaxed) != begin) continue;
    const std::uintptr_t page = machine_page.load(std::memory_order_relaxed);
    void* const place = reinterpret_cast<void*>(address / page * page);
    const int protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
    if (::mmap(place, page, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
        MAP_FAILED) {
      return false;
    }
    damaged->store(1, std::memory_order_release);
    return true;
  }
  return false;
}

/// Does what would have happened without this handler. Async-signal-safe.
void pass_on(int signal, siginfo_t* info, void* context) {
  const bool sent = info->si_code <= 0;  // by a process, not by a fault
  const bool default_action =
      (previous_action.sa_flags & SA_SIGINFO) == 0 &&
      (previous_action.sa_handler == SIG_DFL || (previous_action.sa_handler == SIG_IGN && !sent));
  if (default_action) {
    // The instruction that faulted runs again and ends the process; a sent signal must be sent
    // again.
    ::signal(signal, SIG_DFL);
    if (sent) ::raise(signal);
    return;
  }
  sigset_t before;
  ::pthread_sigmask(SIG_BLOCK, &previous_action.sa_mask, &before);
  if ((previous_action.sa_flags & SA_SIGINFO) != 0) {
    previous_action.sa_sigaction(signal, info, context);
  } else if (previous_action.sa_handler != SIG_IGN) {
    previous_action.sa_handler(signal);
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void on_fault(int signal, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  if (info->si_code <= 0 || !enabled.load(std::memory_order_relaxed) ||
      !cover_with_zeros(reinterpret_cast<std::uintptr_t>(info->si_addr))) {
    pass_on(signal, info, context);
  }
  errno = saved_errno;
}

void install() {
  if (installed) return;
  ::sigaction(SIGBUS, nullptr, &previous_action);
  struct sigaction action{};
  action.sa_sigaction = on_fault;
  // SA_ONSTACK: hosts with small or guarded stacks give their threads a signal stack.
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  ::sigemptyset(&action.sa_mask);
  installed = ::sigaction(SIGBUS, &action, nullptr) == 0;
}

/// Puts the previous handler back, unless somebody has installed another on top of ours and may
/// call it: then ours stays and passes everything on.
void uninstall() {
  struct sigaction current{};
  ::sigaction(SIGBUS, nullptr, &current);
  const bool ours = (current.sa_flags & SA_SIGINFO) != 0 && current.sa_sigaction == on_fault;
  if (!installed || !ours) return;
  ::sigaction(SIGBUS, &previous_action, nullptr);
  installed = false;
}

}  // namespace

bool guard_range(std::uint8_t* begin, std::uint64_t size, bool writable,
                 std::atomic<std::uint32_t>* damaged) {
  machine_page.store(static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE)));
  if (enabled) install();
  for (std::size_t i = 0; i < kMaxRanges; ++i) {
    Range& range = ranges[i];
    if (range.begin.load(std::memory_order_relaxed) != 0) continue;
    const auto start = reinterpret_cast<std::uintptr_t>(begin);
    range.damaged.store(damaged, std::memory_order_release);
    range.writable.store(writable, std::memory_order_release);
    range.end.store(start + size, std::memory_order_release);
    range.begin.store(start, std::memory_order_release);
    if (ranges_used.load(std::memory_order_relaxed) <= i) {
      ranges_used.store(i + 1, std::memory_order_release);
    }
    return true;
  }
  return false;
}

void unguard_range(const std::uint8_t* begin) {
  for (Range& range : ranges) {
    if (range.begin.load(std::memory_order_relaxed) == reinterpret_cast<std::uintptr_t>(begin)) {
      range.begin.store(0, std::memory_order_release);
      return;
    }
  }
}

void set_fault_guard(bool on) {
  const auto no_fork = hold_off_forks();
  enabled.store(on);
  if (!on) {
    uninstall();
  } else if (ranges_used.load() != 0) {
    install();
  }
}

void replace_inherited_maps() {
  for (Range& range : ranges) {
    const std::uintptr_t begin = range.begin.load(std::memory_order_relaxed);
    if (begin == 0) continue;
    const std::uintptr_t end = range.end.load(std::memory_order_relaxed);
    const int protection =
        range.writable.load(std::memory_order_relaxed) ? PROT_READ | PROT_WRITE : PROT_READ;
    (void)::mmap(reinterpret_cast<void*>(begin), end - begin, protection,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    // What was read before the fork may be zeros by now, as after a fault.
    range.damaged.load(std::memory_order_relaxed)->store(1, std::memory_order_relaxed);
    range.begin.store(0, std::memory_order_relaxed);
  }
}

}  // namespace kist::engine::os
