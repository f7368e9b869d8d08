#pragma once

#include <jni.h>

namespace kist::java {

/// Registers the native methods of imports and exports. False when a Java exception is pending.
bool register_transfer_methods(JNIEnv* env, jclass native);

}  // namespace kist::java
