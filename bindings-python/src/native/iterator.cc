#include "iterator.h"

#include "errors.h"
#include "transaction.h"
#include "values.h"

namespace py = pybind11;

namespace kist::python {

Range Bounds::range() const {
  Range range;
  if (start) range.from = start->key();
  if (stop) range.to = stop->key();
  if (key) range.key = key->key();
  range.prefix = prefix;
  range.reverse = reverse;
  range.limit = limit;
  return range;
}

RecordIterator::RecordIterator(std::shared_ptr<Transaction> transaction, Iterator iterator,
                               Wanted wanted, KeyType keys, bool bytes_keys)
    : transaction_(std::move(transaction)),
      iterator_(std::move(iterator)),
      wanted_(wanted),
      keys_(keys),
      bytes_keys_(bytes_keys) {}

py::object RecordIterator::next() {
  if (!transaction_) throw py::stop_iteration();
  transaction_->require_open();
  Iterator& iterator = iterator_.get();
  if (!take(iterator.next())) {
    iterator_.reset();
    transaction_.reset();
    throw py::stop_iteration();
  }
  if (wanted_ == Wanted::kKeys) return key_to_python(iterator.key(), keys_, bytes_keys_);
  // Making Python objects can run other Python code, which may end the transaction under us: what
  // is borrowed from it is used up or copied before.
  const std::string key(iterator.key());
  py::object value = value_to_python(take(iterator.value()));
  if (wanted_ == Wanted::kValues) return value;
  return py::make_tuple(key_to_python(key, keys_, bytes_keys_), std::move(value));
}

void RecordIterator::detach() {
  iterator_.reset();
}

}  // namespace kist::python
