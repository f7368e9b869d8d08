#pragma once

#include <memory>
#include <string_view>

#include <kist/engine/error.h>
#include <kist/engine/options.h>
#include <kist/engine/readers.h>
#include <kist/kist_engine.h>

namespace kist::c_api {

/// What a database of C calls back. The environment shares this; the last to let go of it releases
/// the context, once keep_promise() said that there is something to release.
class Callbacks {
 public:
  explicit Callbacks(const kist_db_options& given)
      : log_(given.log), slow_reader_(given.slow_reader), context_(given.context) {}
  Callbacks(const Callbacks&) = delete;
  Callbacks& operator=(const Callbacks&) = delete;
  ~Callbacks() {
    if (release_ != nullptr) release_(context_);
  }

  /// Opening succeeded: from now on the context is ours to release.
  void keep_promise(void (*release)(void* context)) { release_ = release; }
  void log(engine::LogLevel level, std::string_view text) const;
  engine::SlowReaderAnswer slow_reader(const engine::SlowReader& slow) const;

 private:
  const kist_log log_;
  const kist_slow_reader_callback slow_reader_;
  void* const context_;
  void (*release_)(void* context) = nullptr;
};

/// Options of C, read and checked.
struct GivenOptions {
  engine::Options options;
  std::shared_ptr<Callbacks> callbacks;
  void (*release)(void* context) = nullptr;
};
/// Errors: kInvalidArgument, kUnsupported.
Result<GivenOptions> options_of(const kist_db_options* given);

/// A reader as C sees it.
kist_reader_info info_of(const engine::Reader& reader);

}  // namespace kist::c_api
