// Values that are read piece by piece.

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <kist/engine/txn.h>
#include <kist/engine/value_stream.h>

#include "engine/base/checksum.h"
#include "engine/txn/environment.h"
#include "engine/txn/multimap.h"
#include "engine/txn/snapshot.h"

namespace kist::engine {
namespace {

using overflow_layout::kChunk;
using overflow_layout::kValue;

/// Reads an overflow run through the file, not through the map: what was read stays as it was
/// verified, and no page of the value stays in this process's memory.
class RunReader {
 public:
  RunReader(const os::File& file, const Pager& pager, const Ref& ref)
      : file_(file), pager_(pager), ref_(ref), start_(ref.page * pager.page_size()) {}

  /// Reads the header and the table of checksums, which takes 8 bytes for each 64 KiB of the value.
  Result<void> open() {
    std::array<std::uint8_t, kValue> header;
    KIST_TRY(fill(0, header));
    if (!pager_.verifying()) return {};
    KIST_TRY(pager_.verify_overflow_header(header.data(), ref_));
    table_.resize(8 * overflow_chunks(ref_.count));
    KIST_TRY(fill(overflow_table_offset(ref_.count), table_));
    if (load64(header.data() + overflow_layout::kTableChecksum) ==
        checksum(table_.data(), table_.size(), pager_.seed())) {
      return {};
    }
    return std::unexpected(
        pager_.damage(ref_.page, "checksum of the run's chunk table does not match"));
  }

  /// As ValueReader::read().
  Result<std::size_t> read(std::uint64_t offset, std::span<std::uint8_t> out) {
    std::size_t done = 0;
    while (done < out.size() && offset < ref_.count) {
      const std::uint64_t index = offset / kChunk;
      const std::size_t within = offset % kChunk;
      const std::size_t size = chunk_size(index);
      const std::span<std::uint8_t> rest = out.subspan(done);
      std::size_t taken = size;
      if (within == 0 && rest.size() >= size) {
        KIST_TRY(load(index, rest.first(size)));
      } else {
        if (cached_ != index) {
          cached_ = kNone;
          chunk_.resize(size);
          KIST_TRY(load(index, chunk_));
          cached_ = index;
        }
        taken = std::min(rest.size(), size - within);
        std::copy_n(chunk_.begin() + static_cast<std::ptrdiff_t>(within), taken, rest.begin());
      }
      done += taken;
      offset += taken;
    }
    return done;
  }

 private:
  static constexpr std::uint64_t kNone = ~std::uint64_t{0};

  std::size_t chunk_size(std::uint64_t index) const {
    return std::min<std::uint64_t>(kChunk, ref_.count - index * kChunk);
  }
  Result<void> fill(std::uint64_t offset, std::span<std::uint8_t> out) const {
    KIST_ASSIGN(const std::size_t got, file_.read_at(start_ + offset, out));
    if (got == out.size()) return {};
    return std::unexpected(pager_.damage(ref_.page, "the file ends within the run"));
  }
  Result<void> load(std::uint64_t index, std::span<std::uint8_t> out) const {
    KIST_TRY(fill(kValue + index * kChunk, out));
    if (table_.empty()) return {};
    const std::uint64_t key = overflow_chunk_seed(pager_.seed(), ref_.page, ref_.birth, index);
    if (load64(table_.data() + 8 * index) == checksum(out.data(), out.size(), key)) return {};
    return std::unexpected(
        pager_.damage(ref_.page, fmt::format("value bytes {} to {} do not match their checksum",
                                             index * kChunk, index * kChunk + out.size())));
  }

  const os::File& file_;
  const Pager& pager_;
  const Ref ref_;
  const std::uint64_t start_;
  std::vector<std::uint8_t> table_;  // empty when nothing is verified
  std::vector<std::uint8_t> chunk_;  // chunk `cached_`
  std::uint64_t cached_ = kNone;
};

}  // namespace

struct ValueReader::State {
  explicit State(std::shared_ptr<Snapshot> of)
      : snapshot(std::move(of)), epoch(snapshot->epoch()), writes(snapshot->write_count()) {}

  Result<void> readable() const {
    KIST_TRY(snapshot->usable());
    if (snapshot->epoch() != epoch) {
      return fail(ErrorCode::kTransactionEnded,
                  "the snapshot that the value was read from was given up");
    }
    if (outlives_writes || snapshot->write_count() == writes) return {};
    return fail(ErrorCode::kCursorInvalid,
                "the transaction has written since the value was opened; open it again");
  }

  const std::shared_ptr<Snapshot> snapshot;
  const std::uint64_t epoch;
  const std::uint64_t writes;
  bool outlives_writes = false;
  std::uint64_t size = 0;
  Bytes whole;                   // of a value that is not read through `run`
  std::optional<RunReader> run;  // of another
};

ValueReader::ValueReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
ValueReader::ValueReader(ValueReader&&) noexcept = default;
ValueReader& ValueReader::operator=(ValueReader&&) noexcept = default;
ValueReader::~ValueReader() = default;

Result<std::optional<ValueReader>> Txn::open_value(Table table, Bytes key) const {
  if (!snapshot_) return fail(ErrorCode::kTransactionEnded, "the transaction has ended");
  KIST_ASSIGN(const TableState* found, snapshot_->present(table));
  const PageView& view = snapshot_->view;
  auto state = std::make_unique<ValueReader::State>(snapshot_);
  std::optional<Bytes> whole;
  if (found->shape.multi) {
    KIST_ASSIGN(whole, multi_get(*snapshot_, *found, key));
    if (!whole) return std::nullopt;
  } else {
    LeafRecord record;
    const Found answer = find_record(view, found->record.root, found->shape, key, record);
    if (answer == Found::kError) return std::unexpected(view.take_error());
    if (answer == Found::kNo) return std::nullopt;
    if (!record.indirect) {
      whole = record.value_bytes();
    } else {
      const Ref ref = load_ref(record.value());
      KIST_ASSIGN(const Bytes value, view.unverified_value(record.value()));
      state->size = value.size();
      state->outlives_writes = outlives_writes(value);
      if ((ref.flags & kRefDirty) != 0) {
        whole = value;
      } else {
        const Environment& environment = *snapshot_->environment;
        KIST_TRY(state->run.emplace(environment.file, *environment.pager, ref).open());
      }
    }
  }
  if (whole) {
    state->whole = *whole;
    state->size = whole->size();
    state->outlives_writes = outlives_writes(*whole);
  }
  if (view.map_damaged()) return std::unexpected(snapshot_->unreadable());
  return ValueReader(std::move(state));
}

std::uint64_t ValueReader::size() const {
  return state_ ? state_->size : 0;
}

Result<std::size_t> ValueReader::read(std::uint64_t offset, std::span<std::uint8_t> out) {
  if (!state_) return fail(ErrorCode::kTransactionEnded, "the stream was moved from");
  KIST_TRY(state_->readable());
  if (state_->run) {
    auto done = state_->run->read(offset, out);
    // A reader of an uncommitted state may have lost it to another thread meanwhile.
    if (!done) KIST_TRY(state_->readable());
    return done;
  }
  if (offset >= state_->size) return 0;
  const Bytes piece = state_->whole.subspan(offset);
  const std::size_t size = std::min(piece.size(), out.size());
  std::copy_n(piece.begin(), size, out.begin());
  if (state_->snapshot->view.map_damaged()) {
    return std::unexpected(state_->snapshot->unreadable());
  }
  return size;
}

}  // namespace kist::engine
