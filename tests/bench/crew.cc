#include "tests/bench/crew.h"

#include <utility>

namespace kist::bench {

Crew::Crew(std::size_t size, std::function<void(std::size_t, const std::function<void()>&)> body)
    : ready_(static_cast<std::ptrdiff_t>(size)), failures_(size) {
  for (std::size_t i = 0; i < size; ++i) {
    threads_.emplace_back([this, i, body] { work(i, body); });
  }
  ready_.wait();
}

Crew::~Crew() {
  if (!go_.try_wait()) go_.count_down();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Crew::work(std::size_t number,
                const std::function<void(std::size_t, const std::function<void()>&)>& body) {
  bool ready = false;
  try {
    body(number, [&] {
      ready = true;
      ready_.count_down();
      go_.wait();
    });
  } catch (...) {
    failures_[number] = std::current_exception();
    if (!ready) ready_.count_down();
  }
}

void Crew::run() {
  go_.count_down();
  for (std::thread& thread : threads_) thread.join();
  for (const std::exception_ptr& failure : failures_) {
    if (failure) std::rethrow_exception(failure);
  }
}

}  // namespace kist::bench
