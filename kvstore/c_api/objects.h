#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include <kist/kist.h>
#include <kist/store.h>
#include <kist/transaction.h>

#include "kvstore/c_api/handle_table.h"
#include "kvstore/c_api/object.h"

namespace kist::c_api {

/// A user of an open profile.
struct ProfileObject : Object {
  static constexpr Kind kKind = Kind::kProfile;
  using Handle = kist_profile;
  explicit ProfileObject(Profile opened) : Object(kKind, nullptr), profile(std::move(opened)) {}
  const Profile profile;
};

/// A store, opened through a profile.
struct StoreObject : Object {
  static constexpr Kind kKind = Kind::kStore;
  using Handle = kist_store;
  StoreObject(std::shared_ptr<Object> owner, Profile of, Store opened)
      : Object(kKind, std::move(owner)), profile(std::move(of)), store(std::move(opened)) {}
  const Profile profile;
  const Store store;
};

/// A snapshot. Destroying it ends it.
struct ReaderObject : Object {
  static constexpr Kind kKind = Kind::kReader;
  using Handle = kist_reader;
  ReaderObject(std::shared_ptr<Object> owner, Reader begun)
      : Object(kKind, std::move(owner)), reader(std::move(begun)) {}
  std::mutex turn;  // held by whoever uses `reader` or an iterator of it
  Reader reader;
};

/// A write transaction. Destroying it aborts it.
struct WriterObject : Object {
  static constexpr Kind kKind = Kind::kWriter;
  using Handle = kist_writer;
  WriterObject(std::shared_ptr<Object> owner, Writer begun)
      : Object(kKind, std::move(owner)), writer(std::move(begun)) {}
  std::mutex turn;     // held by whoever uses the fields below
  bool ended = false;  // committed or aborted
  Writer writer;
};

/// Changes to be applied at once.
struct BatchObject : Object {
  static constexpr Kind kKind = Kind::kBatch;
  using Handle = kist_batch;
  BatchObject(std::shared_ptr<Object> owner, Profile of)
      : Object(kKind, std::move(owner)), profile(std::move(of)) {}
  const Profile profile;
  std::mutex turn;  // held by whoever uses `batch`
  Batch batch;
};

/// A walk over a store in the snapshot of a reader.
struct IteratorObject : Object {
  static constexpr Kind kKind = Kind::kIterator;
  using Handle = kist_iterator;
  IteratorObject(const std::shared_ptr<ReaderObject>& owner, Iterator begun)
      : Object(kKind, owner), turn(owner->turn), iterator(std::move(begun)) {}
  ~IteratorObject() override {
    const std::lock_guard lock(turn);
    iterator.reset();
  }
  std::mutex& turn;                  // the owner's, which protects the fields below
  std::optional<Iterator> iterator;  // empty only while it is destroyed
  std::optional<Error> pending;  // met behind records that were given already; for the next call
};

/// An object in use by the present call.
template <typename T>
class Use {
 public:
  explicit Use(HandleTable::Pin pin) : pin_(std::move(pin)) {}
  T* operator->() const { return static_cast<T*>(pin_.object().get()); }
  T& operator*() const { return *operator->(); }
  /// For what the object comes to own.
  std::shared_ptr<T> shared() const { return std::static_pointer_cast<T>(pin_.object()); }

 private:
  HandleTable::Pin pin_;
};

/// The object of a handle, for use during a call. Errors: kInvalidArgument, kClosed, kForked.
template <typename T>
Result<Use<T>> use(typename T::Handle handle) {
  KIST_ASSIGN(HandleTable::Pin pin, HandleTable::instance().pin(handle.id, T::kKind));
  return Use<T>(std::move(pin));
}

/// Closes a handle and all that its object owns; what is returned is the last use of the object.
/// Errors: kInvalidArgument, kClosed; kForked: closed, but there is nothing more to do in this
/// process.
template <typename T>
Result<Use<T>> close(typename T::Handle handle) {
  KIST_ASSIGN(HandleTable::Pin pin, HandleTable::instance().close(handle.id, T::kKind));
  pin.object()->close_children();
  return Use<T>(std::move(pin));
}

/// Closes a handle whose object needs no farewell but its destructor. Errors: kInvalidArgument,
/// kClosed.
template <typename T>
Result<void> close_simply(typename T::Handle handle) {
  const Result<Use<T>> last_use = close<T>(handle);
  if (last_use || last_use.error().code == ErrorCode::kForked) return {};
  return std::unexpected(last_use.error());
}

/// Gives `object` a handle, which is stored in `*handle`, and enters it with its owner (null for
/// none). Errors: kClosed (the owner was closed meanwhile), kOutOfMemory.
template <typename T>
Result<void> publish(const std::shared_ptr<T>& object, Object* owner, typename T::Handle* handle) {
  KIST_ASSIGN(const std::uint64_t id, HandleTable::instance().insert(object));
  if (owner != nullptr && !owner->adopt(*object, id)) {
    (void)HandleTable::instance().close(id, T::kKind);  // NOLINT(bugprone-unused-return-value)
    return fail(ErrorCode::kClosed, "what it belongs to was closed meanwhile");
  }
  handle->id = id;
  return {};
}

}  // namespace kist::c_api
