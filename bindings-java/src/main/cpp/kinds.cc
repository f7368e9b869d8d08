// The native methods of stores of every kind: opening them, changes that depend on what is there,
// ranges, and batches.

#include "bindings-java/src/main/cpp/kinds.h"

#include <iterator>

#include "bindings-java/src/main/cpp/calls.h"
#include "bindings-java/src/main/cpp/convert.h"

namespace kist::java {
namespace {

// ---- Opening -------------------------------------------------------------------------------

jlong open_store(JNIEnv* env, jclass, jlong profile, jbyteArray name_array, jboolean create,
                 jboolean multi, jint keys) {
  const Bytes name(env, name_array);
  if (!name) return 0;
  kist_store_options options = {};
  options.struct_size = sizeof options;
  options.create = create;
  options.multi = multi;
  options.keys = static_cast<kist_key_type>(keys);
  kist_store store = {};
  Outcome outcome;
  outcome.ok(env, kist_store_open_as(as_profile(profile), name.data(), name.size(), &options,
                                     &store, outcome));
  return static_cast<jlong>(store.id);
}

/// The number of the type of its keys, and 256 for a multi store; -1 when there is none.
jint describe_store(JNIEnv* env, jclass, jlong profile, jbyteArray name_array) {
  const Bytes name(env, name_array);
  if (!name) return -1;
  kist_store_options options = {};
  options.struct_size = sizeof options;
  bool found = false;
  Outcome outcome;
  outcome.ok(env, kist_profile_describe_store(as_profile(profile), name.data(), name.size(),
                                              &options, &found, outcome));
  return found ? static_cast<jint>(options.keys) | (options.multi ? 256 : 0) : -1;
}

// ---- Calls by their shape; `owner` as in calls.h -------------------------------------------

/// Calls over a range that give a number.
template <auto Call, typename... Owner>
jlong over(JNIEnv* env, jbyteArray prefix, jbyteArray from, jbyteArray to, jbyteArray key,
           jboolean reverse, jlong limit, Owner... owner) {
  const RangeArgument range(env, prefix, from, to, key, reverse, limit);
  if (!range) return 0;
  std::uint64_t result = 0;
  Outcome outcome;
  outcome.ok(env, Call(owner..., range.get(), &result, outcome));
  return static_cast<jlong>(result);
}

/// Calls with a key and a value, and a yes or no.
template <auto Ask, typename... Owner>
jboolean ask_value(JNIEnv* env, jbyteArray key_array, jint tag, jlong bits, jbyteArray array,
                   Owner... owner) {
  const Bytes key(env, key_array);
  if (!key) return JNI_FALSE;
  const Bytes bytes(env, array);
  if (!bytes) return JNI_FALSE;
  const kist_value value = from_java(tag, bits, bytes);
  bool answer = false;
  Outcome outcome;
  outcome.ok(env, Ask(owner..., key.data(), key.size(), &value, &answer, outcome));
  return answer ? JNI_TRUE : JNI_FALSE;
}

/// kist_..._compare_and_set; a value of tag 0 is none.
template <auto Set, typename... Owner>
jboolean compare_and_set(JNIEnv* env, jbyteArray key_array, jint old_tag, jlong old_bits,
                         jbyteArray old_array, jint tag, jlong bits, jbyteArray array,
                         Owner... owner) {
  const Bytes key(env, key_array);
  if (!key) return JNI_FALSE;
  const Bytes old_bytes(env, old_array);
  if (!old_bytes) return JNI_FALSE;
  const Bytes bytes(env, array);
  if (!bytes) return JNI_FALSE;
  const kist_value expected = from_java(old_tag, old_bits, old_bytes);
  const kist_value value = from_java(tag, bits, bytes);
  bool stored = false;
  Outcome outcome;
  outcome.ok(env,
             Set(owner..., key.data(), key.size(), old_tag == KIST_TAG_NONE ? nullptr : &expected,
                 tag == KIST_TAG_NONE ? nullptr : &value, &stored, outcome));
  return stored ? JNI_TRUE : JNI_FALSE;
}

/// kist_..._add: gives the new value.
template <auto Add, typename... Owner>
jbyteArray add(JNIEnv* env, jbyteArray key_array, jlong amount, Owner... owner) {
  const Bytes key(env, key_array);
  if (!key) return nullptr;
  OwnedValue sum;
  Outcome outcome;
  const kist_code code = Add(owner..., key.data(), key.size(), amount, &sum, outcome);
  return outcome.ok(env, code) ? to_java(env, sum) : nullptr;
}

/// kist_..._get_member: the member, or null.
template <auto Get, typename... Owner>
jbyteArray get_member(JNIEnv* env, jbyteArray key_array, jbyteArray pointer_array, Owner... owner) {
  const Bytes key(env, key_array);
  if (!key) return nullptr;
  const Bytes pointer(env, pointer_array);
  if (!pointer) return nullptr;
  OwnedValue value;
  bool found = false;
  Outcome outcome;
  const kist_code code = Get(owner..., key.data(), key.size(), as_text(pointer), pointer.size(),
                             &value, &found, outcome);
  return outcome.ok(env, code) && found ? to_java(env, value) : nullptr;
}

/// kist_..._merge_patch: gives the new document.
template <auto Patch, typename... Owner>
jbyteArray merge_patch(JNIEnv* env, jbyteArray key_array, jbyteArray patch_array, Owner... owner) {
  const Bytes key(env, key_array);
  if (!key) return nullptr;
  const Bytes patch(env, patch_array);
  if (!patch) return nullptr;
  OwnedValue document;
  Outcome outcome;
  const kist_code code =
      Patch(owner..., key.data(), key.size(), as_text(patch), patch.size(), &document, outcome);
  return outcome.ok(env, code) ? to_java(env, document) : nullptr;
}

// ---- Stores --------------------------------------------------------------------------------

jlong store_count_range(JNIEnv* env, jclass, jlong store, jbyteArray prefix, jbyteArray from,
                        jbyteArray to, jbyteArray key, jboolean reverse, jlong limit) {
  return over<kist_store_count_range>(env, prefix, from, to, key, reverse, limit, as_store(store));
}

jlong store_delete_range(JNIEnv* env, jclass, jlong store, jbyteArray prefix, jbyteArray from,
                         jbyteArray to, jbyteArray key, jboolean reverse, jlong limit) {
  return over<kist_store_delete_range>(env, prefix, from, to, key, reverse, limit, as_store(store));
}

jboolean store_delete_value(JNIEnv* env, jclass, jlong store, jbyteArray key, jint tag, jlong bits,
                            jbyteArray bytes) {
  return ask_value<kist_store_delete_value>(env, key, tag, bits, bytes, as_store(store));
}

jboolean store_put_if_absent(JNIEnv* env, jclass, jlong store, jbyteArray key, jint tag, jlong bits,
                             jbyteArray bytes) {
  return ask_value<kist_store_put_if_absent>(env, key, tag, bits, bytes, as_store(store));
}

jboolean store_compare_and_set(JNIEnv* env, jclass, jlong store, jbyteArray key, jint old_tag,
                               jlong old_bits, jbyteArray old_bytes, jint tag, jlong bits,
                               jbyteArray bytes) {
  return compare_and_set<kist_store_compare_and_set>(env, key, old_tag, old_bits, old_bytes, tag,
                                                     bits, bytes, as_store(store));
}

jbyteArray store_add(JNIEnv* env, jclass, jlong store, jbyteArray key, jlong amount) {
  return add<kist_store_add>(env, key, amount, as_store(store));
}

jbyteArray store_get_member(JNIEnv* env, jclass, jlong store, jbyteArray key, jbyteArray pointer) {
  return get_member<kist_store_get_member>(env, key, pointer, as_store(store));
}

jbyteArray store_merge_patch(JNIEnv* env, jclass, jlong store, jbyteArray key, jbyteArray patch) {
  return merge_patch<kist_store_merge_patch>(env, key, patch, as_store(store));
}

// ---- Readers and writers -------------------------------------------------------------------

jbyteArray reader_get_member(JNIEnv* env, jclass, jlong reader, jlong store, jbyteArray key,
                             jbyteArray pointer) {
  return get_member<kist_reader_get_member>(env, key, pointer, as_reader(reader), as_store(store));
}

jbyteArray writer_merge_patch(JNIEnv* env, jclass, jlong writer, jlong store, jbyteArray key,
                              jbyteArray patch) {
  return merge_patch<kist_writer_merge_patch>(env, key, patch, as_writer(writer), as_store(store));
}

jlong reader_count_range(JNIEnv* env, jclass, jlong reader, jlong store, jbyteArray prefix,
                         jbyteArray from, jbyteArray to, jbyteArray key, jboolean reverse,
                         jlong limit) {
  return over<kist_reader_count_range>(env, prefix, from, to, key, reverse, limit,
                                       as_reader(reader), as_store(store));
}

jlong writer_count_range(JNIEnv* env, jclass, jlong writer, jlong store, jbyteArray prefix,
                         jbyteArray from, jbyteArray to, jbyteArray key, jboolean reverse,
                         jlong limit) {
  return over<kist_writer_count_range>(env, prefix, from, to, key, reverse, limit,
                                       as_writer(writer), as_store(store));
}

jlong writer_delete_range(JNIEnv* env, jclass, jlong writer, jlong store, jbyteArray prefix,
                          jbyteArray from, jbyteArray to, jbyteArray key, jboolean reverse,
                          jlong limit) {
  return over<kist_writer_delete_range>(env, prefix, from, to, key, reverse, limit,
                                        as_writer(writer), as_store(store));
}

jboolean writer_delete_value(JNIEnv* env, jclass, jlong writer, jlong store, jbyteArray key,
                             jint tag, jlong bits, jbyteArray bytes) {
  return ask_value<kist_writer_delete_value>(env, key, tag, bits, bytes, as_writer(writer),
                                             as_store(store));
}

jboolean writer_put_if_absent(JNIEnv* env, jclass, jlong writer, jlong store, jbyteArray key,
                              jint tag, jlong bits, jbyteArray bytes) {
  return ask_value<kist_writer_put_if_absent>(env, key, tag, bits, bytes, as_writer(writer),
                                              as_store(store));
}

jboolean writer_compare_and_set(JNIEnv* env, jclass, jlong writer, jlong store, jbyteArray key,
                                jint old_tag, jlong old_bits, jbyteArray old_bytes, jint tag,
                                jlong bits, jbyteArray bytes) {
  return compare_and_set<kist_writer_compare_and_set>(
      env, key, old_tag, old_bits, old_bytes, tag, bits, bytes, as_writer(writer), as_store(store));
}

jbyteArray writer_add(JNIEnv* env, jclass, jlong writer, jlong store, jbyteArray key,
                      jlong amount) {
  return add<kist_writer_add>(env, key, amount, as_writer(writer), as_store(store));
}

// ---- Batches -------------------------------------------------------------------------------

jlong make_batch(JNIEnv* env, jclass, jlong profile) {
  kist_batch batch = {};
  Outcome outcome;
  outcome.ok(env, kist_batch_make(as_profile(profile), &batch, outcome));
  return static_cast<jlong>(batch.id);
}

void close_batch(JNIEnv* env, jclass, jlong batch) {
  call<kist_batch_close>(env, as_batch(batch));
}

void batch_put(JNIEnv* env, jclass, jlong batch, jlong store, jbyteArray key, jint tag, jlong bits,
               jbyteArray bytes) {
  put<kist_batch_put>(env, key, tag, bits, bytes, as_batch(batch), as_store(store));
}

void batch_delete(JNIEnv* env, jclass, jlong batch, jlong store, jbyteArray key_array) {
  const Bytes key(env, key_array);
  if (!key) return;
  Outcome outcome;
  outcome.ok(env,
             kist_batch_delete(as_batch(batch), as_store(store), key.data(), key.size(), outcome));
}

void batch_delete_value(JNIEnv* env, jclass, jlong batch, jlong store, jbyteArray key, jint tag,
                        jlong bits, jbyteArray bytes) {
  put<kist_batch_delete_value>(env, key, tag, bits, bytes, as_batch(batch), as_store(store));
}

void batch_delete_range(JNIEnv* env, jclass, jlong batch, jlong store, jbyteArray prefix,
                        jbyteArray from, jbyteArray to, jbyteArray key, jboolean reverse,
                        jlong limit) {
  const RangeArgument range(env, prefix, from, to, key, reverse, limit);
  if (!range) return;
  Outcome outcome;
  outcome.ok(env, kist_batch_delete_range(as_batch(batch), as_store(store), range.get(), outcome));
}

void apply_batch(JNIEnv* env, jclass, jlong batch, jint durability) {
  Outcome outcome;
  outcome.ok(env,
             kist_batch_apply(as_batch(batch), static_cast<std::uint32_t>(durability), outcome));
}

}  // namespace

bool register_kind_methods(JNIEnv* env, jclass native) {
  const JNINativeMethod methods[] = {
      method("openStore", "(J[BZZI)J", open_store),
      method("describeStore", "(J[B)I", describe_store),
      method("storeCountRange", "(J[B[B[B[BZJ)J", store_count_range),
      method("storeDeleteRange", "(J[B[B[B[BZJ)J", store_delete_range),
      method("storeDeleteValue", "(J[BIJ[B)Z", store_delete_value),
      method("storePutIfAbsent", "(J[BIJ[B)Z", store_put_if_absent),
      method("storeCompareAndSet", "(J[BIJ[BIJ[B)Z", store_compare_and_set),
      method("storeAdd", "(J[BJ)[B", store_add),
      method("storeGetMember", "(J[B[B)[B", store_get_member),
      method("storeMergePatch", "(J[B[B)[B", store_merge_patch),
      method("readerGetMember", "(JJ[B[B)[B", reader_get_member),
      method("writerMergePatch", "(JJ[B[B)[B", writer_merge_patch),
      method("readerCountRange", "(JJ[B[B[B[BZJ)J", reader_count_range),
      method("writerCountRange", "(JJ[B[B[B[BZJ)J", writer_count_range),
      method("writerDeleteRange", "(JJ[B[B[B[BZJ)J", writer_delete_range),
      method("writerDeleteValue", "(JJ[BIJ[B)Z", writer_delete_value),
      method("writerPutIfAbsent", "(JJ[BIJ[B)Z", writer_put_if_absent),
      method("writerCompareAndSet", "(JJ[BIJ[BIJ[B)Z", writer_compare_and_set),
      method("writerAdd", "(JJ[BJ)[B", writer_add),
      method("makeBatch", "(J)J", make_batch),
      method("closeBatch", "(J)V", close_batch),
      method("batchPut", "(JJ[BIJ[B)V", batch_put),
      method("batchDelete", "(JJ[B)V", batch_delete),
      method("batchDeleteValue", "(JJ[BIJ[B)V", batch_delete_value),
      method("batchDeleteRange", "(JJ[B[B[B[BZJ)V", batch_delete_range),
      method("applyBatch", "(JI)V", apply_batch),
  };
  return env->RegisterNatives(native, methods, static_cast<jint>(std::size(methods))) == JNI_OK;
}

}  // namespace kist::java
