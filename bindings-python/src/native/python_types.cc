#include "python_types.h"

#include <pybind11/gil_safe_call_once.h>

namespace py = pybind11;

namespace kist::python {

const PythonTypes& python_types() {
  PYBIND11_CONSTINIT static py::gil_safe_call_once_and_store<PythonTypes> storage;
  return storage
      .call_once_and_store_result([] {
        const py::module_ values = py::module_::import("kist._values");
        const py::module_ errors = py::module_::import("kist._errors");
        return PythonTypes{values.attr("U64"),       values.attr("Instant"),
                           values.attr("Json"),      py::module_::import("uuid").attr("UUID"),
                           values.attr("to_stored"), errors.attr("make_error")};
      })
      .get_stored();
}

}  // namespace kist::python
