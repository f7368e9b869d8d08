/* An LMDB program, ported: an index of words, with the calls that it made before in comments. See
 * engine/docs/coming-from-lmdb.md for all of them. */
#include "engine_check.h"

/* MDB_env* env; MDB_dbi words, places; */
static kist_db env;
static kist_table words;  /* Word -> how often it was seen. */
static kist_table places; /* Word -> each line that it stands in: MDB_DUPSORT | MDB_INTEGERDUP. */

static void open_index(void) {
  /* mdb_env_create(&env); mdb_env_set_mapsize(env, ...); mdb_env_set_maxdbs(env, 2);
     mdb_env_open(env, path, MDB_NOSUBDIR, 0600); */
  env = open_db("index");
  /* mdb_txn_begin(env, NULL, 0, &txn); */
  kist_txn txn;
  CHECK_OK(kist_txn_begin_write(env, KIST_WAIT_FOREVER, &txn, &error));
  /* mdb_dbi_open(txn, "words", MDB_CREATE, &words); */
  CHECK_OK(kist_db_table(env, "words", 5, &words, &error));
  CHECK_OK(kist_txn_create_table(txn, words, NULL, true, &error));
  /* mdb_dbi_open(txn, "places", MDB_CREATE | MDB_DUPSORT | MDB_INTEGERDUP, &places); */
  CHECK_OK(kist_db_table(env, "places", 6, &places, &error));
  const kist_table_options sorted = {
      .struct_size = sizeof sorted, .multi = true, .value_order = KIST_ORDER_U32};
  CHECK_OK(kist_txn_create_table(txn, places, &sorted, true, &error));
  /* mdb_txn_commit(txn); */
  CHECK_OK(kist_txn_commit(txn, KIST_DURABILITY_DEFAULT, NULL, &error));
}

/* Enters the words of a line, all of them or none. */
static void enter_line(uint32_t line, const char* text) {
  kist_txn txn;
  CHECK_OK(kist_txn_begin_write(env, KIST_WAIT_FOREVER, &txn, &error));
  while (*text != '\0') {
    const size_t length = strcspn(text, " ");
    /* mdb_get(txn, words, &key, &data) == MDB_NOTFOUND is no error here, but `found`. */
    kist_bytes seen;
    bool found = false;
    CHECK_OK(kist_txn_get(txn, words, text, length, &seen, &found, &error));
    uint64_t times = 0;
    if (found) {
      CHECK(seen.size == sizeof times);
      memcpy(&times, seen.data, sizeof times);
    }
    ++times;
    /* mdb_put(txn, words, &key, &data, 0); */
    CHECK_OK(kist_txn_put(txn, words, text, length, &times, sizeof times, KIST_PUT_UPSERT, NULL,
                          &error));
    /* mdb_put(txn, places, &key, &data, MDB_NODUPDATA), with the number in a form that sorts on
       every machine. MDB_KEYEXIST is `added == false`. */
    uint8_t place[4];
    kist_key_of_u32(line, place);
    bool added = false;
    CHECK_OK(kist_txn_put(txn, places, text, length, place, sizeof place, KIST_PUT_UPSERT, &added,
                          &error));
    text += length;
    text += strspn(text, " ");
  }
  CHECK_OK(kist_txn_commit(txn, KIST_DURABILITY_RELAXED, NULL, &error));
}

/* Writes "word@line,line;" for each word from `from` on. */
static void list_places(kist_txn txn, const char* from, char* out, size_t size) {
  /* mdb_cursor_open(txn, places, &cursor); */
  kist_cursor cursor;
  CHECK_OK(kist_cursor_open(txn, places, &cursor, &error));
  /* mdb_cursor_get(cursor, &key, &data, MDB_SET_RANGE) */
  kist_bytes word;
  kist_bytes place;
  bool found = false;
  CHECK_OK(
      kist_cursor_seek(cursor, KIST_SEEK_GE, from, strlen(from), &word, &place, &found, &error));
  size_t used = 0;
  while (found) {
    used +=
        (size_t)snprintf(out + used, size - used, "%.*s@", (int)word.size, (const char*)word.data);
    while (found) {
      used +=
          (size_t)snprintf(out + used, size - used, "%" PRIu32 ",", kist_u32_of_key(place.data));
      /* ... MDB_NEXT_DUP) */
      CHECK_OK(kist_cursor_move(cursor, KIST_CURSOR_NEXT_VALUE, NULL, &place, &found, &error));
    }
    /* ... MDB_NEXT_NODUP) */
    CHECK_OK(kist_cursor_move(cursor, KIST_CURSOR_NEXT_KEY, &word, &place, &found, &error));
  }
  /* mdb_cursor_close(cursor); */
  CHECK_OK(kist_cursor_close(cursor, &error));
}

/* Forgets a line, and words that stood nowhere else. */
static void forget_line(uint32_t line) {
  kist_txn txn;
  CHECK_OK(kist_txn_begin_write(env, KIST_WAIT_FOREVER, &txn, &error));
  kist_cursor cursor;
  CHECK_OK(kist_cursor_open(txn, places, &cursor, &error));
  uint8_t place[4];
  kist_key_of_u32(line, place);
  kist_bytes word;
  bool found = false;
  CHECK_OK(kist_cursor_move(cursor, KIST_CURSOR_FIRST, &word, NULL, &found, &error));
  while (found) {
    /* The word is borrowed until the next change, so keep it. */
    char name[64];
    const size_t length = word.size;
    CHECK(length < sizeof name);
    memcpy(name, word.data, length);
    /* mdb_cursor_count(cursor, &count); mdb_cursor_get(cursor, &key, &data, MDB_GET_BOTH);
       mdb_cursor_del(cursor, 0); the cursor then stands between its neighbours. */
    uint64_t count = 0;
    CHECK_OK(kist_cursor_value_count(cursor, &count, &error));
    CHECK_OK(kist_cursor_seek_pair(cursor, KIST_SEEK_EQ, name, length, place, sizeof place, NULL,
                                   NULL, &found, &error));
    if (found) CHECK_OK(kist_cursor_erase(cursor, NULL, &error));
    /* mdb_del(txn, words, &key, NULL); */
    if (found && count == 1) CHECK_OK(kist_txn_erase(txn, words, name, length, NULL, &error));
    CHECK_OK(kist_cursor_seek(cursor, KIST_SEEK_GT, name, length, &word, NULL, &found, &error));
  }
  CHECK_OK(kist_txn_commit(txn, KIST_DURABILITY_RELAXED, NULL, &error));
  CHECK_OK(kist_cursor_close(cursor, &error));
}

int main(void) {
  make_test_directory();
  open_index();
  enter_line(1, "the map is a tree");
  enter_line(300, "the tree is the map");
  enter_line(20, "a page is a page");

  /* mdb_txn_begin(env, NULL, MDB_RDONLY, &txn); */
  kist_txn txn;
  CHECK_OK(kist_txn_begin_read(env, &txn, &error));
  char listed[256];
  list_places(txn, "is", listed, sizeof listed);
  CHECK(same_text(listed, "is@1,20,300,map@1,300,page@20,the@1,300,tree@1,300,"));
  /* mdb_stat(txn, words, &stat) */
  uint64_t count = 0;
  CHECK_OK(kist_txn_count(txn, words, KIST_COUNT_PAIRS, &count, &error));
  CHECK(count == 6);
  /* mdb_txn_reset(txn); */
  CHECK_OK(kist_txn_reset(txn, &error));

  forget_line(20);
  forget_line(1);
  /* mdb_txn_renew(txn); */
  CHECK_OK(kist_txn_renew(txn, NULL, &error));
  list_places(txn, "", listed, sizeof listed);
  CHECK(same_text(listed, "is@300,map@300,the@300,tree@300,"));
  /* mdb_txn_abort(txn); */
  CHECK_OK(kist_txn_abort(txn, &error));
  /* mdb_env_sync(env, 1); mdb_env_close(env); */
  CHECK_OK(kist_db_sync(env, &error));
  close_clean(env);
  return 0;
}
