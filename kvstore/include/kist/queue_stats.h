#pragma once

#include <cstdint>

namespace kist {

/// What the queue of writes of an environment holds, and what this process did through it.
struct QueueStats {
  std::uint64_t waiting = 0;        ///< Writes not begun yet.
  std::uint64_t waiting_bytes = 0;  ///< Memory that they take, about.
  std::uint64_t unflushed = 0;      ///< Writes that are committed and not durable yet.
  std::uint64_t writes = 0;         ///< Writes done, all told.
  std::uint64_t groups = 0;         ///< Transactions that they took.
  std::uint64_t largest_group = 0;  ///< Most writes in one transaction.
  std::uint64_t flushes = 0;        ///< Times that the queue made commits durable.
};

}  // namespace kist
