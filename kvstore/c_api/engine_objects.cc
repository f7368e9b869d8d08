#include "kvstore/c_api/engine_objects.h"

namespace kist::c_api {
namespace {

std::unexpected<Error> closed() {
  return fail(ErrorCode::kClosed, "the transaction was closed");
}

}  // namespace

Result<engine::Database> DatabaseObject::get() {
  const std::lock_guard lock(mutex_);
  if (!database_) return fail(ErrorCode::kClosed, "the database was closed");
  return *database_;
}

Result<void> DatabaseObject::close() {
  std::optional<engine::Database> last;
  {
    const std::lock_guard lock(mutex_);
    last = std::exchange(database_, std::nullopt);
  }
  return last ? last->close() : fail(ErrorCode::kClosed, "the database was closed");
}

TransactionObject::TransactionObject(std::shared_ptr<Object> owner,
                                     std::shared_ptr<DatabaseObject> of,
                                     std::shared_ptr<Turn> taking, State begun)
    : Object(kKind, std::move(owner)),
      database(std::move(of)),
      turn(std::move(taking)),
      state_(std::move(begun)) {}

TransactionObject::~TransactionObject() {
  const Hold hold(*turn, Hold::For::kEnd);
  end();
}

void TransactionObject::nest_in(TransactionObject& parent) {
  parent_ = &parent;
  parent.nested_ = this;
}

void TransactionObject::end() {
  if (nested_ != nullptr) nested_->end();
  if (parent_ != nullptr) std::exchange(parent_, nullptr)->nested_ = nullptr;
  state_ = std::monostate();
}

Result<engine::Txn*> TransactionObject::txn() {
  if (auto* read = std::get_if<engine::ReadTxn>(&state_)) return read;
  if (auto* write = std::get_if<engine::WriteTxn>(&state_)) return write;
  return closed();
}

Result<engine::ReadTxn*> TransactionObject::reader(const char* what) {
  if (auto* read = std::get_if<engine::ReadTxn>(&state_)) return read;
  if (std::holds_alternative<std::monostate>(state_)) return closed();
  return fail(ErrorCode::kMisuse, std::string(what) + " is for read transactions");
}

Result<engine::WriteTxn*> TransactionObject::writer() {
  if (auto* write = std::get_if<engine::WriteTxn>(&state_)) return write;
  if (std::holds_alternative<std::monostate>(state_)) return closed();
  return fail(ErrorCode::kReadOnly, "a read transaction cannot write");
}

}  // namespace kist::c_api
