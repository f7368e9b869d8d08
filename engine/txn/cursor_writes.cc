// Writing through cursors: the calls of the transaction, at the record where the cursor stands.

#include <algorithm>

#include <kist/engine/cursor.h>
#include <kist/engine/write_txn.h>

#include "engine/txn/cursor_state.h"
#include "engine/txn/environment.h"
#include "engine/txn/write_state.h"

namespace kist::engine {

/// The transaction of a cursor, borrowed for one call.
class Cursor::Writer {
 public:
  static Result<Writer> of(const CursorState& at) {
    if (at.snapshot->write == nullptr) {
      return fail(ErrorCode::kReadOnly, "the cursor's transaction only reads");
    }
    return Writer(at);
  }
  Writer(Writer&&) noexcept = default;
  Writer& operator=(Writer&&) = delete;
  ~Writer() { txn_.snapshot_.reset(); }  // so that it does not end here
  WriteTxn* operator->() { return &txn_; }

 private:
  explicit Writer(const CursorState& at) { txn_.snapshot_ = at.snapshot; }
  WriteTxn txn_;
};

Result<void> Cursor::put(Bytes value) {
  KIST_ASSIGN(const CursorState* at, settled());
  KIST_ASSIGN(Writer txn, Writer::of(*at));
  KIST_TRY(standing());
  if (!at->path.multi()) {
    KIST_TRY(txn->put(at->table, at->key, value));
    return {};
  }
  KIST_ASSIGN(const Bytes present, at->whole_value());
  if (std::ranges::equal(present, value)) return {};
  const std::string key = to_string(at->key);
  const std::string before = to_string(present);
  KIST_TRY(txn->put(at->table, as_bytes(key), value));
  KIST_TRY(txn->erase_pair(at->table, as_bytes(key), as_bytes(before)));
  KIST_TRY(seek_pair_exact(as_bytes(key), value));
  return {};
}

Result<bool> Cursor::put(Bytes key, Bytes value, PutMode mode) {
  KIST_ASSIGN(const CursorState* at, settled());
  KIST_ASSIGN(Writer txn, Writer::of(*at));
  const std::string wanted = to_string(key);  // both may lie in pages that the write changes
  const std::string stored = at->path.multi() ? to_string(value) : std::string();
  KIST_ASSIGN(const bool written, txn->put(at->table, key, value, mode));
  const bool pair = at->path.multi() && (written || mode == PutMode::kUpsert);
  KIST_TRY(pair ? seek_pair_exact(as_bytes(wanted), as_bytes(stored))
                : seek_exact(as_bytes(wanted)));
  return written;
}

Result<bool> Cursor::erase() {
  KIST_ASSIGN(const CursorState* at, settled());
  KIST_ASSIGN(Writer txn, Writer::of(*at));
  if (!at->valid) return false;
  if (!at->path.multi()) return txn->erase(at->table, at->key);
  KIST_ASSIGN(const Bytes value, at->whole_value());
  return txn->erase_pair(at->table, at->key, value);
}

Result<bool> Cursor::erase_key() {
  KIST_ASSIGN(const CursorState* at, settled());
  KIST_ASSIGN(Writer txn, Writer::of(*at));
  return at->valid ? txn->erase(at->table, at->key) : Result<bool>(false);
}

}  // namespace kist::engine
