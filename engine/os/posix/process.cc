#include "engine/os/process.h"

#include <unistd.h>

namespace kist::engine::os {

std::uint64_t process_number() {
  return static_cast<std::uint64_t>(::getpid());
}

}  // namespace kist::engine::os
