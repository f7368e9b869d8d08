#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include <kist/engine/fork.h>

#include "errors.h"

namespace kist::python {

/// Holds an object of the engine that must not be touched in a forked child: there every access
/// fails with kForked, and the object is abandoned instead of destroyed, because its locks may be
/// held by threads that the child does not have. Guarded by the GIL.
template <typename T>
class ProcessBound {
 public:
  explicit ProcessBound(T value)
      : value_(std::make_unique<T>(std::move(value))), forks_(engine::fork_count()) {}
  ProcessBound(ProcessBound&&) noexcept = default;
  ProcessBound& operator=(ProcessBound&&) = delete;
  ~ProcessBound() { reset(); }

  /// Whether the object was made by an ancestor of this process.
  bool inherited() const { return forks_ != engine::fork_count(); }
  /// Whether there is (still) an object.
  bool holds() const { return value_ != nullptr; }

  /// The object. Throws Failure: kForked. Requires holds().
  T& get() const {
    if (inherited()) throw Failure{Error{ErrorCode::kForked, kForkedMessage}};
    return *value_;
  }
  /// Moves the object out. Throws Failure: kForked. Requires holds().
  T take() {
    T taken = std::move(get());
    value_.reset();
    return taken;
  }
  /// Destroys the object, or abandons it in a forked child.
  void reset() {
    if (inherited()) {
      static_cast<void>(value_.release());
    } else {
      value_.reset();
    }
  }

 private:
  static constexpr const char* kForkedMessage =
      "opened before this process was forked; open it again in this process";
  std::unique_ptr<T> value_;
  std::uint32_t forks_;
};

}  // namespace kist::python
