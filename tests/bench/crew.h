#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <latch>
#include <thread>
#include <vector>

namespace kist::bench {

/// Threads that get ready, start at the same moment and are waited for.
class Crew {
 public:
  /// Starts `size` threads; each calls `body` with its number and a function to call when it is
  /// ready, which returns when everybody may go. Returns when all are ready.
  Crew(std::size_t size, std::function<void(std::size_t, const std::function<void()>&)> body);
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  /// Lets them go and waits for their end. Throws what one of them threw.
  void run();

 private:
  void work(std::size_t number,
            const std::function<void(std::size_t, const std::function<void()>&)>& body);

  std::latch ready_;
  std::latch go_{1};
  std::vector<std::exception_ptr> failures_;
  std::vector<std::thread> threads_;
};

}  // namespace kist::bench
