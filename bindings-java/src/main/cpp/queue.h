#pragma once

#include <jni.h>

namespace kist::java {

/// Registers the native methods of queues with class org.kist.Native, and looks up what their
/// completions call. False with a Java exception pending when something is missing.
bool register_queue_methods(JavaVM* machine, JNIEnv* env, jclass native);

}  // namespace kist::java
