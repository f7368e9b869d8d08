/* The C client's own reading of the demo's source files, and its own digest. */
#pragma once

#include <openssl/evp.h>
#include <stddef.h>
#include <stdint.h>

#include <kist/kist.h>

/* A record that owns its key, and the bytes of its value. */
typedef struct source_record {
  char* key;
  size_t key_size;
  kist_value value;
  uint8_t* bytes; /* What value.bytes points to, or NULL. */
  size_t order;   /* Position among the records read: the last of equal keys counts. */
} source_record;

/* Some records. Starts as {0}; freed with dataset_free. */
typedef struct dataset {
  source_record* records;
  size_t count;
  size_t capacity;
} dataset;

void dataset_free(dataset* set);

/* Each reads a source into an empty dataset, in byte order of the keys and each key once. False,
 * after a message to stderr, when the source cannot be read. */
bool read_certificates(const char* directory, dataset* set);
bool read_suffixes(const char* path, dataset* set);
bool read_preferences(const char* path, dataset* set);

/* SHA-256 over records, as all languages of the demo compute it. */
typedef struct record_digest {
  EVP_MD_CTX* context;
  uint64_t records;
} record_digest;

#define DIGEST_TEXT_SIZE 65 /* 64 hexadecimal digits and a NUL. */

void digest_begin(record_digest* digest);
void digest_add(record_digest* digest, const void* key, size_t key_size, const kist_value* value);
/* Ends the digest and writes it to `text`. */
void digest_end(record_digest* digest, char text[DIGEST_TEXT_SIZE]);
