#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include <kist/engine/bytes.h>
#include <kist/engine/error.h>

namespace kist::engine {

class Snapshot;
class Txn;
class WriteTxn;

/// A value read piece by piece, each piece verified before it is returned, without holding the
/// whole in memory. Got from Txn::open_value(); after the transaction, or a write in it, read()
/// returns kTransactionEnded or kCursorInvalid.
class ValueReader {
 public:
  ValueReader(ValueReader&&) noexcept;
  ValueReader& operator=(ValueReader&&) noexcept;
  ~ValueReader();

  /// Bytes of the value.
  std::uint64_t size() const;
  /// Copies bytes from `offset` on to `out`, as many as fit and are there. Returns how many; 0 from
  /// the end on. Errors: kDamaged, naming the page.
  Result<std::size_t> read(std::uint64_t offset, std::span<std::uint8_t> out);

 private:
  friend class Txn;
  struct State;
  explicit ValueReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// A value being written piece by piece. Got from WriteTxn::stream_value(). Other writes of the
/// transaction may come between. Destroying it without finish() gives the room back.
class ValueWriter {
 public:
  ValueWriter(ValueWriter&&) noexcept;
  ValueWriter& operator=(ValueWriter&&) noexcept;
  ~ValueWriter();

  /// Appends `bytes`. Errors: kValueTooLong beyond the size that was promised, kIo, kNoSpace,
  /// kTransactionEnded.
  Result<void> write(Bytes bytes);
  /// Makes what was written the value. kMisuse when it is not as long as promised, or a second
  /// time.
  Result<void> finish();

 private:
  friend class WriteTxn;
  struct State;
  explicit ValueWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace kist::engine
