#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <kist/engine/error.h>
#include <kist/transfer.h>

#include "kvstore/transfer/source.h"

/// Readers of other formats. Each tells what it finds, in the order of the source; none knows where
/// it goes. Sources are untrusted: whatever bytes they hold, a reader ends, with an error or not,
/// and tells nothing that is not there.
namespace kist::transfer {

/// Where a reader puts what it finds. An error ends the reading.
class Sink {
 public:
  virtual ~Sink() = default;
  /// How many records will follow in all, as far as the source says.
  virtual void expect(std::uint64_t records) = 0;
  /// The records that follow are of this store; nothing: of the source's unnamed database. False:
  /// they are not wanted, and may be left out. `options.create` means nothing.
  virtual Result<bool> store(std::optional<std::string_view> name, const StoreOptions& options) = 0;
  /// A record, borrowed during the call.
  virtual Result<void> record(const Key& key, const ValueView& value) = 0;
};

/// rkv SafeMode. Errors: kDamaged, kBadValue, kNotAStore, and what `sink` returns.
Result<void> read_safe_mode(Source& source, Sink& sink);
/// LMDB 0.9. Errors: kDamaged, kNotAStore, kNewerFormat, kConflict (it changed meanwhile).
Result<void> read_lmdb(Source& source, ImportValues values, Sink& sink);
/// Errors: kInvalidJson, kDamaged (not of the form that export_json() writes), kNotAStore,
/// kNewerFormat.
Result<void> read_json(Source& source, Sink& sink);

/// What the content looks like; nothing when it is none of these.
std::optional<ImportFormat> detect(Source& source);
/// Reads whatever it is. `format` may be kDetect.
Result<void> read_source(Source& source, ImportFormat format, ImportValues values, Sink& sink);

}  // namespace kist::transfer
