#pragma once

#include <pybind11/pybind11.h>

namespace kist::python {

/// What the native module uses of the Python part of the package.
struct PythonTypes {
  pybind11::object u64;         ///< kist.U64
  pybind11::object instant;     ///< kist.Instant
  pybind11::object json;        ///< kist.Json
  pybind11::object uuid;        ///< uuid.UUID
  pybind11::object to_stored;   ///< Turns any other storable object into one of these types.
  pybind11::object make_error;  ///< Makes the exception of a code and a message.
};

/// Imports them when it is first called, as the module loads; they live as long as the interpreter.
const PythonTypes& python_types();

}  // namespace kist::python
