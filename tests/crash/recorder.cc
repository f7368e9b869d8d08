#include "tests/crash/recorder.h"

#include <fstream>

#include "tests/support/must.h"

namespace kist::test {

using engine::os::Call;

void Recorder::add(Event event) {
  const std::lock_guard lock(mutex_);
  look_at_lock_file();
  events_.push_back(std::move(event));
}

void Recorder::look_at_lock_file() {
  if (lock_path_.empty()) return;
  std::ifstream file(lock_path_, std::ios::binary);
  if (!file) return;
  // Tips lie in its first block; what comes behind is about readers, who are gone.
  std::string content(4096, '\0');
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  if (content == lock_file_) return;
  lock_file_ = content;
  events_.push_back({Event::Kind::kLockFile, lock_path_, {}, 0, 0, std::move(content)});
}

int Recorder::before(const Call& call) {
  if (call.kind == Call::Kind::kFlush && !call.path.ends_with("-lock")) {
    add({Event::Kind::kFlushBegun, call.path, {}, 0, 0, {}});
    if (flush_hook_) flush_hook_();
  }
  return 0;
}

void Recorder::after(const Call& call) {
  if (call.path.ends_with("-lock")) {
    if (call.kind == Call::Kind::kFlush) {
      add({Event::Kind::kLockFileFlushed, call.path, {}, 0, 0, {}});
    }
    return;
  }
  Event event{Event::Kind::kWrite, call.path, {}, call.offset, call.length, {}};
  switch (call.kind) {
    case Call::Kind::kCreate:
      event.kind = Event::Kind::kCreate;
      break;
    case Call::Kind::kResize:
      event.kind = Event::Kind::kResize;
      break;
    case Call::Kind::kAllocate:
      event.kind = Event::Kind::kAllocate;
      break;
    case Call::Kind::kFlush:
      event.kind = Event::Kind::kFlush;
      break;
    case Call::Kind::kUnlink:
      event.kind = Event::Kind::kUnlink;
      break;
    case Call::Kind::kFlushDirectory:
      event.kind = Event::Kind::kFlushDirectory;
      break;
    case Call::Kind::kLink:
    case Call::Kind::kRename:
      event.kind = call.kind == Call::Kind::kLink ? Event::Kind::kLink : Event::Kind::kRename;
      event.to = *call.to;
      break;
    case Call::Kind::kWrite:
      for (const engine::Bytes& piece : call.data) event.data += engine::as_text(piece);
      break;
    case Call::Kind::kOpen:
    case Call::Kind::kRead:
    case Call::Kind::kMap:
    case Call::Kind::kLock:
      return;
  }
  add(std::move(event));
}

}  // namespace kist::test
