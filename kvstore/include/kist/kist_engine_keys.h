/* Numbers as keys and values of Kist's engine: big-endian, so that the order of the bytes is the
 * order of the numbers, and the same on every machine. Signed numbers have their sign bit turned;
 * doubles have it turned when positive, and every bit when negative (IEEE 754 totalOrder). A part
 * of kist_engine.h. */
#pragma once

#include <string.h>

#include "kist_engine.h"

/* Writes the key of a number, for tables of the order of that name. */
static inline void kist_key_of_u32(uint32_t number, uint8_t key[4]) {
  for (int i = 0; i < 4; ++i) key[i] = (uint8_t)(number >> (24 - 8 * i));
}
static inline void kist_key_of_u64(uint64_t number, uint8_t key[8]) {
  for (int i = 0; i < 8; ++i) key[i] = (uint8_t)(number >> (56 - 8 * i));
}
static inline void kist_key_of_i32(int32_t number, uint8_t key[4]) {
  kist_key_of_u32((uint32_t)number ^ UINT32_C(0x80000000), key);
}
static inline void kist_key_of_i64(int64_t number, uint8_t key[8]) {
  kist_key_of_u64((uint64_t)number ^ UINT64_C(0x8000000000000000), key);
}
static inline void kist_key_of_double(double number, uint8_t key[8]) {
  const uint64_t sign = UINT64_C(0x8000000000000000);
  uint64_t bits = 0;
  memcpy(&bits, &number, sizeof bits);
  kist_key_of_u64(bits ^ ((bits & sign) != 0 ? ~UINT64_C(0) : sign), key);
}

/* The number of a key, which must have four or eight bytes. */
static inline uint32_t kist_u32_of_key(const uint8_t key[4]) {
  uint32_t number = 0;
  for (int i = 0; i < 4; ++i) number = number << 8 | key[i];
  return number;
}
static inline uint64_t kist_u64_of_key(const uint8_t key[8]) {
  uint64_t number = 0;
  for (int i = 0; i < 8; ++i) number = number << 8 | key[i];
  return number;
}
static inline int32_t kist_i32_of_key(const uint8_t key[4]) {
  return (int32_t)(kist_u32_of_key(key) ^ UINT32_C(0x80000000));
}
static inline int64_t kist_i64_of_key(const uint8_t key[8]) {
  return (int64_t)(kist_u64_of_key(key) ^ UINT64_C(0x8000000000000000));
}
static inline double kist_double_of_key(const uint8_t key[8]) {
  const uint64_t sign = UINT64_C(0x8000000000000000);
  uint64_t bits = kist_u64_of_key(key);
  bits ^= (bits & sign) != 0 ? sign : ~UINT64_C(0);
  double number = 0;
  memcpy(&number, &bits, sizeof number);
  return number;
}
