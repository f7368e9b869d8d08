// What is read from other formats becomes records of a profile: kvstore/docs/transfer.md.

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include <kist/transaction.h>
#include <kist/transfer.h>

#include "kvstore/transfer/readers.h"

namespace kist {
namespace {

using transfer::Sink;
using transfer::Source;

constexpr std::uint64_t kRecordsBetweenReports = 1024;

/// Puts what a reader finds into a write transaction.
class Importer : public Sink {
 public:
  Importer(Writer& writer, const ImportOptions& options) : writer_(writer), options_(options) {}

  void expect(std::uint64_t records) override { expected_ = records; }

  Result<bool> store(std::optional<std::string_view> name, const StoreOptions& options) override {
    KIST_TRY(end_store());
    const std::string_view called = name.value_or(options_.unnamed);
    if (!options_.stores.empty() &&
        std::ranges::find(options_.stores, called) == options_.stores.end()) {
      return false;
    }
    StoreOptions made = options;
    made.create = true;
    KIST_ASSIGN(store_, writer_.open_store(called, made));
    ++report_.stores;
    if (store_->multi()) {
      KIST_ASSIGN(before_, writer_.count(*store_));
    }
    return true;
  }

  Result<void> record(const Key& key, const ValueView& value) override {
    ++report_.records;
    if (report_.records % kRecordsBetweenReports == 0) KIST_TRY(tell());
    if (store_->multi()) {
      ++pairs_;
      return named(writer_.put(*store_, key, value), key);
    }
    auto present = writer_.get(*store_, key);
    if (!present) return named(std::unexpected(std::move(present).error()), key);
    if (!*present) {
      ++report_.added;
      return named(writer_.put(*store_, key, value), key);
    }
    if (**present == value) {
      ++report_.unchanged;
      return {};
    }
    switch (options_.conflict) {
      case OnConflict::kError:
        break;
      case OnConflict::kIgnore:
        ++report_.ignored;
        return {};
      case OnConflict::kReplace:
        ++report_.replaced;
        return named(writer_.put(*store_, key, value), key);
    }
    return fail(
        ErrorCode::kAlreadyExists,
        fmt::format("store '{}': key {} has another value already", store_->name(), text_of(key)));
  }

  /// To be called behind the last record.
  Result<ImportReport> finish() {
    KIST_TRY(end_store());
    KIST_TRY(tell());
    return report_;
  }

 private:
  static std::string text_of(const Key& key) {
    if (key.form() == Key::Form::kSigned) {
      return fmt::format("{}", static_cast<std::int64_t>(key.number()));
    }
    if (key.form() == Key::Form::kUnsigned) return fmt::format("{}", key.number());
    return fmt::format("'{}'", key.bytes());
  }

  /// Errors of a record say which.
  Result<void> named(Result<void> done, const Key& key) const {
    if (done) return done;
    return fail(done.error().code, fmt::format("store '{}': key {}: {}", store_->name(),
                                               text_of(key), done.error().message));
  }

  /// Of a multi store it is known at its end how many of the pairs were new.
  Result<void> end_store() {
    if (store_ && store_->multi()) {
      KIST_ASSIGN(const std::uint64_t after, writer_.count(*store_));
      report_.added += after - before_;
      report_.unchanged += pairs_ - (after - before_);
    }
    store_.reset();
    pairs_ = 0;
    return {};
  }

  Result<void> tell() const {
    const engine::Progress progress{report_.records, std::max(expected_, report_.records)};
    if (!options_.progress || options_.progress(progress)) return {};
    return fail(ErrorCode::kStopped, "the import was stopped");
  }

  Writer& writer_;
  const ImportOptions& options_;
  ImportReport report_;
  std::uint64_t expected_ = 0;
  std::optional<Store> store_;  // the one that records are of
  std::uint64_t before_ = 0;    // pairs in it
  std::uint64_t pairs_ = 0;     // that were put
};

}  // namespace

Result<ImportReport> import_file(const Profile& profile, const std::string& path,
                                 const ImportOptions& options) {
  KIST_ASSIGN(Source source, Source::open(path));
  return profile.write(
      [&](Writer& writer) -> Result<ImportReport> {
        Importer importer(writer, options);
        KIST_TRY(transfer::read_source(source, options.format, options.values, importer));
        return importer.finish();
      },
      Durability::kDurable);
}

}  // namespace kist
