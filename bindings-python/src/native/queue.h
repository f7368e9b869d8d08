#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include <pybind11/pybind11.h>

#include <kist/queue.h>

#include "process_bound.h"
#include "transaction.h"

namespace kist::python {

/// An operation that was queued, for cancelling it.
class OperationHandle {
 public:
  explicit OperationHandle(std::function<bool()> cancel) : cancel_(std::move(cancel)) {}
  /// Keeps it from beginning, if it has not begun. Returns whether.
  bool cancel() const { return cancel_(); }

 private:
  std::function<bool()> cancel_;
};

/// A queue for Python. `done`, `committed` and `durable` are called once, with the result and None
/// or with None and an exception, on threads of Kist, which hold the GIL for it. All throw Failure.
class QueueHandle {
 public:
  explicit QueueHandle(Queue queue) : queue_(std::move(queue)) {}
  ~QueueHandle();
  QueueHandle(const QueueHandle&) = delete;
  QueueHandle& operator=(const QueueHandle&) = delete;

  using Operation = std::shared_ptr<OperationHandle>;

  /// The result is the value, or None.
  Operation get(const StoreHandle& store, pybind11::handle key, pybind11::object done);
  Operation put(const StoreHandle& store, pybind11::handle key, pybind11::handle value,
                std::optional<bool> relaxed, pybind11::object committed, pybind11::object durable);
  /// The result says whether the key was there.
  Operation erase(const StoreHandle& store, pybind11::handle key, std::optional<bool> relaxed,
                  pybind11::object committed, pybind11::object durable);
  /// The result is the new value.
  Operation add(const StoreHandle& store, pybind11::handle key, std::int64_t amount,
                std::optional<bool> relaxed, pybind11::object committed, pybind11::object durable);
  /// `changes`: (store, key, value or None to delete).
  Operation apply(const pybind11::list& changes, std::optional<bool> relaxed,
                  pybind11::object committed, pybind11::object durable);
  void flush(pybind11::object done);

 private:
  ProcessBound<Queue> queue_;
};

}  // namespace kist::python
