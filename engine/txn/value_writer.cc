// Values that come piece by piece.

#include <utility>
#include <vector>

#include <fmt/format.h>

#include <kist/engine/value_stream.h>
#include <kist/engine/write_txn.h>

#include "engine/txn/record_edit.h"
#include "engine/txn/run_stream.h"
#include "engine/txn/write_access.h"

namespace kist::engine {
namespace {

// Up to this size a value waits in memory and is then stored like any other.
constexpr std::uint64_t kStoredWhole = overflow_layout::kChunk;

}  // namespace

struct ValueWriter::State {
  State(std::shared_ptr<Snapshot> of, Table in, Bytes under, std::uint64_t bytes)
      : snapshot(std::move(of)), epoch(snapshot->epoch()), table(in), size(bytes) {
    key = to_string(under);
  }
  ~State() {
    if (run && snapshot->epoch() == epoch && !snapshot->stale()) {
      snapshot->innermost().write->early.drop(run->run());
    }
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  /// The transaction, when the value may still be written.
  Result<WriteState*> writing() const {
    // The transaction may have gone on as another one, to which the room does not belong.
    if (!finished && snapshot->epoch() != epoch) {
      return fail(ErrorCode::kTransactionEnded,
                  "the transaction that the value was to be written in has ended");
    }
    KIST_ASSIGN(WriteState * state, writable(snapshot));
    if (!finished) return state;
    return fail(ErrorCode::kMisuse,
                snapshot->environment->path + ": the value was finished before");
  }
  std::uint64_t written() const { return run ? run->appended() : whole.size(); }

  const std::shared_ptr<Snapshot> snapshot;
  const std::uint64_t epoch;
  const Table table;
  std::string key;
  const std::uint64_t size;
  bool finished = false;
  std::vector<std::uint8_t> whole;  // of a value that is stored whole
  std::optional<RunStream> run;     // of another
};

ValueWriter::ValueWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
ValueWriter::ValueWriter(ValueWriter&&) noexcept = default;
ValueWriter& ValueWriter::operator=(ValueWriter&&) noexcept = default;
ValueWriter::~ValueWriter() = default;

Result<ValueWriter> WriteTxn::stream_value(Table table, Bytes key, std::uint64_t size) {
  KIST_ASSIGN(WriteState * state, writable(snapshot_));
  KIST_ASSIGN(const TableState* found, present(*snapshot_, table));
  Environment& environment = *snapshot_->environment;
  if (found->shape.multi) {
    return fail(ErrorCode::kMisuse,
                environment.path + ": values of a multimap are not written piece by piece");
  }
  KIST_TRY(check_sizes(environment, *found, key, size));
  auto stream = std::make_unique<ValueWriter::State>(snapshot_, table, key, size);
  if (size > kStoredWhole) {
    const std::uint64_t pages = overflow_pages(size, environment.page_size);
    KIST_ASSIGN(const Run run, state->early.open_run(pages, snapshot_.get()));
    stream->run.emplace(environment.file, run, size, environment.space->transaction(),
                        environment.page_size, environment.seed);
  }
  return ValueWriter(std::move(stream));
}

Result<void> ValueWriter::write(Bytes bytes) {
  if (!state_) return fail(ErrorCode::kTransactionEnded, "the stream was moved from");
  KIST_ASSIGN(WriteState * state, state_->writing());
  Environment& environment = *state_->snapshot->environment;
  if (bytes.size() > state_->size - state_->written()) {
    return fail(ErrorCode::kValueTooLong,
                fmt::format("{}: {} bytes more than the {} that were announced", environment.path,
                            bytes.size() - (state_->size - state_->written()), state_->size));
  }
  if (!state_->run) {
    state_->whole.insert(state_->whole.end(), bytes.begin(), bytes.end());
    return {};
  }
  state->early.wrote(bytes.size());
  if (auto appended = state_->run->append(bytes); !appended) {
    return std::unexpected(environment.latch(appended.error()));
  }
  return {};
}

Result<void> ValueWriter::finish() {
  if (!state_) return fail(ErrorCode::kTransactionEnded, "the stream was moved from");
  KIST_ASSIGN(WriteState * state, state_->writing());
  Environment& environment = *state_->snapshot->environment;
  if (state_->written() != state_->size) {
    return fail(ErrorCode::kMisuse, fmt::format("{}: {} bytes were written of a value of {}",
                                                environment.path, state_->written(), state_->size));
  }
  KIST_ASSIGN(TableState * found, present(*state_->snapshot, state_->table));
  RecordEdit record(*state_->snapshot, *state, *found);
  KIST_TRY(record.seek(as_bytes(state_->key)));
  if (!state_->run) {
    KIST_TRY(record.store(Bytes(state_->whole)));
  } else {
    auto ref = state_->run->finish();
    if (!ref) return std::unexpected(environment.latch(ref.error()));
    KIST_TRY(state->extend_views());
    state->early.settle(std::exchange(state_->run, std::nullopt)->run());
    KIST_TRY(record.store(*ref));
  }
  state_->finished = true;
  return {};
}

}  // namespace kist::engine
