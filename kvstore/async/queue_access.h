#pragma once

#include <memory>
#include <utility>

#include <kist/queue.h>

namespace kist {

struct ProfileUse;

/// Lets the layer's own functions make a Queue.
struct QueueAccess {
  /// `use` may be null: then everything that is queued fails with kClosed.
  static Queue make(const std::shared_ptr<ProfileUse>& use, Wait wait);
};

}  // namespace kist
