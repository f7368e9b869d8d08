// rkv SafeMode files: kvstore/docs/transfer.md.

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "kvstore/codec/little_endian.h"
#include "kvstore/transfer/readers.h"
#include "kvstore/transfer/rkv_value.h"

namespace kist::transfer {
namespace {

constexpr std::uint32_t kSortedDuplicates = 1;
constexpr std::uint32_t kIntegerKeys = 2;

/// Which of two encodings the values of a key have; nothing in the file tells.
enum class Form : std::uint8_t {
  kOne,      ///< One value: rkv built without duplicates.
  kCounted,  ///< A number of values, then these.
};

/// Takes the file apart, from its start to its end.
class SafeModeReader {
 public:
  SafeModeReader(const std::string& name, Bytes bytes, Form form)
      : name_(name), bytes_(bytes), form_(form) {}

  /// `sink`: null to see only whether the whole file can be read in this form.
  Result<void> run(Sink* sink) {
    sink_ = sink;
    KIST_ASSIGN(const std::uint64_t databases, number("the number of databases"));
    for (std::uint64_t i = 0; i < databases; ++i) KIST_TRY(database());
    if (at_ == bytes_.size()) return {};
    return damaged("bytes behind the last database");
  }

  /// Found by run().
  std::uint64_t records() const { return records_; }

 private:
  std::unexpected<Error> damaged(std::string_view what) const {
    return fail(ErrorCode::kDamaged, fmt::format("{}: at byte {}: {}", name_, at_, what));
  }

  Result<Bytes> take(std::uint64_t size, std::string_view what) {
    if (size > bytes_.size() - at_) {
      return damaged(fmt::format("the file ends within {} ({} bytes)", what, size));
    }
    const Bytes taken = bytes_.subspan(at_, static_cast<std::size_t>(size));
    at_ += taken.size();
    return taken;
  }
  Result<std::uint64_t> number(std::string_view what) {
    KIST_ASSIGN(const Bytes bytes, take(8, what));
    return codec::load_u64(bytes.data());
  }
  Result<Bytes> counted(std::string_view what) {
    KIST_ASSIGN(const std::uint64_t size, number(what));
    return take(size, what);
  }
  Result<std::uint32_t> flags() {
    KIST_ASSIGN(const Bytes bytes, take(4, "the flags of a database"));
    std::uint32_t flags = 0;
    for (std::size_t i = 0; i < 4; ++i) flags |= static_cast<std::uint32_t>(bytes[i]) << (8 * i);
    return flags;
  }

  Result<void> database() {
    KIST_ASSIGN(const Bytes named, take(1, "a database"));
    std::optional<std::string_view> name;
    if (named[0] > 1) return damaged("neither a name nor none");
    if (named[0] == 1) {
      KIST_ASSIGN(const Bytes text, counted("the name of a database"));
      name = engine::as_text(text);
    }
    KIST_ASSIGN(const std::uint32_t found, flags());
    if ((found & ~(kSortedDuplicates | kIntegerKeys)) != 0) {
      return damaged(fmt::format("flags {:#x}", found));
    }
    duplicates_ = (found & kSortedDuplicates) != 0;
    integers_ = (found & kIntegerKeys) != 0;
    wanted_ = sink_ != nullptr;
    if (wanted_) {
      KIST_ASSIGN(wanted_,
                  sink_->store(name, {.multi = duplicates_,
                                      .keys = integers_ ? KeyType::kU32 : KeyType::kBytes}));
    }
    KIST_ASSIGN(const std::uint64_t keys, number("the number of keys"));
    for (std::uint64_t i = 0; i < keys; ++i) KIST_TRY(key());
    return {};
  }

  Result<void> key() {
    KIST_ASSIGN(const Bytes bytes, counted("a key"));
    Key key(bytes);
    if (integers_) {
      if (bytes.size() != 4) return damaged("an integer key that is not of 4 bytes");
      std::uint32_t number = 0;
      for (std::size_t i = 0; i < 4; ++i) number |= std::uint32_t{bytes[i]} << (8 * i);
      key = Key(number);
    }
    if (form_ == Form::kOne) return value(key);
    KIST_ASSIGN(const std::uint64_t values, number("the number of values"));
    if (values > 1 && !duplicates_) return damaged("several values of a key that may have one");
    for (std::uint64_t i = 0; i < values; ++i) KIST_TRY(value(key));
    return {};
  }

  Result<void> value(const Key& key) {
    KIST_ASSIGN(const Bytes bytes, counted("a value"));
    auto value = decode_rkv_value(bytes);
    if (!value) {
      return fail(value.error().code, fmt::format("{}: the value before byte {}: {}", name_, at_,
                                                  value.error().message));
    }
    ++records_;
    return wanted_ ? sink_->record(key, *value) : Result<void>();
  }

  const std::string& name_;
  const Bytes bytes_;
  const Form form_;
  Sink* sink_ = nullptr;
  std::size_t at_ = 0;
  std::uint64_t records_ = 0;
  // Of the database that is being read.
  bool duplicates_ = false;
  bool integers_ = false;
  bool wanted_ = false;
};

}  // namespace

Result<void> read_safe_mode(Source& source, Sink& sink) {
  KIST_ASSIGN(const std::vector<std::uint8_t> bytes, source.read_all());
  if (std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; })) {
    return fail(ErrorCode::kDamaged,
                fmt::format("{}: {} bytes, all of them zero", source.name(), bytes.size()));
  }
  SafeModeReader one(source.name(), bytes, Form::kOne);
  SafeModeReader counted(source.name(), bytes, Form::kCounted);
  const Result<void> as_one = one.run(nullptr);
  const Result<void> as_counted = counted.run(nullptr);
  if (!as_one && !as_counted) {
    return fail(ErrorCode::kDamaged,
                fmt::format("{}; or, with values counted: {}", as_one.error().message,
                            as_counted.error().message));
  }
  if (as_one && as_counted && one.records() != counted.records()) {
    return fail(ErrorCode::kDamaged, source.name() + ": can be read in two ways");
  }
  const Form form = as_one ? Form::kOne : Form::kCounted;
  sink.expect(as_one ? one.records() : counted.records());
  return SafeModeReader(source.name(), bytes, form).run(&sink);
}

}  // namespace kist::transfer
