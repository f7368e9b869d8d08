// The native methods of queues. Completions come on threads of Kist, which the virtual machine gets
// to know when they first call it.

#include "bindings-java/src/main/cpp/queue.h"

#include <atomic>
#include <iterator>
#include <memory>

#include "bindings-java/src/main/cpp/calls.h"
#include "bindings-java/src/main/cpp/convert.h"

namespace kist::java {
namespace {

JavaVM* machine = nullptr;
jclass native_class = nullptr;
jmethodID told = nullptr;

/// Makes a thread of Kist a daemon of the virtual machine for as long as it lives.
class Attachment {
 public:
  Attachment() {
    void* attached = nullptr;
    if (machine->AttachCurrentThreadAsDaemon(&attached, nullptr) == JNI_OK) {
      env_ = static_cast<JNIEnv*>(attached);
    }
  }
  ~Attachment() {
    if (env_ != nullptr) machine->DetachCurrentThread();
  }
  Attachment(const Attachment&) = delete;
  Attachment& operator=(const Attachment&) = delete;
  JNIEnv* env() const { return env_; }

 private:
  JNIEnv* env_ = nullptr;
};

/// What this thread calls Java by; null while the virtual machine ends.
JNIEnv* environment() {
  void* env = nullptr;
  if (machine->GetEnv(&env, JNI_VERSION_10) == JNI_OK) return static_cast<JNIEnv*>(env);
  thread_local const Attachment attachment;
  return attachment.env();
}

/// The Java object that is told of an operation, until it was told as often as it is to be.
struct Completion {
  Completion(JNIEnv* env, jobject object, int times)
      : global(env->NewGlobalRef(object)), left(times) {}
  jobject global;
  std::atomic<int> left;
};

void tell(void* context, std::uint32_t moment, kist_code code, const char* message,
          std::size_t size, const kist_value* value) {
  auto* completion = static_cast<Completion*>(context);
  if (JNIEnv* env = environment()) {
    if (env->PushLocalFrame(8) == 0) {
      jbyteArray text = to_java(env, message, size);
      jbyteArray bytes = value->tag == KIST_TAG_NONE || !text ? nullptr : to_java(env, *value);
      if (!env->ExceptionCheck()) {
        env->CallStaticVoidMethod(native_class, told, completion->global, static_cast<jint>(moment),
                                  static_cast<jint>(code), text, bytes);
      }
      if (env->ExceptionCheck()) {
        env->ExceptionDescribe();
        env->ExceptionClear();
      }
      env->PopLocalFrame(nullptr);
    }
    if (completion->left.fetch_sub(1) > 1) return;
    env->DeleteGlobalRef(completion->global);
    delete completion;
  }
}

void tell_read(void* context, kist_code code, const char* message, std::size_t size,
               const kist_value* value, bool /*found*/) {
  tell(context, 0, code, message, size, value);
}

/// Queues an operation by `call`, a callable (context, Outcome&) -> kist_code; `object` is told.
template <typename Call>
void queue_with(JNIEnv* env, jobject object, int times, Call call) {
  auto completion = std::make_unique<Completion>(env, object, times);
  if (!completion->global) return;
  Outcome outcome;
  if (outcome.ok(env, call(completion.get(), outcome))) {
    static_cast<void>(completion.release());
  } else {
    env->DeleteGlobalRef(completion->global);
  }
}

kist_completion both_moments(void* context, jint durability) {
  kist_completion completion = {};
  completion.struct_size = sizeof completion;
  completion.moments = KIST_MOMENT_COMMITTED | KIST_MOMENT_DURABLE;
  completion.durability = static_cast<std::uint32_t>(durability);
  completion.done = tell;
  completion.context = context;
  return completion;
}

jlong open_queue(JNIEnv* env, jclass, jlong profile, jlong timeout_ms) {
  kist_queue queue = {};
  Outcome outcome;
  outcome.ok(env,
             kist_queue_open({static_cast<std::uint64_t>(profile)},
                             timeout_ms < 0 ? KIST_WAIT_FOREVER : timeout_ms, &queue, outcome));
  return static_cast<jlong>(queue.id);
}

void close_queue(JNIEnv* env, jclass, jlong queue) {
  Outcome outcome;
  outcome.ok(env, kist_queue_close(as_queue(queue), outcome));
}

jlong queue_put(JNIEnv* env, jclass, jlong queue, jlong store, jbyteArray key_array, jint tag,
                jlong number, jbyteArray array, jint durability, jobject object) {
  const Bytes key(env, key_array);
  if (!key) return 0;
  const Bytes bytes(env, array);
  if (!bytes) return 0;
  const kist_value value = from_java(tag, number, bytes);
  std::uint64_t ticket = 0;
  queue_with(env, object, 2, [&](void* context, Outcome& outcome) {
    const kist_completion completion = both_moments(context, durability);
    return kist_queue_put(as_queue(queue), as_store(store), key.data(), key.size(), &value,
                          &completion, &ticket, outcome);
  });
  return static_cast<jlong>(ticket);
}

jlong queue_delete(JNIEnv* env, jclass, jlong queue, jlong store, jbyteArray key_array,
                   jint durability, jobject object) {
  const Bytes key(env, key_array);
  if (!key) return 0;
  std::uint64_t ticket = 0;
  queue_with(env, object, 2, [&](void* context, Outcome& outcome) {
    const kist_completion completion = both_moments(context, durability);
    return kist_queue_delete(as_queue(queue), as_store(store), key.data(), key.size(), &completion,
                             &ticket, outcome);
  });
  return static_cast<jlong>(ticket);
}

jlong queue_add(JNIEnv* env, jclass, jlong queue, jlong store, jbyteArray key_array, jlong amount,
                jint durability, jobject object) {
  const Bytes key(env, key_array);
  if (!key) return 0;
  std::uint64_t ticket = 0;
  queue_with(env, object, 2, [&](void* context, Outcome& outcome) {
    const kist_completion completion = both_moments(context, durability);
    return kist_queue_add(as_queue(queue), as_store(store), key.data(), key.size(), amount,
                          &completion, &ticket, outcome);
  });
  return static_cast<jlong>(ticket);
}

jlong queue_apply(JNIEnv* env, jclass, jlong queue, jlong batch, jint durability, jobject object) {
  std::uint64_t ticket = 0;
  queue_with(env, object, 2, [&](void* context, Outcome& outcome) {
    const kist_completion completion = both_moments(context, durability);
    return kist_queue_apply(as_queue(queue), as_batch(batch), &completion, &ticket, outcome);
  });
  return static_cast<jlong>(ticket);
}

void queue_get(JNIEnv* env, jclass, jlong queue, jlong store, jbyteArray key_array, jint expected,
               jobject object) {
  const Bytes key(env, key_array);
  if (!key) return;
  queue_with(env, object, 1, [&](void* context, Outcome& outcome) {
    return kist_queue_get(as_queue(queue), as_store(store), key.data(), key.size(),
                          static_cast<kist_tag>(expected), tell_read, context, nullptr, outcome);
  });
}

void queue_flush(JNIEnv* env, jclass, jlong queue, jobject object) {
  queue_with(env, object, 1, [&](void* context, Outcome& outcome) {
    kist_completion completion = both_moments(context, KIST_DURABILITY_DEFAULT);
    completion.moments = KIST_MOMENT_DURABLE;
    return kist_queue_flush(as_queue(queue), &completion, outcome);
  });
}

jboolean queue_cancel(JNIEnv* env, jclass, jlong queue, jlong ticket) {
  bool cancelled = false;
  Outcome outcome;
  outcome.ok(env, kist_queue_cancel(as_queue(queue), static_cast<std::uint64_t>(ticket), &cancelled,
                                    outcome));
  return cancelled ? JNI_TRUE : JNI_FALSE;
}

}  // namespace

bool register_queue_methods(JavaVM* of, JNIEnv* env, jclass native) {
  const JNINativeMethod methods[] = {
      method("openQueue", "(JJ)J", open_queue),
      method("closeQueue", "(J)V", close_queue),
      method("queuePut", "(JJ[BIJ[BILorg/kist/Completion;)J", queue_put),
      method("queueDelete", "(JJ[BILorg/kist/Completion;)J", queue_delete),
      method("queueAdd", "(JJ[BJILorg/kist/Completion;)J", queue_add),
      method("queueApply", "(JJILorg/kist/Completion;)J", queue_apply),
      method("queueGet", "(JJ[BILorg/kist/Completion;)V", queue_get),
      method("queueFlush", "(JLorg/kist/Completion;)V", queue_flush),
      method("queueCancel", "(JJ)Z", queue_cancel),
  };
  machine = of;
  native_class = static_cast<jclass>(env->NewGlobalRef(native));
  if (!native_class) return false;
  told = env->GetStaticMethodID(native_class, "told", "(Lorg/kist/Completion;II[B[B)V");
  return told &&
         env->RegisterNatives(native, methods, static_cast<jint>(std::size(methods))) == JNI_OK;
}

}  // namespace kist::java
