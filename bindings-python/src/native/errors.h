#pragma once

#include <utility>

#include <kist/engine/error.h>

namespace kist::python {

/// An Error on its way to Python. Thrown by the functions of this module; at the border it becomes
/// the exception of package `kist` that belongs to its code.
struct Failure {
  Error error;
};

/// The value of a Result. Throws Failure.
template <typename T>
T take(Result<T>&& result) {
  if (!result) throw Failure{std::move(result).error()};
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

/// Makes the module translate Failure. Called once, when the module loads.
void translate_failures();

}  // namespace kist::python
