#include "queue.h"

#include <string>
#include <utility>

#include "errors.h"
#include "gil.h"
#include "python_types.h"
#include "values.h"

namespace py = pybind11;

namespace kist::python {

namespace {

/// A Python object that threads without the GIL may let go of.
std::shared_ptr<PyObject> held(py::object object) {
  return {object.release().ptr(), [](PyObject* owned) { with_gil([owned] { Py_DECREF(owned); }); }};
}

py::object to_python(const Result<void>& /*result*/) {
  return py::none();
}
py::object to_python(const Result<bool>& result) {
  return py::bool_(*result);
}
py::object to_python(const Result<Value>& result) {
  return value_to_python(*result);
}
py::object to_python(const Result<std::optional<Value>>& result) {
  return *result ? value_to_python(**result) : py::none();
}

py::object exception_of(const Error& error) {
  const auto message = py::reinterpret_steal<py::object>(PyUnicode_DecodeUTF8(
      error.message.data(), static_cast<Py_ssize_t>(error.message.size()), "backslashreplace"));
  return python_types().make_error(static_cast<int>(error.code), message);
}

/// Calls `done` with what comes of `future`.
template <typename T>
void tell(const Future<T>& future, py::object done) {
  future.then([done = held(std::move(done))](const Result<T>& result) {
    with_gil([&] {
      try {
        const py::handle call(done.get());
        if (result) {
          call(to_python(result), py::none());
        } else {
          call(py::none(), exception_of(result.error()));
        }
      } catch (py::error_already_set& error) {
        error.discard_as_unraisable("a completion of kist");
      } catch (const Failure&) {
        // A value that was read for nothing: text that is not UTF-8 is refused before.
      }
    });
  });
}

template <typename T>
QueueHandle::Operation tell_both(const Queued<T>& queued, py::object committed,
                                 py::object durable) {
  tell(queued.committed, std::move(committed));
  tell(queued.durable, std::move(durable));
  return std::make_shared<OperationHandle>([future = queued.durable] { return future.cancel(); });
}

std::optional<Durability> durability_of(std::optional<bool> relaxed) {
  if (!relaxed) return std::nullopt;
  return *relaxed ? Durability::kRelaxed : Durability::kDurable;
}

}  // namespace

// It may be the last handle of its profile, whose close waits for completions.
QueueHandle::~QueueHandle() {
  without_gil([this] { queue_.reset(); });
}

QueueHandle::Operation QueueHandle::get(const StoreHandle& store, py::handle key, py::object done) {
  const auto future = queue_.get().get(store.store.get(), key_of(key));
  tell(future, std::move(done));
  return std::make_shared<OperationHandle>([future] { return future.cancel(); });
}

QueueHandle::Operation QueueHandle::put(const StoreHandle& store, py::handle key, py::handle value,
                                        std::optional<bool> relaxed, py::object committed,
                                        py::object durable) {
  const Queue& queue = queue_.get();
  const Store& to = store.store.get();
  const ValueArgument argument(value);
  const Key at = key_of(key);
  const auto queued =
      without_gil([&] { return queue.put(to, at, argument.view(), durability_of(relaxed)); });
  return tell_both(queued, std::move(committed), std::move(durable));
}

QueueHandle::Operation QueueHandle::erase(const StoreHandle& store, py::handle key,
                                          std::optional<bool> relaxed, py::object committed,
                                          py::object durable) {
  const Queue& queue = queue_.get();
  const Store& to = store.store.get();
  const Key at = key_of(key);
  const auto queued = without_gil([&] { return queue.erase(to, at, durability_of(relaxed)); });
  return tell_both(queued, std::move(committed), std::move(durable));
}

QueueHandle::Operation QueueHandle::add(const StoreHandle& store, py::handle key,
                                        std::int64_t amount, std::optional<bool> relaxed,
                                        py::object committed, py::object durable) {
  const Queue& queue = queue_.get();
  const Store& to = store.store.get();
  const Key at = key_of(key);
  const auto queued =
      without_gil([&] { return queue.add(to, at, amount, durability_of(relaxed)); });
  return tell_both(queued, std::move(committed), std::move(durable));
}

QueueHandle::Operation QueueHandle::apply(const py::list& changes, std::optional<bool> relaxed,
                                          py::object committed, py::object durable) {
  const Queue& queue = queue_.get();
  Batch batch;
  for (const py::handle change : changes) {
    const auto parts = py::cast<py::tuple>(change);
    const Store& store = py::cast<const StoreHandle&>(parts[0]).store.get();
    const py::object key = parts[1];
    const py::object value = parts[2];
    if (value.is_none()) {
      take(batch.erase(store, key_of(key)));
    } else {
      const ValueArgument argument(value);
      take(batch.put(store, key_of(key), argument.view()));
    }
  }
  const auto queued =
      without_gil([&] { return queue.apply(std::move(batch), durability_of(relaxed)); });
  return tell_both(queued, std::move(committed), std::move(durable));
}

void QueueHandle::flush(py::object done) {
  tell(queue_.get().flush(), std::move(done));
}

}  // namespace kist::python
