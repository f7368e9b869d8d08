#pragma once

#include <cstdint>
#include <vector>

#include <kist/engine/bytes.h>
#include <kist/engine/error.h>

#include "engine/format/overflow.h"
#include "engine/format/ref.h"
#include "engine/os/file.h"
#include "engine/space/run.h"

namespace kist::engine {

/// Writes an overflow run piece by piece to its place in the file, with no more in memory than one
/// chunk of the value and the table of checksums.
class RunStream {
 public:
  /// For a value of `length` bytes in `run`, which is large enough, born in transaction `birth`.
  RunStream(os::File& file, Run run, std::uint64_t length, std::uint64_t birth,
            std::uint32_t page_size, std::uint64_t seed);

  /// Appends bytes of the value; REQUIRES that they are no more than are missing. Errors: those of
  /// writing.
  Result<void> append(Bytes bytes);
  /// Ends the run, whose value is complete. Returns what a leaf record has to say of it.
  Result<Ref> finish();

  std::uint64_t length() const { return length_; }
  std::uint64_t appended() const { return appended_; }
  const Run& run() const { return run_; }

 private:
  void end_chunk();
  Result<void> write_block();

  os::File& file_;
  const Run run_;
  const std::uint64_t length_;
  const std::uint64_t birth_;
  const std::uint32_t page_size_;
  const std::uint64_t seed_;
  std::uint64_t appended_ = 0;
  // What comes next in the run, from a multiple of the chunk's size on: so all writes but the last
  // cover whole pages. The header's length of bytes before the chunk at the end of `block_` belongs
  // to the header or the chunk before.
  std::vector<std::uint8_t> block_;
  std::vector<std::uint8_t> table_;
};

}  // namespace kist::engine
