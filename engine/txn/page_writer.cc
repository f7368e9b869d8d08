#include "engine/txn/page_writer.h"

#include "engine/os/clock.h"

namespace kist::engine {

Result<void> PageWriter::add_at(std::uint64_t offset, Bytes bytes) {
  if (offset == 0) offset = end_;
  if (!pieces_.empty() && offset != end_) {
    KIST_TRY(write_pieces());
  }
  if (pieces_.empty()) start_ = offset;
  const bool joins =
      !pieces_.empty() && pieces_.back().data() + pieces_.back().size() == bytes.data();
  if (joins) {
    pieces_.back() = {pieces_.back().data(), pieces_.back().size() + bytes.size()};
  } else {
    pieces_.push_back(bytes);
  }
  end_ = offset + bytes.size();
  return {};
}

Result<void> PageWriter::write_pieces() {
  const std::uint64_t start = os::monotonic_nanoseconds();
  KIST_TRY(map_ != nullptr ? file_.store_at(*map_, start_, pieces_)
                           : file_.write_at(start_, pieces_));
  time_in_writes_ += os::monotonic_nanoseconds() - start;
  pieces_.clear();
  return {};
}

Result<void> PageWriter::write() {
  if (!pieces_.empty()) KIST_TRY(write_pieces());
  chunks_.clear();
  used_ = 0;
  return {};
}

}  // namespace kist::engine
