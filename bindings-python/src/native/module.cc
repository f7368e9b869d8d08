// The module kist._kist: thin classes over the C++ interface. The package kist gives them Python's
// manners; nothing here is public.

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include "errors.h"
#include "iterator.h"
#include "profile.h"
#include "python_types.h"
#include "transaction.h"
#include "values.h"

namespace py = pybind11;
using namespace kist::python;  // NOLINT(google-build-using-namespace)

namespace {

Bounds make_bounds(const py::object& start, const py::object& stop, const py::object& key,
                   const py::object& prefix, bool reverse = false,
                   std::optional<std::uint64_t> limit = std::nullopt) {
  const auto bound = [](const py::object& given) {
    return given.is_none() ? std::nullopt : std::optional(OwnedKey(key_of(given)));
  };
  return Bounds{bound(start), bound(stop),
                bound(key),   prefix.is_none() ? std::string() : std::string(key_bytes(prefix)),
                reverse,      limit};
}

/// Defines the reading calls, which profiles, readers and writers share.
template <typename Class>
void define_reading(Class& definition) {
  using Source = typename Class::type;
  definition.def("get", &Source::get, py::arg("store"), py::arg("key"), py::arg("absent"))
      .def("has", &Source::has, py::arg("store"), py::arg("key"))
      .def("member", &Source::member, py::arg("store"), py::arg("key"), py::arg("pointer"))
      .def(
          "count",
          [](Source& source, const StoreHandle& store, const py::object& start,
             const py::object& stop, const py::object& key, const py::object& prefix) {
            return source.count(store, make_bounds(start, stop, key, prefix));
          },
          py::arg("store"), py::arg("start") = py::none(), py::arg("stop") = py::none(),
          py::arg("key") = py::none(), py::arg("prefix") = py::none())
      .def(
          "iterate",
          [](Source& source, const StoreHandle& store, Wanted wanted, bool bytes_keys,
             const py::object& start, const py::object& stop, const py::object& prefix,
             bool reverse, std::optional<std::uint64_t> limit, const py::object& key) {
            return source.iterate(store, wanted, bytes_keys,
                                  make_bounds(start, stop, key, prefix, reverse, limit));
          },
          py::arg("store"), py::arg("wanted"), py::arg("bytes_keys"), py::arg("start"),
          py::arg("stop"), py::arg("prefix"), py::arg("reverse"), py::arg("limit"),
          py::arg("key") = py::none());
}

/// Defines the writing calls, which profiles and writers share.
template <typename Class>
void define_writing(Class& definition) {
  using Target = typename Class::type;
  definition.def("put", &Target::put, py::arg("store"), py::arg("key"), py::arg("value"))
      .def("erase", &Target::erase, py::arg("store"), py::arg("key"))
      .def("clear", &Target::clear, py::arg("store"))
      .def("erase_value", &Target::erase_value, py::arg("store"), py::arg("key"), py::arg("value"))
      .def(
          "erase_range",
          [](Target& target, const StoreHandle& store, const py::object& start,
             const py::object& stop, const py::object& prefix) {
            return target.erase_range(store, make_bounds(start, stop, py::none(), prefix));
          },
          py::arg("store"), py::arg("start"), py::arg("stop"), py::arg("prefix"))
      .def("put_if_absent", &Target::put_if_absent, py::arg("store"), py::arg("key"),
           py::arg("value"))
      .def("compare_and_set", &Target::compare_and_set, py::arg("store"), py::arg("key"),
           py::arg("expected"), py::arg("value"))
      .def("add", &Target::add, py::arg("store"), py::arg("key"), py::arg("amount"))
      .def("merge_patch", &Target::merge_patch, py::arg("store"), py::arg("key"), py::arg("patch"))
      .def("open_store", &Target::open_store, py::arg("name"), py::arg("create"),
           py::arg("multi") = false, py::arg("keys") = "bytes")
      .def("drop_store", &Target::drop_store, py::arg("name"));
}

void define_records(py::module_& module) {
  py::enum_<Wanted>(module, "Wanted")
      .value("KEYS", Wanted::kKeys)
      .value("VALUES", Wanted::kValues)
      .value("ITEMS", Wanted::kItems);
  py::class_<StoreHandle>(module, "Store");
  py::class_<RecordIterator, std::shared_ptr<RecordIterator>>(module, "RecordIterator")
      .def("__iter__", [](const py::object& self) { return self; })
      .def("__next__", &RecordIterator::next);
  py::class_<BorrowedBytes>(module, "BorrowedBytes", py::buffer_protocol())
      .def_buffer([](const BorrowedBytes& borrowed) {
        // An empty span may have no address, but a buffer must.
        static const std::uint8_t kNothing = 0;
        const auto* data = borrowed.bytes.empty() ? &kNothing : borrowed.bytes.data();
        return py::buffer_info(data, static_cast<py::ssize_t>(borrowed.bytes.size()));
      });
}

void define_transactions(py::module_& module) {
  py::class_<Transaction, std::shared_ptr<Transaction>>(module, "Transaction")
      .def("end", &Transaction::end)
      .def_property_readonly("open", &Transaction::open);
  py::class_<ReaderHandle, Transaction, std::shared_ptr<ReaderHandle>> reader(module, "Reader");
  define_reading(reader);
  reader.def("view", &ReaderHandle::view, py::arg("store"), py::arg("key"))
      .def_property_readonly("id", &ReaderHandle::id);
  py::class_<WriterHandle, Transaction, std::shared_ptr<WriterHandle>> writer(module, "Writer");
  define_reading(writer);
  define_writing(writer);
  writer.def("commit", &WriterHandle::commit, py::arg("relaxed"));
}

void define_queue(py::module_& module) {
  py::class_<OperationHandle, std::shared_ptr<OperationHandle>>(module, "Operation")
      .def("cancel", &OperationHandle::cancel);
  py::class_<QueueHandle, std::shared_ptr<QueueHandle>>(module, "Queue")
      .def("get", &QueueHandle::get, py::arg("store"), py::arg("key"), py::arg("done"))
      .def("put", &QueueHandle::put, py::arg("store"), py::arg("key"), py::arg("value"),
           py::arg("relaxed"), py::arg("committed"), py::arg("durable"))
      .def("erase", &QueueHandle::erase, py::arg("store"), py::arg("key"), py::arg("relaxed"),
           py::arg("committed"), py::arg("durable"))
      .def("add", &QueueHandle::add, py::arg("store"), py::arg("key"), py::arg("amount"),
           py::arg("relaxed"), py::arg("committed"), py::arg("durable"))
      .def("apply", &QueueHandle::apply, py::arg("changes"), py::arg("relaxed"),
           py::arg("committed"), py::arg("durable"))
      .def("flush", &QueueHandle::flush, py::arg("done"));
}

void define_profile(py::module_& module) {
  py::class_<ProfileHandle, std::shared_ptr<ProfileHandle>> profile(module, "Profile");
  define_reading(profile);
  define_writing(profile);
  profile.def("read", &ProfileHandle::read)
      .def("queue", &ProfileHandle::queue, py::arg("timeout"))
      .def("write", &ProfileHandle::write, py::arg("timeout"))
      .def("stores", &ProfileHandle::stores)
      .def("sync", &ProfileHandle::sync)
      .def("check", &ProfileHandle::check)
      .def("stats", &ProfileHandle::stats)
      .def("import_file", &ProfileHandle::import_file, py::arg("path"), py::arg("format"),
           py::arg("on_conflict"), py::arg("plain_bytes"), py::arg("unnamed"), py::arg("stores"))
      .def("export_json", &ProfileHandle::export_json, py::arg("descriptor"), py::arg("stores"))
      .def("close", &ProfileHandle::close)
      .def_property_readonly("closed", &ProfileHandle::closed)
      .def_property_readonly("directory", &ProfileHandle::directory);
  module.def(
      "open",
      [](const std::filesystem::path& directory, bool create, bool read_only,
         std::optional<std::uint32_t> page_size, std::uint32_t file_mode, bool relaxed,
         std::optional<std::filesystem::path> environment, std::optional<std::uint64_t> flush_bytes,
         std::optional<double> flush_age, std::optional<std::uint64_t> flush_operations,
         std::uint64_t queue_bytes, std::uint64_t queue_operations) {
        return ProfileHandle::open(directory, create, read_only, page_size, file_mode, relaxed,
                                   {std::move(environment), flush_bytes, flush_age,
                                    flush_operations, queue_bytes, queue_operations});
      },
      py::arg("directory"), py::arg("create"), py::arg("read_only"), py::arg("page_size"),
      py::arg("file_mode"), py::arg("relaxed"), py::arg("environment"), py::arg("flush_bytes"),
      py::arg("flush_age"), py::arg("flush_operations"), py::arg("queue_bytes"),
      py::arg("queue_operations"));
}

}  // namespace

PYBIND11_MODULE(_kist, module) {
  python_types();
  translate_failures();
  define_records(module);
  define_transactions(module);
  define_queue(module);
  define_profile(module);
}
