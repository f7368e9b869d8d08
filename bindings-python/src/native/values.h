#pragma once

#include <optional>
#include <string_view>

#include <pybind11/pybind11.h>

#include <kist/key.h>
#include <kist/value.h>

namespace kist::python {

/// The bytes of a key given as str (its UTF-8) or bytes; borrowed from `key`. Throws Failure:
/// kWrongType (another Python type), kInvalidText (a lone surrogate).
std::string_view key_bytes(pybind11::handle key);

/// A key given as str, bytes or, of a store of integers, int. Borrows from `key`. Throws Failure:
/// as key_bytes(), kOutOfRange (an int beyond 64 bits).
Key key_of(pybind11::handle key);

/// The key of a store whose keys are of that type, as it stands in the file, for Python: int, or as
/// below.
pybind11::object key_to_python(std::string_view key, KeyType type, bool as_bytes);

/// A key for Python: bytes when `as_bytes`; else str, and bytes only where it is not UTF-8.
pybind11::object key_to_python(std::string_view key, bool as_bytes);

/// A Python object as a typed value. Keeps alive, and locks against change, what the view borrows;
/// the view may be used without the GIL.
class ValueArgument {
 public:
  /// Throws Failure: kWrongType (not storable), kInvalidArgument (an int beyond 64 bits, a datetime
  /// without time zone), kInvalidText (a lone surrogate); or a Python exception.
  explicit ValueArgument(pybind11::handle value);
  ~ValueArgument();
  ValueArgument(const ValueArgument&) = delete;
  ValueArgument& operator=(const ValueArgument&) = delete;

  const ValueView& view() const { return *view_; }

 private:
  bool convert_native();
  bool convert_own();

  pybind11::object owner_;
  std::optional<Py_buffer> buffer_;
  std::optional<ValueView> view_;
};

/// The same of an object that may be None: no value.
class OptionalValue {
 public:
  explicit OptionalValue(pybind11::handle value) {
    if (!value.is_none()) argument_.emplace(value);
  }
  std::optional<ValueView> view() const {
    if (!argument_) return std::nullopt;
    return argument_->view();
  }

 private:
  std::optional<ValueArgument> argument_;
};

/// A value as a Python object of its own: bool, kist.U64, int, float, kist.Instant, uuid.UUID, str,
/// kist.Json or bytes. What `value` borrows is copied before any other Python code can run. Throws
/// Failure: kBadValue (text that is not UTF-8).
pybind11::object value_to_python(const ValueView& value);

}  // namespace kist::python
