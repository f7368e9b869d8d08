#pragma once

#include <jni.h>

namespace kist::java {

/// Registers the native methods of stores of every kind, of changes that depend on what is there,
/// of ranges and of batches with class org.kist.Native. False with a Java exception pending when
/// something is missing.
bool register_kind_methods(JNIEnv* env, jclass native);

}  // namespace kist::java
