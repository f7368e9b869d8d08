#include "bindings-java/src/main/cpp/convert.h"

#include <cstring>

namespace kist::java {
namespace {

// Some virtual machines cannot make arrays of quite 2^31 - 1 elements.
constexpr std::size_t kMaxArray = INT32_MAX - 8;

jclass exception_class = nullptr;
jmethodID exception_of = nullptr;

void throw_exception(JNIEnv* env, kist_code code, const char* message, std::size_t size) {
  if (env->ExceptionCheck()) return;
  jbyteArray text = to_java(env, message, size);
  if (!text) return;
  jobject exception = env->CallStaticObjectMethod(exception_class, exception_of, code, text);
  if (exception && !env->ExceptionCheck()) env->Throw(static_cast<jthrowable>(exception));
}

std::uint8_t* store_little_endian(std::uint8_t* out, std::uint64_t number, int bytes) {
  for (int i = 0; i < bytes; ++i) *out++ = static_cast<std::uint8_t>(number >> (8 * i));
  return out;
}

std::uint8_t* store_bytes(std::uint8_t* out, const void* data, std::size_t size) {
  if (size > 0) std::memcpy(out, data, size);
  return out + size;
}

std::size_t packed_size(const kist_value& value) {
  switch (value.tag) {
    case KIST_TAG_BOOL:
      return 1 + 1;
    case KIST_TAG_U64:
    case KIST_TAG_I64:
    case KIST_TAG_F64:
    case KIST_TAG_INSTANT:
      return 1 + 8;
    case KIST_TAG_UUID:
      return 1 + sizeof value.uuid;
    case KIST_TAG_STRING:
    case KIST_TAG_JSON:
    case KIST_TAG_BLOB:
      return 1 + value.bytes.size;
    default:
      return 1;  // The Java side reports a type that it does not know.
  }
}

std::uint8_t* pack(std::uint8_t* out, const kist_value& value) {
  *out++ = static_cast<std::uint8_t>(value.tag);
  std::uint64_t bits = 0;
  switch (value.tag) {
    case KIST_TAG_BOOL:
      return store_little_endian(out, value.boolean ? 1 : 0, 1);
    case KIST_TAG_U64:
      return store_little_endian(out, value.u64, 8);
    case KIST_TAG_I64:
      return store_little_endian(out, static_cast<std::uint64_t>(value.i64), 8);
    case KIST_TAG_F64:
      std::memcpy(&bits, &value.f64, sizeof bits);
      return store_little_endian(out, bits, 8);
    case KIST_TAG_INSTANT:
      return store_little_endian(out, static_cast<std::uint64_t>(value.instant), 8);
    case KIST_TAG_UUID:
      return store_bytes(out, value.uuid, sizeof value.uuid);
    case KIST_TAG_STRING:
    case KIST_TAG_JSON:
    case KIST_TAG_BLOB:
      return store_bytes(out, value.bytes.data, value.bytes.size);
    default:
      return out;
  }
}

/// A new array of `size` bytes that fill() writes. No call to Java is allowed within fill().
template <typename Fill>
jbyteArray new_array(JNIEnv* env, std::size_t size, Fill fill) {
  if (size > kMaxArray) {
    throw_error(env, KIST_ERROR_VALUE_TOO_LONG, "longer than a Java array can be");
    return nullptr;
  }
  jbyteArray array = env->NewByteArray(static_cast<jsize>(size));
  if (!array || size == 0) return array;
  void* out = env->GetPrimitiveArrayCritical(array, nullptr);
  if (!out) return nullptr;
  fill(static_cast<std::uint8_t*>(out));
  env->ReleasePrimitiveArrayCritical(array, out, 0);
  return array;
}

}  // namespace

bool prepare(JNIEnv* env) {
  jclass found = env->FindClass("org/kist/KistException");
  if (!found) return false;
  exception_class = static_cast<jclass>(env->NewGlobalRef(found));
  if (!exception_class) return false;
  exception_of = env->GetStaticMethodID(exception_class, "of", "(I[B)Lorg/kist/KistException;");
  return exception_of != nullptr;
}

void forget(JNIEnv* env) {
  env->DeleteGlobalRef(exception_class);
  exception_class = nullptr;
}

bool Outcome::ok(JNIEnv* env, kist_code code) {
  if (code == KIST_OK) return true;
  if (error_.message) {
    throw_exception(env, code, error_.message, error_.message_size);
  } else {
    throw_error(env, code, kist_code_description(code));
  }
  return false;
}

void throw_error(JNIEnv* env, kist_code code, const char* message) {
  throw_exception(env, code, message, std::strlen(message));
}

Bytes::Bytes(JNIEnv* env, jbyteArray array, bool null_allowed) : env_(env), array_(array) {
  if (!array) {
    ok_ = null_allowed;
    jclass exception = ok_ ? nullptr : env->FindClass("java/lang/NullPointerException");
    if (exception) env->ThrowNew(exception, "null in place of bytes");
    return;
  }
  size_ = env->GetArrayLength(array);
  if (static_cast<std::size_t>(size_) <= sizeof short_) {
    env->GetByteArrayRegion(array, 0, size_, short_);
    data_ = short_;
  } else {
    elements_ = env->GetByteArrayElements(array, nullptr);
    data_ = elements_;
  }
  ok_ = data_ != nullptr;
}

Bytes::~Bytes() {
  if (elements_) env_->ReleaseByteArrayElements(array_, elements_, JNI_ABORT);
}

jbyteArray to_java(JNIEnv* env, const void* data, std::size_t size) {
  return new_array(env, size, [&](std::uint8_t* out) { store_bytes(out, data, size); });
}

jbyteArray to_java(JNIEnv* env, const kist_value& value) {
  return new_array(env, packed_size(value), [&](std::uint8_t* out) { pack(out, value); });
}

jbyteArray to_java(JNIEnv* env, const kist_records& records) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < records.count; ++i) {
    size += 8 + records.items[i].key.size + packed_size(records.items[i].value);
  }
  return new_array(env, size, [&](std::uint8_t* out) {
    for (std::size_t i = 0; i < records.count; ++i) {
      const kist_record& record = records.items[i];
      out = store_little_endian(out, record.key.size, 4);
      out = store_little_endian(out, packed_size(record.value), 4);
      out = store_bytes(out, record.key.data, record.key.size);
      out = pack(out, record.value);
    }
  });
}

kist_value from_java(jint tag, jlong number, const Bytes& bytes) {
  kist_value value = kist_value_none();
  value.tag = static_cast<kist_tag>(tag);
  switch (value.tag) {
    case KIST_TAG_BOOL:
      value.boolean = number != 0;
      break;
    case KIST_TAG_U64:
      value.u64 = static_cast<std::uint64_t>(number);
      break;
    case KIST_TAG_I64:
      value.i64 = number;
      break;
    case KIST_TAG_F64:
      std::memcpy(&value.f64, &number, sizeof value.f64);
      break;
    case KIST_TAG_INSTANT:
      value.instant = number;
      break;
    case KIST_TAG_UUID:
      if (bytes.size() == sizeof value.uuid) std::memcpy(value.uuid, bytes.data(), bytes.size());
      break;
    default:
      value.bytes = bytes.span();
  }
  return value;
}

}  // namespace kist::java
