#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/demo/client_sources.h"

static void check(int ok) {
  if (ok == 1) return;
  fputs("c: SHA-256 failed\n", stderr);
  abort();
}

void digest_begin(record_digest* digest) {
  digest->records = 0;
  digest->context = EVP_MD_CTX_new();
  check(digest->context != NULL && EVP_DigestInit_ex(digest->context, EVP_sha256(), NULL));
}

/* Adds the lowest `size` bytes of a number, the lowest first. */
static void add_number(record_digest* digest, uint64_t number, size_t size) {
  uint8_t bytes[8];
  for (size_t i = 0; i < size; ++i) bytes[i] = (uint8_t)(number >> (8 * i));
  check(EVP_DigestUpdate(digest->context, bytes, size));
}

static void add_sized(record_digest* digest, const void* data, size_t size) {
  add_number(digest, size, 4);
  if (size != 0) check(EVP_DigestUpdate(digest->context, data, size));
}

static void add_integer(record_digest* digest, uint64_t number) {
  add_number(digest, 8, 4);
  add_number(digest, number, 8);
}

static uint64_t bits_of(double number) {
  uint64_t bits = UINT64_C(0x7ff8000000000000);
  if (!isnan(number)) memcpy(&bits, &number, sizeof bits);
  return bits;
}

void digest_add(record_digest* digest, const void* key, size_t key_size, const kist_value* value) {
  add_sized(digest, key, key_size);
  add_number(digest, value->tag, 1);
  switch (value->tag) {
    case KIST_TAG_BOOL:
      add_sized(digest, value->boolean ? "\1" : "\0", 1);
      break;
    case KIST_TAG_U64:
      add_integer(digest, value->u64);
      break;
    case KIST_TAG_I64:
      add_integer(digest, (uint64_t)value->i64);
      break;
    case KIST_TAG_F64:
      add_integer(digest, bits_of(value->f64));
      break;
    case KIST_TAG_INSTANT:
      add_integer(digest, (uint64_t)value->instant);
      break;
    case KIST_TAG_UUID:
      add_sized(digest, value->uuid, sizeof value->uuid);
      break;
    default:
      add_sized(digest, value->bytes.data, value->bytes.size);
  }
  ++digest->records;
}

void digest_end(record_digest* digest, char text[DIGEST_TEXT_SIZE]) {
  uint8_t bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  check(EVP_DigestFinal_ex(digest->context, bytes, &size));
  EVP_MD_CTX_free(digest->context);
  for (unsigned i = 0; i < size; ++i) snprintf(text + 2 * (size_t)i, 3, "%02x", bytes[i]);
}
