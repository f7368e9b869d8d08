#include <atomic>
#include <string>

#include <kist/engine/fork.h>
#include <kist/queue.h>

#include "kvstore/async/commit_queue.h"
#include "kvstore/async/queue_access.h"
#include "kvstore/async/run_operation.h"
#include "kvstore/store/access.h"
#include "kvstore/store/begin.h"
#include "kvstore/store/lookup.h"
#include "kvstore/store/records.h"

namespace kist {

struct QueueState {
  const std::shared_ptr<ProfileUse> use;
  const Wait wait;
  /// Number of the newest write of this queue: what a read waits for.
  std::atomic<std::uint64_t> last_write{0};
};

Queue QueueAccess::make(const std::shared_ptr<ProfileUse>& use, Wait wait) {
  if (!use) return Queue();
  return Queue(std::make_shared<QueueState>(use, wait));
}

namespace {

/// A write, with what it does.
class QueuedWrite final : public async::WriteOperation {
 public:
  explicit QueuedWrite(std::unique_ptr<queue_detail::WriteWork> work) : work_(std::move(work)) {}
  Result<void> run(Writer& writer) override { return work_->run(writer); }
  void committed() override { work_->committed(); }
  void durable() override { work_->durable(); }
  void fail_with(const Error& error) override { work_->fail_with(error); }

 private:
  const std::unique_ptr<queue_detail::WriteWork> work_;
};

/// A read, with what it does.
class QueuedRead final : public async::ReadOperation {
 public:
  explicit QueuedRead(std::unique_ptr<queue_detail::ReadWork> work) : work_(std::move(work)) {}
  void run(Reader reader) override { work_->run(reader); }
  void fail_with(const Error& error) override { work_->fail_with(error); }

 private:
  const std::unique_ptr<queue_detail::ReadWork> work_;
};

/// Whether something may be queued. Errors: kClosed, kForked.
Result<void> check_open(const std::shared_ptr<QueueState>& state) {
  if (!state) return empty_handle("queue");
  const SharedProfile& profile = *state->use->shared;
  if (profile.registry != &ProfileRegistry::current()) {
    return fail(ErrorCode::kForked, "profile " + profile.directory.string() +
                                        " was inherited through fork; open it again");
  }
  return {};
}

/// Keeps the larger one.
void raise(std::atomic<std::uint64_t>& number, std::uint64_t to) {
  std::uint64_t present = number.load(std::memory_order_relaxed);
  while (present < to && !number.compare_exchange_weak(present, to, std::memory_order_release)) {
  }
}

}  // namespace

void Queue::push(std::unique_ptr<queue_detail::WriteWork> work,
                 std::optional<Durability> durability, bool undo, std::size_t bytes,
                 const std::function<void(const Cancellable&)>& cancel_by) const {
  if (const Result<void> open = check_open(state_); !open) return work->fail_with(open.error());
  ProfileUse& use = *state_->use;
  const auto write = std::make_shared<QueuedWrite>(std::move(work));
  write->profile = use.shared;
  write->use = state_->use;
  write->undo = undo;
  write->bytes = bytes + sizeof(QueuedWrite);
  write->durability = durability.value_or(use.shared->options.durability);
  cancel_by(write);
  // Room is waited for outside of the gate, which a close waits for.
  Result<void> room = use.shared->queue->wait_for_room(write->bytes, state_->wait);
  const Gate::Pass pass(use.gate);
  if (room && !pass) room = closed_profile(use);
  if (room) {
    const Result<std::uint64_t> number = use.shared->queue->push(write);
    if (number) return raise(state_->last_write, *number);
    room = std::unexpected(number.error());
  }
  if (write->begin()) write->fail_with(room.error());
}

void Queue::push_read(std::unique_ptr<queue_detail::ReadWork> work,
                      const std::function<void(const Cancellable&)>& cancel_by) const {
  if (const Result<void> open = check_open(state_); !open) return work->fail_with(open.error());
  ProfileUse& use = *state_->use;
  const Gate::Pass pass(use.gate);
  if (!pass) return work->fail_with(closed_profile(use).error());
  const auto read = std::make_shared<QueuedRead>(std::move(work));
  read->profile = use.shared;
  cancel_by(read);
  use.shared->queue->read_after(state_->last_write.load(std::memory_order_acquire), read);
}

Future<std::optional<Value>> Queue::get(const Store& store, const Key& key) const {
  const std::shared_ptr<const StoreState>& state = StoreAccess::state(store);
  const auto fails = [](const Error& error) {
    return Future<std::optional<Value>>::of(std::unexpected(error));
  };
  if (!state) return fails(empty_handle("store").error());
  codec::KeyBuffer buffer;
  const Result<Bytes> at = key_in(*state, key, buffer);
  if (!at) return fails(at.error());
  return read([store, at = engine::to_string(*at)](Reader& reader) -> Result<std::optional<Value>> {
    KIST_ASSIGN(const auto found, reader.get(store, Key::encoded(at)));
    if (!found) return std::nullopt;
    return found->to_value();
  });
}

Queued<> Queue::put(const Store& store, const Key& key, const ValueView& value,
                    std::optional<Durability> durability) const {
  Batch batch;
  if (const Result<void> good = batch.put(store, key, value); !good) {
    const auto failed = Future<>::of(std::unexpected(good.error()));
    return {failed, failed};
  }
  return apply(std::move(batch), durability);
}

Queued<> Queue::apply(Batch batch, std::optional<Durability> durability) const {
  const std::size_t bytes = TransactionAccess::bytes(batch);
  // A single operation that fails changes nothing.
  const bool undo = batch.size() > 1;
  return push_write<void>(
      [batch = std::move(batch)](Writer& writer) { return TransactionAccess::run(batch, writer); },
      durability, undo, bytes);
}

Queued<bool> Queue::erase(const Store& store, const Key& key,
                          std::optional<Durability> durability) const {
  return with_key<bool>(store, key, durability, [](Writer& writer, const Store& in, const Key& at) {
    return writer.erase(in, at);
  });
}

Queued<Value> Queue::add(const Store& store, const Key& key, std::int64_t amount,
                         std::optional<Durability> durability) const {
  return with_key<Value>(store, key, durability,
                         [amount](Writer& writer, const Store& in, const Key& at) {
                           return writer.add(in, at, amount);
                         });
}

template <typename T, typename Change>
Queued<T> Queue::with_key(const Store& store, const Key& key, std::optional<Durability> durability,
                          Change change) const {
  const auto fails = [](const Error& error) {
    const auto failed = Future<T>::of(std::unexpected(error));
    return Queued<T>{failed, failed};
  };
  const std::shared_ptr<const StoreState>& state = StoreAccess::state(store);
  if (!state) return fails(empty_handle("store").error());
  codec::KeyBuffer buffer;
  const Result<Bytes> at = key_in(*state, key, buffer);
  if (!at) return fails(at.error());
  return push_write<T>([store, at = engine::to_string(*at),
                        change](Writer& writer) { return change(writer, store, Key::encoded(at)); },
                       durability, false, at->size());
}

Future<> Queue::flush() const {
  if (const Result<void> open = check_open(state_); !open) {
    return Future<>::of(std::unexpected(open.error()));
  }
  return state_->use->shared->queue->flush();
}

QueueStats Queue::stats() const {
  if (!check_open(state_)) return {};
  return state_->use->shared->queue->stats();
}

}  // namespace kist
