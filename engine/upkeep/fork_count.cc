#include <kist/engine/fork.h>

#include "engine/os/fork.h"

namespace kist::engine {

std::uint32_t fork_count() {
  return os::fork_count();
}

}  // namespace kist::engine
