/* glob() is POSIX's. */
#define _POSIX_C_SOURCE 200809L

#include "tests/demo/client_sources.h"

#include <errno.h>
#include <glob.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void* require(void* memory) {
  if (memory != NULL) return memory;
  fputs("c: out of memory\n", stderr);
  abort();
}

static void* copy_of(const void* data, size_t size) {
  void* copy = require(malloc(size + 1));
  memcpy(copy, data, size);
  return copy;
}

void dataset_free(dataset* set) {
  for (size_t i = 0; i < set->count; ++i) {
    free(set->records[i].key);
    free(set->records[i].bytes);
  }
  free(set->records);
  *set = (dataset){0};
}

/* Adds a record. Copies the key; takes over `bytes`, which may be NULL. */
static void dataset_add(dataset* set, const char* key, size_t key_size, kist_value value,
                        uint8_t* bytes) {
  if (set->count == set->capacity) {
    set->capacity = set->capacity == 0 ? 256 : 2 * set->capacity;
    set->records = require(realloc(set->records, set->capacity * sizeof *set->records));
  }
  set->records[set->count] =
      (source_record){copy_of(key, key_size), key_size, value, bytes, set->count};
  ++set->count;
}

static int compare_keys(const source_record* a, const source_record* b) {
  const size_t common = a->key_size < b->key_size ? a->key_size : b->key_size;
  const int order = memcmp(a->key, b->key, common);
  if (order != 0) return order;
  return (a->key_size > b->key_size) - (a->key_size < b->key_size);
}

static int compare(const void* a, const void* b) {
  const source_record* left = a;
  const source_record* right = b;
  const int order = compare_keys(left, right);
  if (order != 0) return order;
  return (left->order > right->order) - (left->order < right->order);
}

/* Sorts by keys; of equal ones the last stays. */
static void dataset_sort(dataset* set) {
  if (set->count == 0) return;
  qsort(set->records, set->count, sizeof *set->records, compare);
  size_t kept = 0;
  for (size_t i = 1; i < set->count; ++i) {
    if (compare_keys(&set->records[kept], &set->records[i]) == 0) {
      free(set->records[kept].key);
      free(set->records[kept].bytes);
    } else {
      ++kept;
    }
    set->records[kept] = set->records[i];
  }
  set->count = kept + 1;
}

/* ---- Certificates ---------------------------------------------------------------------- */

static bool read_certificate(const char* path, dataset* set) {
  char* name = NULL;
  char* header = NULL;
  unsigned char* der = NULL;
  long size = 0;
  FILE* file = fopen(path, "rb");
  const bool read = file != NULL && PEM_read(file, &name, &header, &der, &size) == 1;
  if (file != NULL) fclose(file);
  if (!read) {
    fprintf(stderr, "c: %s holds no certificate\n", path);
    return false;
  }
  uint8_t digest[EVP_MAX_MD_SIZE];
  unsigned digest_size = 0;
  EVP_Digest(der, (size_t)size, digest, &digest_size, EVP_sha256(), NULL);
  char key[2 * EVP_MAX_MD_SIZE + 1];
  for (unsigned i = 0; i < digest_size; ++i) snprintf(key + 2 * (size_t)i, 3, "%02x", digest[i]);
  uint8_t* bytes = copy_of(der, (size_t)size);
  dataset_add(set, key, strlen(key), kist_value_blob(bytes, (size_t)size), bytes);
  OPENSSL_free(name);
  OPENSSL_free(header);
  OPENSSL_free(der);
  return true;
}

bool read_certificates(const char* directory, dataset* set) {
  char pattern[4096];
  snprintf(pattern, sizeof pattern, "%s/*.crt", directory);
  glob_t paths;
  if (glob(pattern, 0, NULL, &paths) != 0) {
    fprintf(stderr, "c: there is no %s\n", pattern);
    return false;
  }
  bool read = true;
  for (size_t i = 0; read && i < paths.gl_pathc; ++i) {
    read = read_certificate(paths.gl_pathv[i], set);
  }
  globfree(&paths);
  dataset_sort(set);
  return read;
}

/* ---- Lines ----------------------------------------------------------------------------- */

/* Calls `use` for each line of a file, with a NUL in place of its end. False, after a message, when
 * the file cannot be read or `use` refuses a line. */
static bool for_each_line(const char* path, bool (*use)(char* line, void* context), void* context) {
  FILE* file = fopen(path, "rb");
  if (file == NULL) {
    fprintf(stderr, "c: %s: %s\n", path, strerror(errno));
    return false;
  }
  char line[4096];
  bool good = true;
  while (good && fgets(line, sizeof line, file) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    good = use(line, context);
    if (!good) fprintf(stderr, "c: %s: cannot read '%s'\n", path, line);
  }
  fclose(file);
  return good;
}

/* ---- Suffixes -------------------------------------------------------------------------- */

typedef struct suffix_reader {
  dataset* set;
  const char* section;
} suffix_reader;

static bool use_suffix(char* line, void* context) {
  static const char* const space = " \t\r\v\f";
  suffix_reader* reader = context;
  line += strspn(line, space);
  if (strncmp(line, "//", 2) == 0) {
    if (strstr(line, "===BEGIN ICANN DOMAINS===") != NULL) reader->section = "icann";
    if (strstr(line, "===BEGIN PRIVATE DOMAINS===") != NULL) reader->section = "private";
    return true;
  }
  const size_t size = strcspn(line, space);
  const kist_value section = kist_value_string(reader->section, strlen(reader->section));
  if (size != 0) dataset_add(reader->set, line, size, section, NULL);
  return true;
}

bool read_suffixes(const char* path, dataset* set) {
  suffix_reader reader = {set, ""};
  const bool read = for_each_line(path, use_suffix, &reader);
  dataset_sort(set);
  return read;
}

/* ---- Preferences ----------------------------------------------------------------------- */

/* Appends a character in UTF-8. Gives the end. */
static uint8_t* append_utf8(uint8_t* end, uint32_t character) {
  if (character < 0x80) {
    *end++ = (uint8_t)character;
    return end;
  }
  const int following = character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
  static const uint8_t first_byte[] = {0, 0xc0, 0xe0, 0xf0};
  *end++ = (uint8_t)(first_byte[following] | character >> (6 * following));
  for (int i = following - 1; i >= 0; --i) {
    *end++ = (uint8_t)(0x80 | (character >> (6 * i) & 0x3f));
  }
  return end;
}

/* Writes to `bytes` what the escapes in `text` stand for. Gives the end, or NULL. */
static uint8_t* unescape(const char* text, uint8_t* bytes) {
  while (*text != '\0') {
    if (*text != '\\') {
      *bytes++ = (uint8_t)*text++;
      continue;
    }
    const char kind = text[1];
    text += 2;
    if (kind == 'n' || kind == 't' || kind == '\\') {
      *bytes++ = kind == 'n' ? '\n' : kind == 't' ? '\t' : '\\';
    } else if (kind == 'u' && *text == '{') {
      char* close = NULL;
      const unsigned long character = strtoul(text + 1, &close, 16);
      if (*close != '}' || character > 0x10ffff) return NULL;
      bytes = append_utf8(bytes, (uint32_t)character);
      text = close + 1;
    } else {
      return NULL;
    }
  }
  return bytes;
}

/* Reads hexadecimal digits, ignoring dashes. Gives the end, or NULL. */
static uint8_t* from_hexadecimal(const char* text, uint8_t* bytes) {
  for (; *text != '\0'; ++text) {
    if (*text == '-') continue;
    const char digits[3] = {text[0], text[1], '\0'};
    char* end = NULL;
    *bytes++ = (uint8_t)strtoul(digits, &end, 16);
    if (end != digits + 2) return NULL;
    ++text;
  }
  return bytes;
}

static bool use_preference(char* line, void* context) {
  if (line[0] == '\0' || line[0] == '#') return true;
  char* type = strchr(line, '\t');
  char* text = type == NULL ? NULL : strchr(type + 1, '\t');
  if (text == NULL) return false;
  const size_t key_size = (size_t)(type - line);
  const size_t type_size = (size_t)(text - type - 1);
  ++type;
  ++text;

  kist_tag tag = KIST_TAG_BOOL;
  while (tag <= KIST_TAG_BLOB && (strlen(kist_tag_name(tag)) != type_size ||
                                  strncmp(kist_tag_name(tag), type, type_size) != 0)) {
    ++tag;
  }
  kist_value value = {.tag = tag};
  /* No text is shorter than what it stands for. */
  uint8_t* bytes = require(malloc(strlen(text) + 1));
  uint8_t* bytes_end = bytes;
  char* end = text + strlen(text);
  switch (tag) {
    case KIST_TAG_BOOL:
      value.boolean = strcmp(text, "true") == 0;
      break;
    case KIST_TAG_U64:
      value.u64 = strtoull(text, &end, 10);
      break;
    case KIST_TAG_I64:
    case KIST_TAG_INSTANT:
      value.i64 = strtoll(text, &end, 10);
      break;
    case KIST_TAG_F64:
      value.f64 = strtod(text, &end);
      break;
    case KIST_TAG_UUID:
      bytes_end = from_hexadecimal(text, bytes);
      if (bytes_end == bytes + sizeof value.uuid) memcpy(value.uuid, bytes, sizeof value.uuid);
      break;
    case KIST_TAG_STRING:
      bytes_end = unescape(text, bytes);
      break;
    case KIST_TAG_JSON:
      memcpy(bytes, text, strlen(text));
      bytes_end = bytes + strlen(text);
      break;
    case KIST_TAG_BLOB:
      bytes_end = from_hexadecimal(text, bytes);
      break;
    default:
      bytes_end = NULL;
  }
  const bool good = *end == '\0' && bytes_end != NULL;
  if (tag >= KIST_TAG_STRING && good) {
    value = kist_value_of_bytes(tag, bytes, (size_t)(bytes_end - bytes));
  }
  dataset_add(context, line, key_size, value, bytes);
  return good;
}

bool read_preferences(const char* path, dataset* set) {
  const bool read = for_each_line(path, use_preference, set);
  dataset_sort(set);
  return read;
}
