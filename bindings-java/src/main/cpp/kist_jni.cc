// The native methods of class org.kist.Native: each takes its arguments apart, makes one call of
// kist.h and gives its result, or throws. Handles pass as numbers. Nothing is borrowed from Kist or
// from Java beyond a call.

#include <iterator>

#include "bindings-java/src/main/cpp/calls.h"
#include "bindings-java/src/main/cpp/convert.h"
#include "bindings-java/src/main/cpp/kinds.h"
#include "bindings-java/src/main/cpp/queue.h"
#include "bindings-java/src/main/cpp/transfer.h"

namespace kist::java {
namespace {

// ---- Profiles ------------------------------------------------------------------------------

jstring version(JNIEnv* env, jclass) {
  return env->NewStringUTF(kist_version());
}

jlong open(JNIEnv* env, jclass, jbyteArray directory, jboolean create, jboolean read_only,
           jint page_size, jint file_mode, jint durability, jbyteArray environment_array,
           jlongArray limits_array) {
  const Bytes path(env, directory);
  if (!path) return 0;
  const Bytes environment(env, environment_array, true);
  if (!environment) return 0;
  jlong limits[5] = {};
  env->GetLongArrayRegion(limits_array, 0, static_cast<jsize>(std::size(limits)), limits);
  if (env->ExceptionCheck()) return 0;
  kist_profile_options options = {};
  options.struct_size = sizeof options;
  options.create = create;
  options.read_only = read_only;
  options.page_size = static_cast<std::uint32_t>(page_size);
  options.file_mode = static_cast<std::uint32_t>(file_mode);
  options.durability = static_cast<std::uint32_t>(durability);
  options.environment = environment.span();
  options.flush_bytes = limits[0];
  options.flush_age_ms = limits[1];
  options.flush_operations = limits[2];
  options.queue_bytes = static_cast<std::uint64_t>(limits[3]);
  options.queue_operations = static_cast<std::uint64_t>(limits[4]);
  kist_profile profile = {};
  Outcome outcome;
  outcome.ok(env, kist_profile_open(as_text(path), path.size(), &options, &profile, outcome));
  return static_cast<jlong>(profile.id);
}

void close(JNIEnv* env, jclass, jlong id) {
  call<kist_profile_close>(env, as_profile(id));
}
void erase(JNIEnv* env, jclass, jlong id) {
  call<kist_profile_delete>(env, as_profile(id));
}
void sync(JNIEnv* env, jclass, jlong id) {
  call<kist_profile_sync>(env, as_profile(id));
}

jobjectArray store_names(JNIEnv* env, jclass, jlong id) {
  kist_names names = {};
  Outcome outcome;
  if (!outcome.ok(env, kist_profile_list_stores(as_profile(id), &names, outcome))) return nullptr;
  jclass bytes = env->FindClass("[B");
  jobjectArray result =
      bytes ? env->NewObjectArray(static_cast<jsize>(names.count), bytes, nullptr) : nullptr;
  for (std::size_t i = 0; result && i < names.count; ++i) {
    jbyteArray name = to_java(env, names.items[i].data, names.items[i].size);
    if (!name) break;  // With an exception pending.
    env->SetObjectArrayElement(result, static_cast<jsize>(i), name);
    env->DeleteLocalRef(name);
  }
  kist_names_free(&names);
  return result;
}

jboolean drop_store(JNIEnv* env, jclass, jlong id, jbyteArray name) {
  return ask<kist_profile_drop_store>(env, name, as_profile(id));
}

jlongArray stats(JNIEnv* env, jclass, jlong id) {
  kist_stats stats = {};
  stats.struct_size = sizeof stats;
  Outcome outcome;
  if (!outcome.ok(env, kist_profile_stats(as_profile(id), &stats, outcome))) return nullptr;
  const std::uint64_t fields[] = {
      stats.page_size,      stats.file_pages,    stats.free_pages,    stats.pending_pages,
      stats.transaction_id, stats.durable_id,    stats.oldest_pinned, stats.stores,
      stats.flushes,        stats.bytes_written,
  };
  const jsize count = static_cast<jsize>(std::size(fields));
  jlongArray result = env->NewLongArray(count);
  for (jsize i = 0; result && i < count; ++i) {
    const jlong field = static_cast<jlong>(fields[i]);
    env->SetLongArrayRegion(result, i, 1, &field);
  }
  return result;
}

jbyteArray check(JNIEnv* env, jclass, jlong id, jlongArray numbers) {
  kist_check_report report = {};
  Outcome outcome;
  if (!outcome.ok(env, kist_profile_check(as_profile(id), &report, outcome))) return nullptr;
  const jlong found[] = {static_cast<jlong>(report.violations),
                         static_cast<jlong>(report.pages_walked),
                         static_cast<jlong>(report.records)};
  env->SetLongArrayRegion(numbers, 0, static_cast<jsize>(std::size(found)), found);
  jbyteArray text = env->ExceptionCheck() ? nullptr : to_java(env, report.text, report.text_size);
  kist_check_report_free(&report);
  return text;
}

// ---- Stores --------------------------------------------------------------------------------

void close_store(JNIEnv* env, jclass, jlong id) {
  call<kist_store_close>(env, as_store(id));
}

jbyteArray store_get(JNIEnv* env, jclass, jlong store, jbyteArray key, jint expected) {
  return get<kist_store_get>(env, key, expected, as_store(store));
}

void store_put(JNIEnv* env, jclass, jlong store, jbyteArray key, jint tag, jlong bits,
               jbyteArray bytes) {
  put<kist_store_put>(env, key, tag, bits, bytes, as_store(store));
}

jboolean store_delete(JNIEnv* env, jclass, jlong store, jbyteArray key) {
  return ask<kist_store_delete>(env, key, as_store(store));
}

jboolean store_has(JNIEnv* env, jclass, jlong store, jbyteArray key) {
  return ask<kist_store_has>(env, key, as_store(store));
}

jlong store_count(JNIEnv* env, jclass, jlong id) {
  return number<kist_store_count>(env, as_store(id));
}

jlong store_clear(JNIEnv* env, jclass, jlong id) {
  return number<kist_store_clear>(env, as_store(id));
}

// ---- Readers and iterators -----------------------------------------------------------------

jlong begin_reader(JNIEnv* env, jclass, jlong profile) {
  kist_reader reader = {};
  Outcome outcome;
  outcome.ok(env, kist_reader_begin(as_profile(profile), &reader, outcome));
  return static_cast<jlong>(reader.id);
}

void end_reader(JNIEnv* env, jclass, jlong id) {
  call<kist_reader_end>(env, as_reader(id));
}

jlong reader_id(JNIEnv* env, jclass, jlong id) {
  return number<kist_reader_id>(env, as_reader(id));
}

jbyteArray reader_get(JNIEnv* env, jclass, jlong reader, jlong store, jbyteArray key,
                      jint expected) {
  return get<kist_reader_get_copy>(env, key, expected, as_reader(reader), as_store(store));
}

jboolean reader_has(JNIEnv* env, jclass, jlong reader, jlong store, jbyteArray key) {
  return ask<kist_reader_has>(env, key, as_reader(reader), as_store(store));
}

jlong reader_count(JNIEnv* env, jclass, jlong reader, jlong store) {
  return number<kist_reader_count>(env, as_reader(reader), as_store(store));
}

jlong begin_iterator(JNIEnv* env, jclass, jlong reader, jlong store, jbyteArray prefix,
                     jbyteArray from, jbyteArray to, jbyteArray key, jboolean reverse,
                     jlong limit) {
  const RangeArgument range(env, prefix, from, to, key, reverse, limit);
  if (!range) return 0;
  kist_iterator iterator = {};
  Outcome outcome;
  outcome.ok(env, kist_iterator_begin(as_reader(reader), as_store(store), range.get(), &iterator,
                                      outcome));
  return static_cast<jlong>(iterator.id);
}

jbyteArray next_entries(JNIEnv* env, jclass, jlong iterator, jint max_count, jint max_bytes) {
  kist_records records = {};
  Outcome outcome;
  const kist_code code =
      kist_iterator_next_many(as_iterator(iterator), static_cast<std::size_t>(max_count),
                              static_cast<std::size_t>(max_bytes), &records, outcome);
  if (!outcome.ok(env, code)) return nullptr;
  jbyteArray packed = to_java(env, records);
  kist_records_free(&records);
  return packed;
}

void close_iterator(JNIEnv* env, jclass, jlong id) {
  call<kist_iterator_close>(env, as_iterator(id));
}

// ---- Writers -------------------------------------------------------------------------------

jlong begin_writer(JNIEnv* env, jclass, jlong profile, jlong timeout_ms) {
  kist_writer writer = {};
  Outcome outcome;
  outcome.ok(env,
             kist_writer_begin(as_profile(profile), timeout_ms < 0 ? KIST_WAIT_FOREVER : timeout_ms,
                               &writer, outcome));
  return static_cast<jlong>(writer.id);
}

jlong try_begin_writer(JNIEnv* env, jclass, jlong profile) {
  kist_writer writer = {};
  Outcome outcome;
  const kist_code code = kist_writer_begin(as_profile(profile), 0, &writer, outcome);
  if (code != KIST_ERROR_BUSY) outcome.ok(env, code);
  return static_cast<jlong>(writer.id);
}

jbyteArray writer_get(JNIEnv* env, jclass, jlong writer, jlong store, jbyteArray key,
                      jint expected) {
  return get<kist_writer_get>(env, key, expected, as_writer(writer), as_store(store));
}

jboolean writer_has(JNIEnv* env, jclass, jlong writer, jlong store, jbyteArray key) {
  return ask<kist_writer_has>(env, key, as_writer(writer), as_store(store));
}

void writer_put(JNIEnv* env, jclass, jlong writer, jlong store, jbyteArray key, jint tag,
                jlong bits, jbyteArray bytes) {
  put<kist_writer_put>(env, key, tag, bits, bytes, as_writer(writer), as_store(store));
}

jboolean writer_delete(JNIEnv* env, jclass, jlong writer, jlong store, jbyteArray key) {
  return ask<kist_writer_delete>(env, key, as_writer(writer), as_store(store));
}

jlong writer_clear(JNIEnv* env, jclass, jlong writer, jlong store) {
  return number<kist_writer_clear>(env, as_writer(writer), as_store(store));
}

jlong commit(JNIEnv* env, jclass, jlong id, jint durability) {
  return number<kist_writer_commit>(env, as_writer(id), static_cast<std::uint32_t>(durability));
}

void abort(JNIEnv* env, jclass, jlong id) {
  call<kist_writer_abort>(env, as_writer(id));
}

// ---- Registration --------------------------------------------------------------------------

bool register_methods(JavaVM* machine, JNIEnv* env) {
  const JNINativeMethod methods[] = {
      method("version", "()Ljava/lang/String;", version),
      method("open", "([BZZIII[B[J)J", open),
      method("close", "(J)V", close),
      method("delete", "(J)V", erase),
      method("sync", "(J)V", sync),
      method("storeNames", "(J)[[B", store_names),
      method("dropStore", "(J[B)Z", drop_store),
      method("stats", "(J)[J", stats),
      method("check", "(J[J)[B", check),
      method("closeStore", "(J)V", close_store),
      method("storeGet", "(J[BI)[B", store_get),
      method("storePut", "(J[BIJ[B)V", store_put),
      method("storeDelete", "(J[B)Z", store_delete),
      method("storeHas", "(J[B)Z", store_has),
      method("storeCount", "(J)J", store_count),
      method("storeClear", "(J)J", store_clear),
      method("beginReader", "(J)J", begin_reader),
      method("endReader", "(J)V", end_reader),
      method("readerId", "(J)J", reader_id),
      method("readerGet", "(JJ[BI)[B", reader_get),
      method("readerHas", "(JJ[B)Z", reader_has),
      method("readerCount", "(JJ)J", reader_count),
      method("beginIterator", "(JJ[B[B[B[BZJ)J", begin_iterator),
      method("nextEntries", "(JII)[B", next_entries),
      method("closeIterator", "(J)V", close_iterator),
      method("beginWriter", "(JJ)J", begin_writer),
      method("tryBeginWriter", "(J)J", try_begin_writer),
      method("writerGet", "(JJ[BI)[B", writer_get),
      method("writerHas", "(JJ[B)Z", writer_has),
      method("writerPut", "(JJ[BIJ[B)V", writer_put),
      method("writerDelete", "(JJ[B)Z", writer_delete),
      method("writerClear", "(JJ)J", writer_clear),
      method("commit", "(JI)J", commit),
      method("abort", "(J)V", abort),
  };
  jclass native = env->FindClass("org/kist/Native");
  return native &&
         env->RegisterNatives(native, methods, static_cast<jint>(std::size(methods))) == JNI_OK &&
         register_kind_methods(env, native) && register_transfer_methods(env, native) &&
         register_queue_methods(machine, env, native);
}

JNIEnv* environment(JavaVM* machine) {
  void* env = nullptr;
  return machine->GetEnv(&env, JNI_VERSION_10) == JNI_OK ? static_cast<JNIEnv*>(env) : nullptr;
}

}  // namespace
}  // namespace kist::java

extern "C" JNIEXPORT jint JNI_OnLoad(JavaVM* machine, void*) {
  JNIEnv* env = kist::java::environment(machine);
  if (!env || !kist::java::prepare(env) || !kist::java::register_methods(machine, env))
    return JNI_ERR;
  return JNI_VERSION_10;
}

extern "C" JNIEXPORT void JNI_OnUnload(JavaVM* machine, void*) {
  if (JNIEnv* env = kist::java::environment(machine)) kist::java::forget(env);
}
