#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace kist::engine {

/// How much somebody should care.
enum class LogLevel : std::uint8_t {
  kInfo,     ///< Something unusual was done and went well, like recovery after a crash.
  kWarning,  ///< Something is not as it should be and needs somebody's attention.
  kError,    ///< Something failed that an Error alone may not bring to the attention of everybody.
};

/// Receives one event as a sentence that names the file. The text is dead when it returns.
using Log = std::function<void(LogLevel, std::string_view)>;

}  // namespace kist::engine
