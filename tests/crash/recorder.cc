#include "tests/crash/recorder.h"

#include "tests/support/must.h"

namespace kist::test {

using engine::os::Call;

int Recorder::before(const Call& call) {
  if (call.kind == Call::Kind::kFlush && flush_hook_ && !call.path.ends_with("-lock"))
    flush_hook_();
  return 0;
}

void Recorder::after(const Call& call) {
  if (call.path.ends_with("-lock")) return;
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
  events_.push_back(std::move(event));
}

}  // namespace kist::test
