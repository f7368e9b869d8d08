#pragma once

#include <memory>

#include <kist/engine/txn.h>

#include "kvstore/async/operation.h"

namespace kist {
struct WriteState;
}

namespace kist::async {

/// Runs one write in a transaction that it shares with others; what it changed is undone when it
/// fails.
Result<void> run_one(WriteOperation& write, const std::shared_ptr<WriteState>& state);

/// Gives a read and its snapshot to the pool.
void start_read(std::shared_ptr<ReadOperation> read, engine::ReadTxn snapshot);

}  // namespace kist::async
