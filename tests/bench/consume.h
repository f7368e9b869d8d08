/* How every value that an engine returns is consumed: all its words, alike for every engine. In C,
 * so that the plain loop of lmdb_loop.c does exactly the same. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* XOR of all eight-byte words, the last one padded with zeros. */
static inline uint64_t bench_xor_words(const void* data, size_t size) {
  const unsigned char* at = (const unsigned char*)data;
  uint64_t words[4] = {0, 0, 0, 0};
  for (; size >= sizeof words; at += sizeof words, size -= sizeof words) {
    uint64_t next[4];
    memcpy(next, at, sizeof next);
    for (int i = 0; i < 4; ++i) words[i] ^= next[i];
  }
  for (; size >= 8; at += 8, size -= 8) {
    uint64_t next;
    memcpy(&next, at, sizeof next);
    words[0] ^= next;
  }
  if (size > 0) {
    uint64_t next = 0;
    memcpy(&next, at, size);
    words[0] ^= next;
  }
  return words[0] ^ words[1] ^ words[2] ^ words[3];
}

/* The digest of everything read so far, and one more value. Depends on the order. */
static inline uint64_t bench_consume(uint64_t digest, const void* data, size_t size) {
  return (digest << 1 | digest >> 63) ^ bench_xor_words(data, size) ^ (uint64_t)size;
}
