// Batches as bytes, from one process to another; kvstore/docs/sandbox.md has their form.

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "kvstore/codec/little_endian.h"
#include "kvstore/codec/value_codec.h"
#include "kvstore/store/access.h"
#include "kvstore/store/batch_operation.h"

namespace kist {

namespace {

constexpr std::uint8_t kForm = 1;
constexpr std::uint8_t kHasKey = 1;
constexpr std::uint8_t kHasValue = 2;
constexpr std::uint8_t kMulti = 4;

void put_text(std::string& out, std::string_view text) {
  std::uint8_t length[8];
  codec::store_u64(text.size(), length);
  out.append(reinterpret_cast<const char*>(length), sizeof length);
  out += text;
}

/// Reads what put_text() and single bytes have written, never beyond the end.
class Source {
 public:
  explicit Source(Bytes bytes) : rest_(bytes) {}
  bool empty() const { return rest_.empty(); }
  std::optional<std::uint8_t> byte() {
    if (rest_.empty()) return std::nullopt;
    const std::uint8_t first = rest_.front();
    rest_ = rest_.subspan(1);
    return first;
  }
  std::optional<std::string_view> text() {
    if (rest_.size() < 8) return std::nullopt;
    const std::uint64_t length = codec::load_u64(rest_.data());
    if (length > rest_.size() - 8) return std::nullopt;
    const Bytes bytes = rest_.subspan(8, static_cast<std::size_t>(length));
    rest_ = rest_.subspan(8 + bytes.size());
    return engine::as_text(bytes);
  }

 private:
  Bytes rest_;
};

std::unexpected<Error> not_of_that_form() {
  return fail(ErrorCode::kInvalidArgument, "these bytes are no batch");
}

/// One operation as it was read, not yet checked.
struct Given {
  std::uint8_t kind = 0;
  StoreOptions store{.create = false};
  std::string_view name;
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;
};

std::optional<Given> read_operation(Source& source) {
  Given given;
  const auto kind = source.byte();
  const auto flags = source.byte();
  const auto keys = source.byte();
  const auto name = source.text();
  if (!kind || !flags || !keys || !name || *flags > (kHasKey | kHasValue | kMulti) ||
      *keys > static_cast<std::uint8_t>(KeyType::kI64)) {
    return std::nullopt;
  }
  given.kind = *kind;
  given.store.multi = (*flags & kMulti) != 0;
  given.store.keys = static_cast<KeyType>(*keys);
  given.name = *name;
  if ((*flags & kHasKey) != 0 && !(given.key = source.text())) return std::nullopt;
  if ((*flags & kHasValue) != 0 && !(given.value = source.text())) return std::nullopt;
  return given;
}

std::optional<std::string> owned(std::optional<std::string_view> text) {
  if (!text) return std::nullopt;
  return std::string(*text);
}

}  // namespace

std::string TransactionAccess::to_bytes(const Batch& batch) {
  std::string out(1, static_cast<char>(kForm));
  for (const Batch::Operation& operation : batch.operations_) {
    const StoreState& store = *StoreAccess::state(operation.store);
    out += static_cast<char>(operation.kind);
    out += static_cast<char>((operation.key ? kHasKey : 0) | (operation.value ? kHasValue : 0) |
                             (store.multi ? kMulti : 0));
    out += static_cast<char>(store.keys);
    put_text(out, store.name);
    if (operation.key) put_text(out, *operation.key);
    if (operation.value) put_text(out, *operation.value);
  }
  return out;
}

Result<Batch> TransactionAccess::from_bytes(const Profile& profile, Bytes bytes) {
  using Kind = Batch::OperationKind;
  Source source(bytes);
  if (source.byte() != kForm) return not_of_that_form();
  Batch batch;
  while (!source.empty()) {
    const std::optional<Given> given = read_operation(source);
    if (!given) return not_of_that_form();
    KIST_ASSIGN(const Store store, profile.open_store(given->name, given->store));
    const auto kind = static_cast<Kind>(given->kind);
    if (kind == Kind::kClear && !given->key && !given->value) {
      KIST_TRY(batch.clear(store));
    } else if (kind == Kind::kErase && given->key && !given->value) {
      KIST_TRY(batch.erase(store, Key::encoded(*given->key)));
    } else if ((kind == Kind::kPut || kind == Kind::kErasePair) && given->key && given->value) {
      // Through the calls that take values of a user, which check them.
      const Key key = Key::encoded(*given->key);
      KIST_ASSIGN(const ValueView value, codec::decode_value(engine::as_bytes(*given->value)));
      KIST_TRY(kind == Kind::kPut ? batch.put(store, key, value) : batch.erase(store, key, value));
    } else if (kind == Kind::kEraseRange) {
      // Any bytes will do as bounds.
      batch.operations_.push_back({kind, store, owned(given->key), owned(given->value)});
    } else {
      return not_of_that_form();
    }
  }
  return batch;
}

std::vector<std::string> TransactionAccess::stores(const Batch& batch) {
  std::vector<std::string> names;
  for (const Batch::Operation& operation : batch.operations_) {
    names.push_back(StoreAccess::state(operation.store)->name);
  }
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  return names;
}

}  // namespace kist
