#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include <kist/engine/bytes.h>
#include <kist/engine/error.h>

namespace kist::engine {

/// Takes bytes in order, all or an Error, which ends the operation that wrote them. Must not throw.
using ByteSink = std::function<Result<void>(Bytes)>;

/// Gives the next bytes, at least one and as many as it likes up to the size of the buffer; 0 only
/// at the end. Must not throw.
using ByteSource = std::function<Result<std::size_t>(std::span<std::uint8_t>)>;

/// Writes to a file, pipe or socket; waits for one that is non-blocking. The descriptor stays the
/// caller's, who also flushes and closes it. Errors: kNoSpace, kIo.
ByteSink descriptor_sink(int descriptor);

/// Reads from a file, pipe or socket likewise. Errors: kIo.
ByteSource descriptor_source(int descriptor);

}  // namespace kist::engine
