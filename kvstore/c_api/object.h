#pragma once

#include <cstdint>
#include <memory>
#include <mutex>

namespace kist::c_api {

/// What a handle can name.
enum class Kind : std::uint8_t {
  kProfile = 1,
  kStore = 2,
  kReader = 3,
  kWriter = 4,
  kIterator = 5,
  kDatabase = 6,
  kTransaction = 7,
  kCursor = 8,
  kValueReader = 9,
  kValueWriter = 10,
  kDifference = 11,
  kBatch = 12,
  kQueue = 13,
  kWorkingCopy = 14,
  kGrant = 15,
  kObserver = 16,
};

/// What a handle names. Objects form a tree: each but a profile, a database and a working copy
/// has an owner, keeps it in existence, and is closed with it; so has the database of a working
/// copy.
class Object {
 public:
  Object(Kind kind, std::shared_ptr<Object> owner);
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;
  virtual ~Object();

  Kind kind() const { return kind_; }
  /// The engine::fork_count() under which the object was made.
  std::uint32_t forks() const { return forks_; }
  const std::shared_ptr<Object>& owner() const { return owner_; }

  /// Enters `child`, whose handle is given, among what close_children() closes. False when this
  /// object is closed already.
  [[nodiscard]] bool adopt(Object& child, std::uint64_t child_handle);

  /// Closes everything owned, and what that owns; later adoptions fail. Children that a call of
  /// another thread is using are destroyed when that call ends.
  void close_children();

 private:
  void unlink_child(Object& child);

  const Kind kind_;
  const std::uint32_t forks_;
  const std::shared_ptr<Object> owner_;

  // A list of children through themselves, so that closing needs no memory. Held by the owner's
  // mutex: the links, and handle_, of its children.
  std::mutex children_mutex_;
  bool closing_ = false;
  Object* first_child_ = nullptr;
  Object* next_ = nullptr;
  Object** link_ = nullptr;  // what points to this object; null when in no list
  std::uint64_t handle_ = 0;
};

}  // namespace kist::c_api
