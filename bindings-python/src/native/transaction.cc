#include "transaction.h"

#include <algorithm>

#include <kist/json.h>

#include "errors.h"
#include "gil.h"
#include "values.h"

namespace py = pybind11;

namespace kist::python {

namespace {

/// Writers that have not ended, of this process and, after a fork, abandoned ones of its parent.
std::vector<const WriterHandle*> open_writers;

/// The bytes of a value that has any.
struct BytesOf {
  std::optional<Bytes> operator()(std::string_view text) const { return engine::as_bytes(text); }
  std::optional<Bytes> operator()(JsonView json) const { return engine::as_bytes(json.text); }
  std::optional<Bytes> operator()(BlobView blob) const { return blob.bytes; }
  template <typename Other>
  std::optional<Bytes> operator()(const Other&) const {
    return std::nullopt;
  }
};

}  // namespace

void Transaction::require_open() const {
  if (end_ == End::kEnded) {
    throw Failure{Error{ErrorCode::kTransactionEnded, "the transaction has ended"}};
  }
  if (end_ == End::kProfileClosed) {
    throw Failure{Error{ErrorCode::kClosed, "the profile was closed"}};
  }
}

void Transaction::detach(End end) {
  end_ = end;
  for (const auto& weak : iterators_) {
    if (const auto iterator = weak.lock()) iterator->detach();
  }
  iterators_.clear();
}

void Transaction::end_as(End end) {
  if (end_ != End::kNot) return;
  detach(end);
  release();
}

std::shared_ptr<RecordIterator> Transaction::attach(Iterator iterator, Wanted wanted, KeyType keys,
                                                    bool bytes_keys) {
  // Forgetting the dead only when the list would grow keeps the cost of each iteration constant.
  if (iterators_.size() == iterators_.capacity()) {
    std::erase_if(iterators_, [](const auto& weak) { return weak.expired(); });
  }
  auto handed = std::make_shared<RecordIterator>(shared_from_this(), std::move(iterator), wanted,
                                                 keys, bytes_keys);
  iterators_.push_back(handed);
  return handed;
}

template <typename Native>
py::object TransactionOf<Native>::get(const StoreHandle& store, py::handle key, py::object absent) {
  const auto value = take(native().get(store.store.get(), key_of(key)));
  return value ? value_to_python(*value) : absent;
}

template <typename Native>
bool TransactionOf<Native>::has(const StoreHandle& store, py::handle key) {
  return take(native().has(store.store.get(), key_of(key)));
}

template <typename Native>
py::object TransactionOf<Native>::member(const StoreHandle& store, py::handle key,
                                         const std::string& pointer) {
  const auto value = take(native().template get<JsonView>(store.store.get(), key_of(key)));
  if (!value) return py::none();
  const auto found = take(json_member(value->text, pointer));
  return found ? value_to_python(ValueView::json(*found)) : py::none();
}

template <typename Native>
std::uint64_t TransactionOf<Native>::count(const StoreHandle& store, const Bounds& bounds) {
  return take(native().count(store.store.get(), bounds.range()));
}

template <typename Native>
std::shared_ptr<RecordIterator> TransactionOf<Native>::iterate(const StoreHandle& store,
                                                               Wanted wanted, bool bytes_keys,
                                                               const Bounds& bounds) {
  const Store& from = store.store.get();
  return attach(take(native().iterate(from, bounds.range())), wanted, from.keys(), bytes_keys);
}

template class TransactionOf<Reader>;
template class TransactionOf<Writer>;

py::object ReaderHandle::view(const StoreHandle& store, py::handle key) {
  const Key raw_key = key_of(key);
  const auto value = take(native().get(store.store.get(), raw_key));
  if (!value) return py::none();
  const auto bytes = std::visit(BytesOf{}, value->data());
  if (!bytes) {
    throw Failure{Error{ErrorCode::kWrongType, "key " + std::string(py::repr(key)) +
                                                   ": wanted a blob, string or json, found " +
                                                   std::string(type_name(value->type()))}};
  }
  return py::memoryview(py::cast(BorrowedBytes{native_, *bytes}));
}

WriterHandle::WriterHandle(Writer writer, std::string profile)
    : TransactionOf(std::move(writer)),
      profile_(std::move(profile)),
      thread_(PyThread_get_thread_ident()) {
  open_writers.push_back(this);
}

WriterHandle::~WriterHandle() {
  std::erase(open_writers, this);
}

Writer& WriterHandle::native() {
  Writer& writer = TransactionOf::native();
  thread_ = PyThread_get_thread_ident();
  return writer;
}

void WriterHandle::put(const StoreHandle& store, py::handle key, py::handle value) {
  const ValueArgument argument(value);
  take(native().put(store.store.get(), key_of(key), argument.view()));
}

bool WriterHandle::erase(const StoreHandle& store, py::handle key) {
  return take(native().erase(store.store.get(), key_of(key)));
}

std::uint64_t WriterHandle::clear(const StoreHandle& store) {
  return take(native().clear(store.store.get()));
}

bool WriterHandle::erase_value(const StoreHandle& store, py::handle key, py::handle value) {
  const ValueArgument argument(value);
  return take(native().erase(store.store.get(), key_of(key), argument.view()));
}

std::uint64_t WriterHandle::erase_range(const StoreHandle& store, const Bounds& bounds) {
  return take(native().erase_range(store.store.get(), bounds.range()));
}

bool WriterHandle::put_if_absent(const StoreHandle& store, py::handle key, py::handle value) {
  const ValueArgument argument(value);
  return take(native().put_if_absent(store.store.get(), key_of(key), argument.view()));
}

bool WriterHandle::compare_and_set(const StoreHandle& store, py::handle key, py::handle expected,
                                   py::handle value) {
  const OptionalValue old(expected);
  const OptionalValue next(value);
  return take(native().compare_and_set(store.store.get(), key_of(key), old.view(), next.view()));
}

py::object WriterHandle::add(const StoreHandle& store, py::handle key, std::int64_t amount) {
  return value_to_python(take(native().add(store.store.get(), key_of(key), amount)));
}

py::object WriterHandle::merge_patch(const StoreHandle& store, py::handle key,
                                     const std::string& patch) {
  const Json document = take(kist::merge_patch(native(), store.store.get(), key_of(key), patch));
  return value_to_python(ValueView::json(document.text));
}

StoreOptions store_options(bool create, bool multi, const std::string& keys) {
  const std::optional<KeyType> type = key_type_from_name(keys);
  if (!type) throw Failure{Error{ErrorCode::kInvalidArgument, "no such type of keys: " + keys}};
  return {.create = create, .multi = multi, .keys = *type};
}

StoreHandle WriterHandle::open_store(const std::string& name, bool create, bool multi,
                                     const std::string& keys) {
  return StoreHandle{
      ProcessBound(take(native().open_store(name, store_options(create, multi, keys))))};
}

bool WriterHandle::drop_store(const std::string& name) {
  return take(native().drop_store(name));
}

std::uint64_t WriterHandle::commit(std::optional<bool> relaxed) {
  native();
  detach(End::kEnded);
  Writer writer = native_->take();
  native_.reset();
  std::optional<Durability> durability;
  if (relaxed) durability = *relaxed ? Durability::kRelaxed : Durability::kDurable;
  return take(without_gil([&] { return writer.commit(durability); }));
}

void WriterHandle::release() {
  if (native_->inherited()) {
    native_.reset();
    return;
  }
  Writer writer = native_->take();
  native_.reset();
  without_gil([&] { writer.abort(); });
}

void WriterHandle::require_none_in_this_thread(const std::string& profile) {
  const unsigned long thread = PyThread_get_thread_ident();
  for (const WriterHandle* writer : open_writers) {
    if (writer->open() && !writer->native_->inherited() && writer->thread_ == thread &&
        writer->profile_ == profile) {
      throw Failure{Error{ErrorCode::kMisuse, "this thread already writes to '" + profile +
                                                  "': use that transaction, or end it first"}};
    }
  }
}

}  // namespace kist::python
