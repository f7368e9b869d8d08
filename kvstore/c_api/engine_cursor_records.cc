// Cursors, as kist_engine_cursor.h has them: reading and writing records.

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <kist/kist_engine.h>

#include "kvstore/c_api/arguments.h"
#include "kvstore/c_api/engine_cursors.h"
#include "kvstore/c_api/values.h"

namespace kist::c_api {
namespace {

using engine::Bytes;
using engine::Cursor;
using engine::Record;

/// Elements that are moved between C++ and C at a time.
constexpr std::size_t kBlock = 128;

/// What kist_pairs.memory points to.
struct PairList {
  Arena arena;
  std::vector<kist_pair> items;
};

/// The record after the one that `cursor` stands on.
Result<std::optional<Record>> next_record(Cursor& cursor) {
  KIST_ASSIGN(const bool more, cursor.next());
  if (!more) return std::nullopt;
  KIST_ASSIGN(const Bytes value, cursor.value());
  return Record{cursor.key(), value};
}

/// Fills an array of C by calls of `read`, a callable (std::span<T>) -> Result<std::size_t>.
template <typename T, typename Out, typename Read>
Result<std::size_t> read_blocks(Out* out, std::size_t count, Read&& read) {
  std::array<T, kBlock> block;
  std::size_t done = 0;
  while (done < count) {
    const std::size_t wanted = std::min(kBlock, count - done);
    KIST_ASSIGN(const std::size_t got, read(std::span(block).first(wanted)));
    for (std::size_t i = 0; i < got; ++i) out[done + i] = borrowed(block[i]);
    done += got;
    if (got < wanted) break;
  }
  return done;
}

}  // namespace
}  // namespace kist::c_api

using namespace kist;  // NOLINT(google-build-using-namespace): exported names carry no namespace
using namespace kist::c_api;  // NOLINT(google-build-using-namespace)

kist_code kist_cursor_get(kist_cursor cursor, kist_bytes* key, kist_bytes* value, bool* found,
                          kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    const RecordOut out{key, value, found};
    out.clear();
    return with_cursor(cursor, [&](CursorObject&, const Cursor& at) -> Result<void> {
      // What has ended stands on no record, too, but the caller should learn it.
      if (at.valid()) return out.give(at);
      KIST_TRY(at.on_first());
      return {};
    });
  });
}

kist_code kist_cursor_read(kist_cursor cursor, kist_pair* records, size_t count, size_t* read,
                           kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(read, "read"));
    KIST_TRY(check_array(records, count, "records"));
    return with_cursor(cursor, [&](CursorObject& object, Cursor& at) -> Result<void> {
      object.pending.reset();
      KIST_ASSIGN(*read, read_blocks<Record>(records, count, [&](std::span<Record> block) {
        return at.read(block);
      }));
      return {};
    });
  });
}

kist_code kist_cursor_read_copies(kist_cursor cursor, size_t max_count, size_t max_bytes,
                                  kist_pairs* records, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(records, "records"));
    if (max_count == 0) return fail(ErrorCode::kInvalidArgument, "max_count is 0");
    auto list = std::make_unique<PairList>();
    KIST_TRY(with_cursor(cursor, [&](CursorObject& object, Cursor& at) -> Result<void> {
      if (object.pending) return std::unexpected(*std::exchange(object.pending, std::nullopt));
      const auto copied_to_list = [&](Bytes bytes) {
        return bytes_of(list->arena.copy(engine::as_text(bytes)));
      };
      std::size_t bytes = 0;
      while (list->items.size() < max_count && bytes <= max_bytes) {
        const auto next = next_record(at);
        if (!next) {
          if (list->items.empty()) return std::unexpected(next.error());
          object.pending = next.error();
          break;
        }
        if (!*next) break;
        list->items.push_back({copied_to_list((*next)->key), copied_to_list((*next)->value)});
        bytes += (*next)->key.size() + (*next)->value.size();
      }
      return {};
    }));
    records->items = list->items.data();
    records->count = list->items.size();
    records->memory = list.release();
    return {};
  });
}

void kist_pairs_free(kist_pairs* records) noexcept {
  if (records == nullptr) return;
  delete static_cast<PairList*>(records->memory);
  *records = {};
}

kist_code kist_cursor_read_values(kist_cursor cursor, kist_bytes* values, size_t count,
                                  size_t* read, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(read, "read"));
    KIST_TRY(check_array(values, count, "values"));
    return with_cursor(cursor, [&](CursorObject& object, Cursor& at) -> Result<void> {
      object.pending.reset();
      bool begun = false;
      const auto read_block = [&](std::span<Bytes> block) -> Result<std::size_t> {
        // It begins with the value that the cursor stands on, which the block before ended with.
        if (std::exchange(begun, true)) {
          KIST_ASSIGN(const bool more, at.next_value());
          if (!more) return 0;
        }
        return at.read_values(block);
      };
      KIST_ASSIGN(*read, read_blocks<Bytes>(values, count, read_block));
      return {};
    });
  });
}

kist_code kist_cursor_read_value_block(kist_cursor cursor, kist_bytes* values,
                                       kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(values, "values"));
    return with_cursor(cursor, [&](CursorObject& object, Cursor& at) -> Result<void> {
      object.pending.reset();
      KIST_ASSIGN(const Bytes block, at.read_value_block());
      *values = borrowed(block);
      return {};
    });
  });
}

kist_code kist_cursor_scan(kist_cursor cursor,
                           bool (*visit)(void* context, const kist_pair* record), void* context,
                           uint64_t* visited, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (visited != nullptr) *visited = 0;
    if (visit == nullptr) return fail(ErrorCode::kInvalidArgument, "visit is NULL");
    while (true) {
      std::optional<Record> next;
      KIST_TRY(with_cursor(cursor, [&](CursorObject& object, Cursor& at) -> Result<void> {
        object.pending.reset();
        KIST_ASSIGN(next, next_record(at));
        return {};
      }));
      if (!next) return {};
      // Outside of the turn, so that it may call whatever it wants.
      const kist_pair record = borrowed(*next);
      const bool go_on = visit(context, &record);
      if (visited != nullptr) ++*visited;
      if (!go_on) return {};
    }
  });
}

kist_code kist_cursor_value_count(kist_cursor cursor, uint64_t* count, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(count, "count"));
    return with_cursor(cursor, [&](CursorObject&, const Cursor& at) -> Result<void> {
      KIST_ASSIGN(*count, at.value_count());
      return {};
    });
  });
}

kist_code kist_cursor_put(kist_cursor cursor, const void* key, size_t key_size, const void* value,
                          size_t value_size, uint32_t mode, bool* stored,
                          kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (stored != nullptr) *stored = false;
    KIST_ASSIGN(const Bytes at_key, given_bytes(key, key_size, "key"));
    KIST_ASSIGN(const Bytes bytes, given_bytes(value, value_size, "value"));
    KIST_ASSIGN(const engine::PutMode how, put_mode_of(mode));
    return with_cursor(cursor, [&](CursorObject& object, Cursor& at) -> Result<void> {
      object.pending.reset();
      KIST_ASSIGN(const bool done, at.put(at_key, bytes, how));
      if (stored != nullptr) *stored = done;
      return {};
    });
  });
}

kist_code kist_cursor_set_value(kist_cursor cursor, const void* value, size_t value_size,
                                kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_ASSIGN(const Bytes bytes, given_bytes(value, value_size, "value"));
    return with_cursor(cursor, [&](CursorObject&, Cursor& at) { return at.put(bytes); });
  });
}

kist_code kist_cursor_erase(kist_cursor cursor, bool* erased, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (erased != nullptr) *erased = false;
    return with_cursor(cursor, [&](CursorObject&, Cursor& at) -> Result<void> {
      KIST_ASSIGN(const bool done, at.erase());
      if (erased != nullptr) *erased = done;
      return {};
    });
  });
}

kist_code kist_cursor_erase_key(kist_cursor cursor, bool* erased, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (erased != nullptr) *erased = false;
    return with_cursor(cursor, [&](CursorObject&, Cursor& at) -> Result<void> {
      KIST_ASSIGN(const bool done, at.erase_key());
      if (erased != nullptr) *erased = done;
      return {};
    });
  });
}
