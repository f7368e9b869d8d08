#pragma once

#include <memory>
#include <mutex>
#include <shared_mutex>
#include <utility>

namespace kist::c_api {

/// Whose turn it is to use a transaction. Everything that looks at the same state shares one: a
/// transaction, those nested in it, and their cursors and streams.
///
/// A reader of uncommitted state has a turn of its own, so that it reads while the writer writes;
/// but the writer's state must not go away during its calls, so these also hold the writer's
/// `readers_`, which an end takes alone.
class Turn {
 public:
  /// `around`: the turn of the write transaction whose uncommitted state is read; else null.
  explicit Turn(std::shared_ptr<Turn> around = nullptr) : around_(std::move(around)) {}
  const std::shared_ptr<Turn>& around() const { return around_; }

 private:
  friend class Hold;
  std::mutex mutex_;
  std::mutex gate_;  // held while waiting for readers_, so that readers cannot keep an end waiting
  std::shared_mutex readers_;
  const std::shared_ptr<Turn> around_;
};

/// A turn, or two at once, held by the present call. Held after the mutex of a cursor, never
/// before; objects of handles must not be destroyed while one is held.
class Hold {
 public:
  /// What the turn is needed for: kEnd when state that uncommitted readers look at may go away.
  enum class For { kUse, kEnd };

  explicit Hold(Turn& turn, For purpose = For::kUse);
  /// Both, which may be the same, without a deadlock with whoever takes them the other way round.
  Hold(Turn& a, Turn& b);

 private:
  static std::shared_lock<std::shared_mutex> enter(Turn* around);

  std::unique_lock<std::mutex> first_;
  std::unique_lock<std::mutex> second_;
  std::shared_lock<std::shared_mutex> first_around_;
  std::shared_lock<std::shared_mutex> second_around_;
  std::unique_lock<std::shared_mutex> alone_;
};

}  // namespace kist::c_api
