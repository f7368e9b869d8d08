// The native methods of imports and exports.

#include "bindings-java/src/main/cpp/transfer.h"

#include <cstdio>
#include <iterator>
#include <string>

#include "bindings-java/src/main/cpp/calls.h"
#include "bindings-java/src/main/cpp/convert.h"

namespace kist::java {
namespace {

/// The numbers of class ImportReport, in their order.
jlongArray import_file(JNIEnv* env, jclass, jlong profile, jbyteArray path_array, jint format,
                       jint on_conflict, jboolean plain_bytes, jbyteArray unnamed_array) {
  const Bytes path(env, path_array);
  if (!path) return nullptr;
  const Bytes unnamed(env, unnamed_array);
  if (!unnamed) return nullptr;
  kist_import_options options = {};
  options.struct_size = sizeof options;
  options.format = static_cast<std::uint32_t>(format);
  options.on_conflict = static_cast<std::uint32_t>(on_conflict);
  options.plain_bytes = plain_bytes;
  options.unnamed = unnamed.span();
  kist_import_report report = {};
  report.struct_size = sizeof report;
  Outcome outcome;
  if (!outcome.ok(env, kist_profile_import(as_profile(profile), as_text(path), path.size(),
                                           &options, &report, outcome))) {
    return nullptr;
  }
  const jlong fields[] = {static_cast<jlong>(report.stores),   static_cast<jlong>(report.records),
                          static_cast<jlong>(report.added),    static_cast<jlong>(report.unchanged),
                          static_cast<jlong>(report.replaced), static_cast<jlong>(report.ignored)};
  const auto count = static_cast<jsize>(std::size(fields));
  jlongArray result = env->NewLongArray(count);
  if (result) env->SetLongArrayRegion(result, 0, count, fields);
  return result;
}

/// Number of records; -1 when the file could not be written.
jlong export_json(JNIEnv* env, jclass, jlong profile, jbyteArray path_array) {
  const Bytes path(env, path_array);
  if (!path) return 0;
  const std::string name(as_text(path), path.size());
  std::FILE* const file = std::fopen(name.c_str(), "wb");
  if (file == nullptr) return -1;
  std::uint64_t records = 0;
  Outcome outcome;
  outcome.ok(env, kist_profile_export(as_profile(profile), fileno(file), nullptr, 0, nullptr,
                                      nullptr, &records, outcome));
  return std::fclose(file) == 0 ? static_cast<jlong>(records) : -1;
}

}  // namespace

bool register_transfer_methods(JNIEnv* env, jclass native) {
  const JNINativeMethod methods[] = {
      method("importFile", "(J[BIIZ[B)[J", import_file),
      method("exportJson", "(J[B)J", export_json),
  };
  return env->RegisterNatives(native, methods, static_cast<jint>(std::size(methods))) == JNI_OK;
}

}  // namespace kist::java
