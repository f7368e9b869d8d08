#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>

namespace kist {

/// Lets many threads through until it is closed; close() returns when nobody is inside any more. It
/// guards the moment in which a call begins its transaction (which then keeps the environment open
/// by itself), so what is inside is short. Counters are striped by thread, so that readers on
/// several cores share no cache line.
class Gate {
 public:
  /// A thread's way through the gate. Falsy when the gate is closed; leaves when destroyed.
  class Pass {
   public:
    explicit Pass(Gate& gate) : inside_(&gate.stripes_[stripe_of_thread()].inside) {
      // Sequentially consistent with close(): either the closer sees this count, or this thread
      // sees that the gate is closed.
      inside_->fetch_add(1, std::memory_order_seq_cst);
      if (gate.closed_.load(std::memory_order_seq_cst)) [[unlikely]]
        leave();
    }
    ~Pass() {
      if (inside_ != nullptr) leave();
    }
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;
    explicit operator bool() const { return inside_ != nullptr; }

   private:
    void leave() {
      inside_->fetch_sub(1, std::memory_order_release);
      inside_ = nullptr;
    }
    std::atomic<std::uint32_t>* inside_;
  };

  /// Closes the gate; false when it was closed before. With `wait`, returns only when no thread is
  /// inside. A child process after fork must not wait: the threads inside were not inherited.
  bool close(bool wait) {
    if (closed_.exchange(true, std::memory_order_seq_cst)) return false;
    for (Stripe& stripe : stripes_) {
      while (wait && stripe.inside.load(std::memory_order_seq_cst) != 0) std::this_thread::yield();
    }
    return true;
  }

  bool closed() const { return closed_.load(std::memory_order_acquire); }

 private:
  static constexpr std::size_t kStripes = 8;
  struct alignas(64) Stripe {
    std::atomic<std::uint32_t> inside{0};
  };

  static std::size_t stripe_of_thread() {
    static std::atomic<std::size_t> next{0};
    thread_local const std::size_t mine = next.fetch_add(1, std::memory_order_relaxed) % kStripes;
    return mine;
  }

  std::array<Stripe, kStripes> stripes_;
  std::atomic<bool> closed_{false};
};

}  // namespace kist
