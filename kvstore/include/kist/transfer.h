#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <kist/engine/byte_stream.h>
#include <kist/engine/error.h>
#include <kist/engine/progress.h>
#include <kist/store.h>

namespace kist {

/// What a file to import is. kvstore/docs/transfer.md says how each is read.
enum class ImportFormat : std::uint8_t {
  kDetect = 0,    ///< Found out by its content.
  kSafeMode = 1,  ///< rkv SafeMode: `data.safe.bin`, in either form.
  kLmdb = 2,      ///< LMDB 0.9: `data.mdb`, of 32 or 64 bits and either byte order.
  kJson = 3,      ///< What export_json() writes.
};

/// What happens to a key that has another value already. The same value is never a conflict, so
/// that an import can be repeated; nor is another value of a key in a multi store, which is added.
enum class OnConflict : std::uint8_t {
  kError = 0,    ///< The import fails with kAlreadyExists, and nothing has changed.
  kIgnore = 1,   ///< The value that is there stays.
  kReplace = 2,  ///< The imported value takes its place.
};

/// What the values of an LMDB file are.
enum class ImportValues : std::uint8_t {
  kRkv = 0,    ///< Typed values in rkv's encoding; bytes behind a value are ignored, as rkv does.
  kBytes = 1,  ///< Plain bytes: each becomes a blob.
};

struct ImportOptions {
  ImportFormat format = ImportFormat::kDetect;
  OnConflict conflict = OnConflict::kError;
  ImportValues values = ImportValues::kRkv;
  /// Name of the store that takes the records of the source's unnamed database, if it has any.
  std::string unnamed = "default";
  /// Only the source's stores (databases) of these names; empty: all.
  std::vector<std::string> stores = {};
  /// Counts records.
  engine::ProgressCallback progress = {};
};

/// What an import did; each record of the source is counted as one of the last four.
struct ImportReport {
  std::uint64_t stores = 0;     ///< Stores that were read.
  std::uint64_t records = 0;    ///< Records that were read: pairs, of multi stores.
  std::uint64_t added = 0;      ///< Keys, or values of a key, that were new.
  std::uint64_t unchanged = 0;  ///< There already, the same.
  std::uint64_t replaced = 0;   ///< kReplace.
  std::uint64_t ignored = 0;    ///< kIgnore.
};

/// Stores what the file `path` holds in `profile`: all of it, in one durable transaction, or on any
/// error nothing. Stores are created as needed, of the kind that the source's are: databases with
/// sorted duplicates become multi stores, integer keys unsigned integers of their width. The source
/// is only read, and nothing in it is believed without looking. It should not be written to
/// meanwhile; an LMDB file that is, is noticed (kConflict).
///
/// Errors: kNotFound, kPermission; kNotAStore (none of the formats, or not the one that was named);
/// kDamaged (not whole, with the place); kNewerFormat; kBadValue, kInvalidText, kInvalidJson (a
/// value that cannot be kept; with the key); kAlreadyExists (a conflict; with store and key);
/// kWrongKind (a store of another kind is there already); kStopped; those of Profile::write().
Result<ImportReport> import_file(const Profile& profile, const std::string& path,
                                 const ImportOptions& options = {});

struct ExportOptions {
  /// Only the stores of these names; empty: all. kTableNotFound for one that is not there.
  std::vector<std::string> stores = {};
  /// Counts records.
  engine::ProgressCallback progress = {};
};

struct ExportReport {
  std::uint64_t stores = 0;
  std::uint64_t records = 0;
};

/// Writes one snapshot of the profile's stores as a JSON document, a record a line, in the order of
/// names and keys; import_file() makes the same of it again. Nothing is lost: types are named,
/// blobs written in base64, doubles that JSON does not have by their bits. Errors: kBadValue,
/// kNewerFormat (a store or value that this version cannot read), kStopped, what `sink` returns.
Result<ExportReport> export_json(const Profile& profile, const engine::ByteSink& sink,
                                 const ExportOptions& options = {});

}  // namespace kist
