// Text becomes tables: engine/docs/dump.md.

#include <algorithm>
#include <array>
#include <charconv>
#include <deque>

#include <kist/engine/dump.h>
#include <kist/engine/value_stream.h>

#include "engine/upkeep/dump_text.h"
#include "engine/upkeep/pace.h"
#include "engine/upkeep/table_copy.h"

namespace kist::engine {
namespace {

// Values longer than this are written piece by piece.
constexpr std::uint64_t kStreamed = std::uint64_t{1} << 20;

template <typename Number>
std::optional<Number> number_of(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

class Loader {
 public:
  Loader(const Database& database, const ByteSource& source, const ProgressCallback& progress)
      : database_(database), in_(source), pace_(progress, 0) {}

  Result<DumpReport> run() {
    KIST_TRY(title());
    KIST_ASSIGN(WriteTxn txn, database_.write());
    for (;;) {
      KIST_ASSIGN(const std::string_view line, in_.next());
      if (line.starts_with("done ")) {
        KIST_TRY(in_.finish(line.substr(5)));
        break;
      }
      if (line == "table") {
        KIST_TRY(table(txn));
      } else {
        KIST_TRY(environment(txn, line));
      }
    }
    KIST_ASSIGN(report_.transaction, txn.commit());
    return report_;
  }

 private:
  Result<void> title() {
    KIST_ASSIGN(const std::string_view line, in_.next());
    const auto version = line.starts_with(kDumpTitle)
                             ? number_of<std::uint32_t>(line.substr(kDumpTitle.size()))
                             : std::nullopt;
    if (!version) return in_.wrong("this is no dump");
    if (*version == kDumpVersion) return {};
    return fail(ErrorCode::kNewerFormat, "the dump is of version " + std::to_string(*version));
  }

  /// A line about the whole.
  Result<void> environment(WriteTxn& txn, std::string_view line) {
    const std::size_t space = line.find(' ');
    const std::string_view word = line.substr(0, space);
    std::string_view rest =
        space == std::string_view::npos ? line.substr(line.size()) : line.substr(space + 1);
    if (word == "page-size") return {};
    if (word == "domain-version") {
      const auto version = number_of<std::uint64_t>(rest);
      return version ? txn.set_domain_version(*version) : in_.wrong("is no number");
    }
    if (word == "metadata") {
      std::string metadata;
      KIST_TRY(text(rest, metadata));
      return txn.set_metadata(as_bytes(metadata));
    }
    if (word != "markers") return in_.wrong("is neither a table nor the end");
    std::array<std::uint64_t, 3> markers{};
    for (std::uint64_t& marker : markers) {
      const std::size_t end = std::min(rest.find(' '), rest.size());
      const auto number = number_of<std::uint64_t>(rest.substr(0, end));
      if (!number) return in_.wrong("has not three numbers");
      marker = *number;
      rest = rest.substr(std::min(end + 1, rest.size()));
    }
    return txn.set_markers(markers);
  }

  Result<void> text(std::string_view escaped, std::string& out) {
    out.clear();
    return unescape(escaped, out) ? Result<void>() : in_.wrong("is not escaped as it should be");
  }

  /// The lines between "table" and "records", which it reads as well.
  Result<void> header(std::string& name, TableOptions& options, std::uint64_t& sequence,
                      std::uint64_t& records) {
    for (;;) {
      KIST_ASSIGN(const std::string_view line, in_.next());
      const std::size_t space = line.find(' ');
      const std::string_view word = line.substr(0, space);
      const std::string_view rest =
          space == std::string_view::npos ? std::string_view() : line.substr(space + 1);
      if (word == "name") {
        KIST_TRY(text(rest, name));
      } else if (word == "key-comparator") {
        KIST_TRY(text(rest, options.key_comparator));
      } else if (word == "value-comparator") {
        KIST_TRY(text(rest, options.value_comparator));
      } else if (word == "key-order" || word == "value-order") {
        const auto order = order_of_word(rest);
        if (!order) return in_.wrong("names no order");
        (word == "key-order" ? options.key_order : options.value_order) = *order;
      } else if (word == "multi") {
        options.multi = true;
      } else if (word == "value-size") {
        const auto size = number_of<std::uint16_t>(rest);
        if (!size) return in_.wrong("is no size");
        options.value_size = *size;
      } else if (word == "sequence" || word == "records") {
        const auto number = number_of<std::uint64_t>(rest);
        if (!number) return in_.wrong("is no number");
        (word == "sequence" ? sequence : records) = *number;
        if (word == "records") return {};
      } else {
        return in_.wrong("is nothing that is said of a table");
      }
    }
  }

  Result<void> table(WriteTxn& txn) {
    std::string name;
    TableOptions options;
    std::uint64_t sequence = 0;
    std::uint64_t records = 0;
    KIST_TRY(header(name, options, sequence, records));
    Table table;
    if (name.empty()) {
      if (options != TableOptions()) return in_.wrong("the default table has no options");
      KIST_ASSIGN(const std::uint64_t there, txn.count(table));
      if (there != 0) return fail(ErrorCode::kTableExists, "the default table is not empty");
    } else {
      KIST_ASSIGN(table, database_.table(name));
      KIST_TRY(txn.create_table(table, options));
    }
    KIST_ASSIGN(const std::uint64_t begun, txn.sequence(table));
    if (begun < sequence) KIST_TRY(txn.advance_sequence(table, sequence - begun));
    ++report_.tables;
    append_ = {};
    multi_ = options.multi;
    const std::uint64_t before = report_.records;
    KIST_TRY(lines(txn, table));
    KIST_ASSIGN(const std::uint64_t stored, txn.count(table));
    if (report_.records - before == records && stored == records) return {};
    return in_.wrong("the table has another number of records than was said");
  }

  Result<void> lines(WriteTxn& txn, Table table) {
    std::string key;
    bool keyed = false;
    for (;;) {
      KIST_ASSIGN(const std::string_view line, in_.next());
      if (line == "end") return flush(txn, table);
      if (line.starts_with(' ')) {
        KIST_TRY(text(line.substr(1), key));
        keyed = true;
        continue;
      }
      if (!keyed) return in_.wrong("has no key before it");
      if (line.starts_with('=')) {
        std::string value;
        KIST_TRY(text(line.substr(1), value));
        KIST_TRY(add(txn, table, key, std::move(value)));
      } else if (line.starts_with('#')) {
        const auto size = number_of<std::uint64_t>(line.substr(1));
        if (!size) return in_.wrong("is no size of a value");
        KIST_TRY(large(txn, table, key, *size));
      } else {
        return in_.wrong("is neither a key nor a value");
      }
      keyed = multi_;
      ++report_.records;
      KIST_TRY(pace_.report(1, key.size()));
    }
  }

  Result<void> large(WriteTxn& txn, Table table, const std::string& key, std::uint64_t size) {
    KIST_TRY(flush(txn, table));
    std::optional<ValueWriter> writer;
    if (!multi_ && size > kStreamed) {
      KIST_ASSIGN(ValueWriter streamed, txn.stream_value(table, as_bytes(key), size));
      writer = std::move(streamed);
    }
    std::string value;
    std::string part;
    for (std::uint64_t got = 0; got < size; got += part.size()) {
      KIST_ASSIGN(const std::string_view line, in_.next());
      if (!line.starts_with('+')) return in_.wrong("is not the next part of a value");
      KIST_TRY(text(line.substr(1), part));
      if (part.empty() || part.size() > size - got) return in_.wrong("is not as long as was said");
      if (writer) {
        KIST_TRY(writer->write(as_bytes(part)));
      } else {
        value += part;
      }
    }
    return writer ? writer->finish() : add(txn, table, key, std::move(value));
  }

  Result<void> add(WriteTxn& txn, Table table, const std::string& key, std::string value) {
    constexpr std::size_t kMostRecords = 512;
    constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 20;
    bytes_ += key.size() + value.size();
    keys_.push_back(key);
    values_.push_back(std::move(value));
    return keys_.size() < kMostRecords && bytes_ < kMostBytes ? Result<void>() : flush(txn, table);
  }

  Result<void> flush(WriteTxn& txn, Table table) {
    std::vector<Record> records;
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      records.push_back({as_bytes(keys_[i]), as_bytes(values_[i])});
    }
    KIST_TRY(append_.store(txn, table, multi_, records));
    keys_.clear();
    values_.clear();
    bytes_ = 0;
    return {};
  }

  const Database& database_;
  DumpReader in_;
  Pace pace_;
  DumpReport report_;
  LikelyAppend append_;  // of the table that is being loaded
  bool multi_ = false;   // that table is a multimap
  std::deque<std::string> keys_;
  std::deque<std::string> values_;
  std::uint64_t bytes_ = 0;
};

}  // namespace

Result<DumpReport> load(const Database& database, const ByteSource& source,
                        const ProgressCallback& progress) {
  return Loader(database, source, progress).run();
}

}  // namespace kist::engine
