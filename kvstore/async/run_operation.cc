#include "kvstore/async/run_operation.h"

#include <exception>
#include <optional>
#include <system_error>
#include <utility>

#include "kvstore/async/read_pool.h"
#include "kvstore/store/access.h"

namespace kist::async {

Result<void> run_one(WriteOperation& write, const std::shared_ptr<WriteState>& state) {
  std::optional<engine::Savepoint> before;
  if (write.undo) {
    KIST_ASSIGN(before, state->txn.savepoint());
  }
  Result<void> done;
  try {
    Writer writer = TransactionAccess::make(state);
    done = write.run(writer);
  } catch (...) {
    done = std::unexpected(future_detail::error_of(std::current_exception()));
  }
  ++state->writes;  // ends iterators that it left behind
  if (!before) return done;
  if (!done) KIST_TRY(state->txn.rollback_to(*before));
  KIST_TRY(state->txn.release(*before));
  return done;
}

void start_read(std::shared_ptr<ReadOperation> read, engine::ReadTxn snapshot) {
  if (!read->begin()) return;
  auto state = std::make_shared<ReadState>(read->profile, std::move(snapshot));
  try {
    ReadPool::current().run([read, state]() mutable {
      read->run(TransactionAccess::make(std::move(state)));
      read.reset();
    });
  } catch (const std::exception&) {
    read->fail_with({ErrorCode::kOutOfMemory, "no thread for reads could be started"});
  }
}

}  // namespace kist::async
