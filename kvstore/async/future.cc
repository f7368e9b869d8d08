#include <new>

#include <kist/future.h>

#include "kvstore/async/worker_thread.h"

namespace kist::future_detail {

bool completes_operations() {
  return async::on_worker_thread();
}

std::unexpected<Error> would_wait_for_itself() {
  return fail(ErrorCode::kMisuse,
              "a thread that completes operations would wait for one for ever; use then()");
}

Error error_of(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::bad_alloc&) {
    return {ErrorCode::kOutOfMemory, "no memory in a function that was given"};
  } catch (const std::exception& error) {
    return {ErrorCode::kInternal, std::string("a function that was given threw: ") + error.what()};
  } catch (...) {
    return {ErrorCode::kInternal, "a function that was given threw something"};
  }
}

}  // namespace kist::future_detail
