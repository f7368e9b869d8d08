// Values as streams, as kist_engine_records.h has them.

#include <memory>
#include <span>

#include <kist/kist_engine.h>

#include "kvstore/c_api/arguments.h"
#include "kvstore/c_api/engine_objects.h"
#include "kvstore/c_api/errors.h"

using namespace kist;  // NOLINT(google-build-using-namespace): exported names carry no namespace
using namespace kist::c_api;  // NOLINT(google-build-using-namespace)

kist_code kist_value_reader_open(kist_txn txn, kist_table table, const void* key, size_t key_size,
                                 kist_value_reader* reader, bool* found,
                                 kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (found != nullptr) *found = false;
    KIST_TRY(prepare_out(reader, "reader"));
    KIST_ASSIGN(const engine::Bytes at, given_bytes(key, key_size, "key"));
    KIST_ASSIGN(const auto owner, use<TransactionObject>(txn));
    std::shared_ptr<ValueReaderObject> object;
    {
      const Hold hold(*owner->turn);
      KIST_ASSIGN(const engine::Txn* const in, owner->txn());
      KIST_ASSIGN(auto opened, in->open_value(table_of(table), at));
      if (!opened) return {};
      object =
          std::make_shared<ValueReaderObject>(owner->database, owner->turn, *std::move(opened));
    }
    KIST_TRY(publish(object, owner->database.get(), reader));
    if (found != nullptr) *found = true;
    return {};
  });
}

kist_code kist_value_reader_size(kist_value_reader reader, uint64_t* size,
                                 kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(size, "size"));
    return with_stream<ValueReaderObject>(reader,
                                          [&](const engine::ValueReader& value) -> Result<void> {
                                            *size = value.size();
                                            return {};
                                          });
  });
}

kist_code kist_value_reader_read(kist_value_reader reader, uint64_t offset, void* out, size_t size,
                                 size_t* read, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(read, "read"));
    auto* const bytes = static_cast<std::uint8_t*>(out);
    KIST_TRY(check_array(bytes, size, "out"));
    return with_stream<ValueReaderObject>(reader, [&](engine::ValueReader& value) -> Result<void> {
      KIST_ASSIGN(*read, value.read(offset, std::span(bytes, size)));
      return {};
    });
  });
}

kist_code kist_value_reader_close(kist_value_reader reader, kist_error* error) noexcept {
  return guarded(error, [&] { return close_simply<ValueReaderObject>(reader); });
}

kist_code kist_value_writer_open(kist_txn txn, kist_table table, const void* key, size_t key_size,
                                 uint64_t size, kist_value_writer* writer,
                                 kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(writer, "writer"));
    KIST_ASSIGN(const engine::Bytes at, given_bytes(key, key_size, "key"));
    KIST_ASSIGN(const auto owner, use<TransactionObject>(txn));
    std::shared_ptr<ValueWriterObject> object;
    {
      const Hold hold(*owner->turn);
      KIST_ASSIGN(engine::WriteTxn* const in, owner->writer());
      KIST_ASSIGN(engine::ValueWriter opened, in->stream_value(table_of(table), at, size));
      object = std::make_shared<ValueWriterObject>(owner->database, owner->turn, std::move(opened));
    }
    return publish(object, owner->database.get(), writer);
  });
}

kist_code kist_value_writer_write(kist_value_writer writer, const void* data, size_t size,
                                  kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_ASSIGN(const engine::Bytes bytes, given_bytes(data, size, "data"));
    return with_stream<ValueWriterObject>(
        writer, [&](engine::ValueWriter& value) { return value.write(bytes); });
  });
}

kist_code kist_value_writer_finish(kist_value_writer writer, kist_error* error) noexcept {
  return guarded(error, [&] {
    return with_stream<ValueWriterObject>(
        writer, [](engine::ValueWriter& value) { return value.finish(); });
  });
}

kist_code kist_value_writer_close(kist_value_writer writer, kist_error* error) noexcept {
  return guarded(error, [&] { return close_simply<ValueWriterObject>(writer); });
}
