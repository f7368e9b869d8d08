/* Values that are written and read piece by piece. */
#include "engine_check.h"

enum { kPiece = 10000, kPieces = 50 };

static uint8_t piece[kPiece];

static void fill_piece(int n) {
  for (int i = 0; i < kPiece; ++i) piece[i] = (uint8_t)(n * 7 + i * 31 + i / 256);
}

static void values_come_in_pieces(kist_db db) {
  kist_txn txn = begin_write(db);
  kist_value_writer writer;
  CHECK_OK(kist_value_writer_open(txn, kDefault, "large", 5, kPiece * kPieces, &writer, &error));
  for (int n = 0; n < kPieces; ++n) {
    fill_piece(n);
    CHECK_OK(kist_value_writer_write(writer, piece, kPiece, &error));
    /* Other writes may come between. */
    put_text(txn, kDefault, "between", "x");
  }
  CHECK_FAILS(KIST_ERROR_VALUE_TOO_LONG, "", kist_value_writer_write(writer, "x", 1, &error));
  CHECK(has_text(txn, kDefault, "large", NULL));
  CHECK_OK(kist_value_writer_finish(writer, &error));
  CHECK_FAILS(KIST_ERROR_MISUSE, "", kist_value_writer_finish(writer, &error));
  CHECK_OK(kist_value_writer_close(writer, &error));

  /* One that is given up leaves nothing; nor does one that is too short. */
  CHECK_OK(kist_value_writer_open(txn, kDefault, "short", 5, 100000, &writer, &error));
  CHECK_OK(kist_value_writer_write(writer, piece, 10, &error));
  CHECK_FAILS(KIST_ERROR_MISUSE, "", kist_value_writer_finish(writer, &error));
  CHECK_OK(kist_value_writer_close(writer, &error));
  CHECK(has_text(txn, kDefault, "short", NULL));
  CHECK_OK(kist_value_writer_open(txn, kDefault, "empty", 5, 0, &writer, &error));
  CHECK_OK(kist_value_writer_finish(writer, &error));
  CHECK_OK(kist_value_writer_close(writer, &error));
  CHECK(has_text(txn, kDefault, "empty", ""));
  commit(txn);
}

static void values_go_in_pieces(kist_db db) {
  kist_txn txn = begin_read(db);
  kist_value_reader reader;
  bool found = true;
  CHECK_OK(kist_value_reader_open(txn, kDefault, "none", 4, &reader, &found, &error));
  CHECK(!found && reader.id == 0);
  CHECK_OK(kist_value_reader_open(txn, kDefault, "large", 5, &reader, &found, &error));
  CHECK(found);
  uint64_t size = 0;
  CHECK_OK(kist_value_reader_size(reader, &size, &error));
  CHECK(size == kPiece * kPieces);
  static uint8_t part[kPiece];
  size_t read = 0;
  for (int n = kPieces; n-- > 0;) {
    CHECK_OK(kist_value_reader_read(reader, (uint64_t)n * kPiece, part, kPiece, &read, &error));
    fill_piece(n);
    CHECK(read == kPiece && memcmp(part, piece, kPiece) == 0);
  }
  CHECK_OK(kist_value_reader_read(reader, size - 5, part, kPiece, &read, &error));
  CHECK(read == 5);
  CHECK_OK(kist_value_reader_read(reader, size, part, kPiece, &read, &error));
  CHECK(read == 0);
  CHECK_OK(kist_value_reader_read(reader, UINT64_MAX, part, kPiece, &read, &error));
  CHECK(read == 0);
  CHECK_OK(kist_value_reader_close(reader, &error));
  end(txn);

  /* What lies in the map can be read on after a write; what lies in the transaction, not. */
  txn = begin_write(db);
  CHECK_OK(kist_value_reader_open(txn, kDefault, "large", 5, &reader, NULL, &error));
  put_text(txn, kDefault, "large", "small");
  CHECK_OK(kist_value_reader_read(reader, 0, part, kPiece, &read, &error));
  fill_piece(0);
  CHECK(read == kPiece && memcmp(part, piece, kPiece) == 0);
  CHECK_OK(kist_value_reader_close(reader, &error));
  CHECK_OK(kist_value_reader_open(txn, kDefault, "large", 5, &reader, NULL, &error));
  CHECK_OK(kist_value_reader_read(reader, 0, part, kPiece, &read, &error));
  CHECK(read == 5 && memcmp(part, "small", 5) == 0);
  put_text(txn, kDefault, "large", "other");
  CHECK_FAILS(KIST_ERROR_CURSOR_INVALID, "",
              kist_value_reader_read(reader, 0, part, kPiece, &read, &error));
  CHECK(read == 0);
  CHECK_OK(kist_value_reader_close(reader, &error));
  end(txn);

  const kist_table multi = make_multimap(db, "multi");
  txn = begin_write(db);
  kist_value_writer writer;
  uint8_t* room = NULL;
  CHECK_FAILS(KIST_ERROR_MISUSE, "",
              kist_value_writer_open(txn, multi, "k", 1, 10, &writer, &error));
  CHECK_FAILS(KIST_ERROR_MISUSE, "", kist_txn_reserve(txn, multi, "k", 1, 10, &room, &error));
  end(txn);
}

int main(void) {
  make_test_directory();
  kist_db db = open_db("stream");
  values_come_in_pieces(db);
  values_go_in_pieces(db);
  close_clean(db);
  return 0;
}
