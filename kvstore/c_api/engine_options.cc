#include "kvstore/c_api/engine_options.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "kvstore/c_api/arguments.h"
#include "kvstore/c_api/errors.h"
#include "kvstore/c_api/structs.h"

namespace kist::c_api {
namespace {

using engine::LogLevel;
using engine::SlowReaderAnswer;
using engine::SpaceShortage;
using std::chrono::milliseconds;

static_assert(KIST_LOG_INFO == static_cast<int>(LogLevel::kInfo));
static_assert(KIST_LOG_WARNING == static_cast<int>(LogLevel::kWarning));
static_assert(KIST_LOG_ERROR == static_cast<int>(LogLevel::kError));
static_assert(KIST_SHORTAGE_GROWTH == static_cast<int>(SpaceShortage::kGrowth));
static_assert(KIST_SHORTAGE_LIMIT == static_cast<int>(SpaceShortage::kLimit));
static_assert(KIST_SHORTAGE_DISK == static_cast<int>(SpaceShortage::kDisk));
static_assert(KIST_SLOW_GO_ON == static_cast<int>(SlowReaderAnswer::kGoOn));
static_assert(KIST_SLOW_WAIT == static_cast<int>(SlowReaderAnswer::kWait));
static_assert(KIST_SLOW_RETRY == static_cast<int>(SlowReaderAnswer::kRetry));
static_assert(KIST_SLOW_OUST == static_cast<int>(SlowReaderAnswer::kOust));
static_assert(KIST_SLOW_FAIL == static_cast<int>(SlowReaderAnswer::kFail));

// The engine reckons with deadlines; beyond that is as good as never.
constexpr std::int64_t kLongest = std::int64_t{1000} * 60 * 60 * 24 * 365 * 100;

/// A time of options: 0 leaves the default.
Result<void> set_time(std::int64_t given, const char* name, const auto& never, auto& time) {
  if (given < KIST_NEVER) {
    return fail(ErrorCode::kInvalidArgument, std::string(name) + " is negative");
  }
  if (given == KIST_NEVER) {
    time = never;
  } else if (given != 0) {
    time = milliseconds(std::min(given, kLongest));
  }
  return {};
}

Result<void> set_flushes(const kist_db_options& given, engine::Options& options) {
  if (given.flush_bytes < KIST_NEVER) {
    return fail(ErrorCode::kInvalidArgument, "options.flush_bytes is negative");
  }
  if (given.flush_bytes == KIST_NEVER) {
    options.flush_bytes = 0;
  } else if (given.flush_bytes != 0) {
    options.flush_bytes = static_cast<std::uint64_t>(given.flush_bytes);
  }
  options.flush_thread = given.flush_thread;
  return set_time(given.flush_age_ms, "options.flush_age_ms", milliseconds::zero(),
                  options.flush_age);
}

void set_callbacks(const kist_db_options& given, GivenOptions& read) {
  if (given.log == nullptr && given.slow_reader == nullptr && given.release == nullptr) return;
  read.callbacks = std::make_shared<Callbacks>(given);
  read.release = given.release;
  const auto& callbacks = read.callbacks;
  if (given.log != nullptr) {
    read.options.log = [callbacks](LogLevel level, std::string_view text) {
      callbacks->log(level, text);
    };
  }
  if (given.slow_reader != nullptr) {
    read.options.slow_reader = [callbacks](const engine::SlowReader& slow) {
      return callbacks->slow_reader(slow);
    };
  }
}

}  // namespace

void Callbacks::log(engine::LogLevel level, std::string_view text) const {
  try {
    const std::string sentence = printable(text);
    log_(context_, static_cast<std::uint32_t>(level), sentence.c_str(), sentence.size());
  } catch (const std::bad_alloc&) {
    // Without memory there is no sentence to tell.
    return;
  }
}

SlowReaderAnswer Callbacks::slow_reader(const engine::SlowReader& slow) const {
  const kist_reader_info reader = info_of(slow.reader);
  kist_slow_reader told{};
  told.struct_size = sizeof told;
  told.shortage = static_cast<std::uint32_t>(slow.shortage);
  told.reader = &reader;
  told.readers = slow.readers;
  told.pages_wanted = slow.pages_wanted;
  told.attempt = slow.attempt;
  const std::uint32_t answer = slow_reader_(context_, &told);
  return answer > KIST_SLOW_FAIL ? SlowReaderAnswer::kGoOn : static_cast<SlowReaderAnswer>(answer);
}

Result<GivenOptions> options_of(const kist_db_options* given) {
  KIST_ASSIGN(const kist_db_options read, read_options(given, sizeof(kist_db_options), "options"));
  if (read.create && read.read_only) {
    return fail(ErrorCode::kInvalidArgument,
                "options.create and options.read_only exclude each other");
  }
  GivenOptions result;
  engine::Options& options = result.options;
  options.create = read.create;
  options.read_only = read.read_only;
  options.verify = !read.unverified;
  options.exclusive = read.exclusive;
  if (read.page_size != 0) options.page_size = read.page_size;
  if (read.file_mode != 0) options.file_mode = read.file_mode;
  if (read.has_file_group) options.file_group = read.file_group;
  if (read.has_domain_version) options.domain_version = read.domain_version;
  if (read.snapshot != 0) options.snapshot = read.snapshot;
  if (read.transaction_memory != 0) options.transaction_memory = read.transaction_memory;
  if (read.exact_maps) options.reserve_address_space = false;
  options.growth_step = read.growth_step;
  options.max_file_size = read.max_file_size;
  options.shrink_threshold = read.shrink_threshold;
  KIST_ASSIGN(const auto durability, durability_of(read.durability));
  options.durability = durability.value_or(options.durability);
  KIST_TRY(set_flushes(read, options));
  KIST_TRY(set_time(read.path_check_ms, "options.path_check_ms", std::nullopt, options.path_check));
  set_callbacks(read, result);
  return result;
}

kist_reader_info info_of(const engine::Reader& reader) {
  kist_reader_info info{};
  info.struct_size = sizeof info;
  info.parked = reader.parked;
  info.pages_known = reader.pages_held.has_value();
  info.snapshot = reader.snapshot;
  info.lag = reader.lag;
  info.process = reader.process;
  info.age_ms = static_cast<std::uint64_t>(std::max<std::int64_t>(0, reader.age.count()));
  info.pages_held = reader.pages_held.value_or(0);
  info.pages_held_alone = reader.pages_held_alone.value_or(0);
  return info;
}

}  // namespace kist::c_api
