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

/// A value read piece by piece, each chunk of 64 KiB verified before any of it is returned. In
/// memory are one chunk, and 8 bytes for each 64 KiB of the value. Got from Txn::open_value().
///
/// Lives as long as its snapshot: afterwards read() returns kTransactionEnded. A write in a write
/// transaction ends it, too (kCursorInvalid), unless outlives_writes() is true of the value. In a
/// multimap the value is verified as a whole when it is opened.
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

/// A value being written piece by piece. Got from WriteTxn::stream_value(); used on the thread that
/// uses the transaction. Other writes of the transaction may come between, and several values may
/// be written at a time. In memory are one chunk of 64 KiB, and 8 bytes for each 64 KiB of the
/// value.
///
/// It belongs to no state of the transaction before finish(), then to the one of that moment.
/// Without finish() its room is given back: when it is destroyed, or when the transaction (of
/// nested ones, that which it was begun in) ends or commits.
class ValueWriter {
 public:
  ValueWriter(ValueWriter&&) noexcept;
  ValueWriter& operator=(ValueWriter&&) noexcept;
  ~ValueWriter();

  /// Appends `bytes`. Errors: kValueTooLong, and nothing appended, beyond the size that was
  /// announced; kTransactionEnded; kMisuse after finish(); kIo, which latches the environment.
  Result<void> write(Bytes bytes);
  /// Makes what was written the value of the key, in the place of the one it has. Errors: kMisuse
  /// when it is not as long as announced, or the second time; those of WriteTxn::put() otherwise.
  Result<void> finish();

 private:
  friend class WriteTxn;
  struct State;
  explicit ValueWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace kist::engine
