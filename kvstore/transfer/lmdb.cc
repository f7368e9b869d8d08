// Records of LMDB files: kvstore/docs/transfer.md.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "kvstore/transfer/lmdb_file.h"
#include "kvstore/transfer/readers.h"
#include "kvstore/transfer/rkv_value.h"

namespace kist::transfer {
namespace {

/// Tells a sink of the records of one database.
class DatabaseReader {
 public:
  DatabaseReader(LmdbFile& file, const Source& source, ImportValues values, Sink& sink)
      : file_(file), source_(source), values_(values), sink_(sink) {}

  /// `name`: nothing for the main database, whose named ones are not its records.
  Result<void> run(const std::optional<std::string>& name, const LmdbTree& tree) {
    begun_ = false;
    wanted_ = true;
    const auto visit = [&](const LmdbFile::Found& found) -> Result<void> {
      if (found.database) {
        // One within a named database would be no database of LMDB's.
        if (!name) databases_.emplace_back(engine::as_text(found.key), *found.database);
        return {};
      }
      KIST_TRY(begin(name, tree, found.key.size()));
      return wanted_ ? record(tree, found) : Result<void>();
    };
    KIST_TRY(file_.walk(tree, visit));
    // A named database is a store, also when it is empty.
    return name ? begin(name, tree, 4) : Result<void>();
  }

  /// The named ones that the main database lists.
  const std::vector<std::pair<std::string, LmdbTree>>& databases() const { return databases_; }

 private:
  Result<void> begin(const std::optional<std::string>& name, const LmdbTree& tree,
                     std::size_t key_size) {
    if (begun_) return {};
    begun_ = true;
    StoreOptions options;
    options.multi = tree.duplicates();
    if (tree.integer_keys()) options.keys = key_size == 8 ? KeyType::kU64 : KeyType::kU32;
    key_size_ = options.keys == KeyType::kU64 ? 8 : 4;
    KIST_ASSIGN(wanted_, sink_.store(name, options));
    return {};
  }

  Result<void> record(const LmdbTree& tree, const LmdbFile::Found& found) {
    Key key(found.key);
    if (tree.integer_keys()) {
      if (found.key.size() != key_size_) {
        return fail(ErrorCode::kDamaged,
                    fmt::format("{}: an integer key of {} bytes among those of {}", source_.name(),
                                found.key.size(), key_size_));
      }
      key = Key(file_.number(found.key));
    }
    if (values_ == ImportValues::kBytes) return sink_.record(key, ValueView::blob(found.value));
    auto value = decode_rkv_value(found.value);
    if (value) return sink_.record(key, *value);
    return fail(value.error().code,
                fmt::format("{}: a value of {} bytes is none of rkv's: {}", source_.name(),
                            found.value.size(), value.error().message));
  }

  LmdbFile& file_;
  const Source& source_;
  const ImportValues values_;
  Sink& sink_;
  std::vector<std::pair<std::string, LmdbTree>> databases_;
  bool begun_ = false;
  bool wanted_ = true;
  std::size_t key_size_ = 4;
};

}  // namespace

Result<void> read_lmdb(Source& source, ImportValues values, Sink& sink) {
  KIST_ASSIGN(LmdbFile file, LmdbFile::open(source));
  DatabaseReader reader(file, source, values, sink);
  sink.expect(file.main().entries);
  KIST_TRY(reader.run(std::nullopt, file.main()));
  std::uint64_t records = file.main().entries;
  for (const auto& [name, tree] : reader.databases()) records += tree.entries;
  sink.expect(records - reader.databases().size());
  for (const auto& [name, tree] : reader.databases()) KIST_TRY(reader.run(name, tree));
  KIST_ASSIGN(const bool unchanged, file.unchanged());
  if (unchanged) return {};
  return fail(ErrorCode::kConflict, source.name() + ": was written to while it was read");
}

}  // namespace kist::transfer
