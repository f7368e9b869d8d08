#pragma once

#include <cstddef>
#include <cstdint>

#include <jni.h>

#include <kist/kist.h>

namespace kist::java {

/// Looks up and keeps what the functions below need of the Java side; once, when the library is
/// loaded. False with a Java exception pending when something is missing.
bool prepare(JNIEnv* env);

/// Gives back what prepare() kept; when the library is unloaded.
void forget(JNIEnv* env);

/// Takes what a call of kist.h reports. Passed to the call in place of its kist_error*.
class Outcome {
 public:
  Outcome() = default;
  Outcome(const Outcome&) = delete;
  Outcome& operator=(const Outcome&) = delete;
  ~Outcome() { kist_error_free(&error_); }

  operator kist_error*() { return &error_; }

  /// True when the call succeeded; otherwise a KistException is pending.
  bool ok(JNIEnv* env, kist_code code);

 private:
  kist_error error_ = {};
};

/// Throws a KistException with a message of ours.
void throw_error(JNIEnv* env, kist_code code, const char* message);

/// The bytes of a Java array, for as long as this lives: short ones copied to the stack.
class Bytes {
 public:
  /// With `null_allowed`, null counts as empty and is_null() tells.
  Bytes(JNIEnv* env, jbyteArray array, bool null_allowed = false);
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;
  ~Bytes();

  /// False when there are none to use and a Java exception is pending.
  explicit operator bool() const { return ok_; }
  const std::uint8_t* data() const { return reinterpret_cast<const std::uint8_t*>(data_); }
  std::size_t size() const { return static_cast<std::size_t>(size_); }
  bool is_null() const { return array_ == nullptr; }
  kist_bytes span() const { return {data(), size()}; }

 private:
  JNIEnv* env_;
  jbyteArray array_;
  jsize size_ = 0;
  bool ok_ = false;
  const jbyte* data_ = nullptr;
  jbyte* elements_ = nullptr;  ///< What Release...Elements() wants back; null for short arrays.
  jbyte short_[256];
};

/// A new Java array of these bytes; null with an exception pending when there is no memory for it,
/// or it would be longer than Java arrays can be.
jbyteArray to_java(JNIEnv* env, const void* data, std::size_t size);

/// The value as class Wire of the Java side reads it: the tag, then the payload.
jbyteArray to_java(JNIEnv* env, const kist_value& value);

/// Records, each as two 32-bit little-endian lengths, the key, and the value as above.
jbyteArray to_java(JNIEnv* env, const kist_records& records);

/// A value that borrows `bytes`, from the parts that class Wire sends.
kist_value from_java(jint tag, jlong number, const Bytes& bytes);

}  // namespace kist::java
