#include "errors.h"

#include <exception>

#include <pybind11/pybind11.h>

#include "python_types.h"

namespace py = pybind11;

namespace kist::python {

namespace {

/// Sets the Python exception of `error`. Messages may hold a path that is not UTF-8.
void set_exception(const Error& error) {
  const auto message = py::reinterpret_steal<py::object>(PyUnicode_DecodeUTF8(
      error.message.data(), static_cast<Py_ssize_t>(error.message.size()), "backslashreplace"));
  if (!message) return;
  const py::object exception = python_types().make_error(static_cast<int>(error.code), message);
  PyErr_SetObject(py::type::of(exception).ptr(), exception.ptr());
}

}  // namespace

void translate_failures() {
  py::register_local_exception_translator([](std::exception_ptr thrown) {
    try {
      if (thrown) std::rethrow_exception(thrown);
    } catch (const Failure& failure) {
      set_exception(failure.error);
    }
  });
}

}  // namespace kist::python
