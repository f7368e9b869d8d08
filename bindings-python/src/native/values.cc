#include "values.h"

#include <cstring>
#include <string>

#include "errors.h"
#include "python_types.h"

namespace py = pybind11;

namespace kist::python {

namespace {

[[noreturn]] void raise(ErrorCode code, std::string message) {
  throw Failure{Error{code, std::move(message)}};
}

/// The UTF-8 of a str, which caches it for as long as it lives.
std::string_view utf8(py::handle text) {
  Py_ssize_t size = 0;
  const char* data = PyUnicode_AsUTF8AndSize(text.ptr(), &size);
  if (data == nullptr) {
    if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) throw py::error_already_set();
    PyErr_Clear();
    raise(ErrorCode::kInvalidText,
          "the text has a lone surrogate, which UTF-8 cannot hold: " + std::string(py::repr(text)));
  }
  return {data, static_cast<std::size_t>(size)};
}

std::string_view bytes_of(py::handle bytes) {
  return {PyBytes_AS_STRING(bytes.ptr()), static_cast<std::size_t>(PyBytes_GET_SIZE(bytes.ptr()))};
}

bool is_instance(py::handle value, const py::object& type) {
  const int answer = PyObject_IsInstance(value.ptr(), type.ptr());
  if (answer < 0) throw py::error_already_set();
  return answer == 1;
}

/// The text as a str, or nothing with the Python error cleared when it is not UTF-8.
py::object decode(std::string_view text) {
  PyObject* decoded =
      PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), nullptr);
  if (decoded == nullptr) {
    if (!PyErr_ExceptionMatches(PyExc_UnicodeDecodeError)) throw py::error_already_set();
    PyErr_Clear();
  }
  return py::reinterpret_steal<py::object>(decoded);
}

ValueView integer(py::handle number) {
  int overflow = 0;
  const long long small = PyLong_AsLongLongAndOverflow(number.ptr(), &overflow);
  if (overflow == 0) {
    if (small == -1 && PyErr_Occurred() != nullptr) throw py::error_already_set();
    if (small < 0 || !is_instance(number, python_types().u64)) return ValueView::i64(small);
    return ValueView::u64(static_cast<std::uint64_t>(small));
  }
  if (overflow > 0) {
    const unsigned long long large = PyLong_AsUnsignedLongLong(number.ptr());
    if (PyErr_Occurred() == nullptr) return ValueView::u64(large);
    PyErr_Clear();
  }
  raise(ErrorCode::kInvalidArgument, "the int fits neither 64 bits signed nor 64 bits unsigned");
}

}  // namespace

std::string_view key_bytes(py::handle key) {
  if (PyUnicode_Check(key.ptr())) return utf8(key);
  if (PyBytes_Check(key.ptr())) return bytes_of(key);
  raise(ErrorCode::kWrongType,
        "a key must be str or bytes, not " + std::string(Py_TYPE(key.ptr())->tp_name));
}

Key key_of(py::handle key) {
  if (!PyLong_Check(key.ptr()) || PyBool_Check(key.ptr())) return key_bytes(key);
  int overflow = 0;
  const long long small = PyLong_AsLongLongAndOverflow(key.ptr(), &overflow);
  if (overflow == 0) return Key(static_cast<std::int64_t>(small));
  const unsigned long long large = overflow > 0 ? PyLong_AsUnsignedLongLong(key.ptr()) : 0;
  if (overflow > 0 && PyErr_Occurred() == nullptr) return Key(static_cast<std::uint64_t>(large));
  PyErr_Clear();
  raise(ErrorCode::kOutOfRange, "a key must fit 64 bits");
}

py::object key_to_python(std::string_view key, KeyType type, bool as_bytes) {
  if (type == KeyType::kBytes) return key_to_python(key, as_bytes);
  const std::size_t bits = 8 * key.size();
  if (bits == 0 || bits > 64)
    raise(ErrorCode::kBadValue, "a key of another width than its store's");
  std::uint64_t number = 0;
  for (const char byte : key) number = number << 8 | static_cast<unsigned char>(byte);
  if (type < KeyType::kI8) return py::int_(number);
  // The sign bit is turned, so that the order of the bytes is that of the numbers.
  const std::uint64_t sign = std::uint64_t{1} << (bits - 1);
  return py::int_(static_cast<std::int64_t>(number - sign));
}

py::object key_to_python(std::string_view key, bool as_bytes) {
  if (!as_bytes) {
    if (py::object text = decode(key)) return text;
  }
  return py::bytes(key.data(), key.size());
}

ValueArgument::ValueArgument(py::handle value) : owner_(py::reinterpret_borrow<py::object>(value)) {
  if (convert_native() || convert_own()) return;
  owner_ = python_types().to_stored(owner_);
  if (!convert_own()) raise(ErrorCode::kInternal, "to_stored() gave an unknown type");
}

ValueArgument::~ValueArgument() {
  if (buffer_) PyBuffer_Release(&*buffer_);
}

/// Takes the types that Python itself has.
bool ValueArgument::convert_native() {
  PyObject* value = owner_.ptr();
  if (PyUnicode_Check(value)) {
    view_ = ValueView::string(utf8(owner_));
  } else if (PyBool_Check(value)) {
    view_ = ValueView::boolean(value == Py_True);
  } else if (PyLong_Check(value)) {
    view_ = integer(owner_);
  } else if (PyFloat_Check(value)) {
    view_ = ValueView::f64(PyFloat_AS_DOUBLE(value));
  } else if (PyBytes_Check(value)) {
    view_ = ValueView::blob(engine::as_bytes(bytes_of(owner_)));
  } else if (PyByteArray_Check(value) || PyMemoryView_Check(value)) {
    Py_buffer buffer;
    if (PyObject_GetBuffer(value, &buffer, PyBUF_SIMPLE) != 0) throw py::error_already_set();
    buffer_ = buffer;
    view_ = ValueView::blob(
        {static_cast<const std::uint8_t*>(buffer.buf), static_cast<std::size_t>(buffer.len)});
  }
  return view_.has_value();
}

/// Takes uuid.UUID and the types of this package.
bool ValueArgument::convert_own() {
  const PythonTypes& types = python_types();
  if (is_instance(owner_, types.json)) {
    owner_ = owner_.attr("text");
    view_ = ValueView::json(utf8(owner_));
  } else if (is_instance(owner_, types.instant)) {
    view_ = ValueView::instant(Instant{py::cast<std::int64_t>(owner_.attr("milliseconds"))});
  } else if (is_instance(owner_, types.uuid)) {
    const py::object raw = owner_.attr("bytes");
    Uuid uuid;
    if (!PyBytes_Check(raw.ptr()) || bytes_of(raw).size() != uuid.bytes.size()) {
      raise(ErrorCode::kInvalidArgument, "a UUID has 16 bytes");
    }
    std::memcpy(uuid.bytes.data(), bytes_of(raw).data(), uuid.bytes.size());
    view_ = ValueView::uuid(uuid);
  }
  return view_.has_value();
}

namespace {

/// Makes the Python object of each alternative of a ValueView.
struct ToPython {
  py::object operator()(bool value) const { return py::bool_(value); }
  py::object operator()(std::uint64_t value) const { return python_types().u64(value); }
  py::object operator()(std::int64_t value) const { return py::int_(value); }
  py::object operator()(double value) const { return py::float_(value); }
  py::object operator()(Instant value) const { return python_types().instant(value.milliseconds); }
  py::object operator()(const Uuid& value) const {
    const auto* data = reinterpret_cast<const char*>(value.bytes.data());
    return python_types().uuid(py::arg("bytes") = py::bytes(data, value.bytes.size()));
  }
  py::object operator()(std::string_view text) const {
    if (py::object decoded = decode(text)) return decoded;
    raise(ErrorCode::kBadValue, "the stored text is not UTF-8");
  }
  py::object operator()(JsonView value) const { return python_types().json((*this)(value.text)); }
  py::object operator()(BlobView value) const {
    const std::string_view raw = engine::as_text(value.bytes);
    return py::bytes(raw.data(), raw.size());
  }
};

}  // namespace

py::object value_to_python(const ValueView& value) {
  return std::visit(ToPython{}, value.data());
}

}  // namespace kist::python
