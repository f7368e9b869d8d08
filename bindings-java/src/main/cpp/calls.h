#pragma once

// What the native methods have in common: handles from numbers, and calls by their shape.

#include <cstdint>

#include "bindings-java/src/main/cpp/convert.h"

namespace kist::java {

// clang-format off
inline kist_profile as_profile(jlong id) { return {static_cast<std::uint64_t>(id)}; }
inline kist_store as_store(jlong id) { return {static_cast<std::uint64_t>(id)}; }
inline kist_reader as_reader(jlong id) { return {static_cast<std::uint64_t>(id)}; }
inline kist_writer as_writer(jlong id) { return {static_cast<std::uint64_t>(id)}; }
inline kist_iterator as_iterator(jlong id) { return {static_cast<std::uint64_t>(id)}; }
inline kist_batch as_batch(jlong id) { return {static_cast<std::uint64_t>(id)}; }
inline kist_queue as_queue(jlong id) { return {static_cast<std::uint64_t>(id)}; }
// clang-format on

inline const char* as_text(const Bytes& bytes) {
  return reinterpret_cast<const char*>(bytes.data());
}

/// A value that the library gives and this frees.
struct OwnedValue : kist_value {
  OwnedValue() : kist_value(kist_value_none()) {}
  OwnedValue(const OwnedValue&) = delete;
  OwnedValue& operator=(const OwnedValue&) = delete;
  ~OwnedValue() { kist_value_free(this); }
};

// The operations by key come in three kinds: on a store alone, or on a store in a reader or writer.
// `owner` is the arguments that name the object: (store), (reader, store) or (writer, store).

template <auto Get, typename... Owner>
jbyteArray get(JNIEnv* env, jbyteArray key_array, jint expected, Owner... owner) {
  const Bytes key(env, key_array);
  if (!key) return nullptr;
  OwnedValue value;
  bool found = false;
  Outcome outcome;
  const kist_code code = Get(owner..., key.data(), key.size(), static_cast<kist_tag>(expected),
                             &value, &found, outcome);
  if (!outcome.ok(env, code) || !found) return nullptr;
  return to_java(env, value);
}

template <auto Put, typename... Owner>
void put(JNIEnv* env, jbyteArray key_array, jint tag, jlong number, jbyteArray array,
         Owner... owner) {
  const Bytes key(env, key_array);
  if (!key) return;
  const Bytes bytes(env, array);
  if (!bytes) return;
  const kist_value value = from_java(tag, number, bytes);
  Outcome outcome;
  outcome.ok(env, Put(owner..., key.data(), key.size(), &value, outcome));
}

/// kist_..._has, kist_..._delete and kist_profile_drop_store: a key or name, and a yes or no.
template <auto Ask, typename... Owner>
jboolean ask(JNIEnv* env, jbyteArray key_array, Owner... owner) {
  const Bytes key(env, key_array);
  if (!key) return JNI_FALSE;
  bool answer = false;
  Outcome outcome;
  outcome.ok(env, Ask(owner..., key.data(), key.size(), &answer, outcome));
  return answer ? JNI_TRUE : JNI_FALSE;
}

/// Calls that give a number.
template <auto Number, typename... Owner>
jlong number(JNIEnv* env, Owner... owner) {
  std::uint64_t result = 0;
  Outcome outcome;
  outcome.ok(env, Number(owner..., &result, outcome));
  return static_cast<jlong>(result);
}

/// Calls that give nothing.
template <auto Call, typename... Owner>
void call(JNIEnv* env, Owner... owner) {
  Outcome outcome;
  outcome.ok(env, Call(owner..., outcome));
}

/// A range as class Native passes it; borrowed from Java for as long as this lives.
class RangeArgument {
 public:
  RangeArgument(JNIEnv* env, jbyteArray prefix, jbyteArray from, jbyteArray to, jbyteArray key,
                jboolean reverse, jlong limit)
      : prefix_(env, prefix), from_(env, from, true), to_(env, to, true), key_(env, key, true) {
    range_.struct_size = sizeof range_;
    range_.reverse = reverse;
    range_.prefix = prefix_.span();
    range_.from = from_.span();
    range_.has_to = !to_.is_null();
    range_.to = to_.span();
    range_.has_key = !key_.is_null();
    range_.key = key_.span();
    range_.limit = static_cast<std::uint64_t>(limit);
  }

  /// False when a Java exception is pending.
  explicit operator bool() const { return prefix_ && from_ && to_ && key_; }
  const kist_range* get() const { return &range_; }

 private:
  Bytes prefix_;
  Bytes from_;
  Bytes to_;
  Bytes key_;
  kist_range range_ = {};
};

template <typename Function>
JNINativeMethod method(const char* name, const char* signature, Function* function) {
  // JNI declares both names as char*, and changes neither.
  return {const_cast<char*>(name), const_cast<char*>(signature), reinterpret_cast<void*>(function)};
}

}  // namespace kist::java
