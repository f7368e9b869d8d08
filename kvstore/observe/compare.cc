#include <algorithm>
#include <exception>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include <kist/engine/difference.h>

#include "kvstore/codec/key_codec.h"
#include "kvstore/codec/value_codec.h"
#include "kvstore/observe/observed.h"

namespace kist::observe {

namespace {

using engine::Bytes;

/// Gathers changes until there are too many.
class Gatherer {
 public:
  Gatherer(const Observed& observed, Delivery& delivery)
      : observed_(observed), delivery_(delivery), room_(observed.max_bytes) {}

  /// False when the delivery has become a kReload.
  bool add(Bytes key, std::optional<Bytes> before, std::optional<Bytes> after) {
    const std::size_t bytes = key.size() + size_of(before) + size_of(after);
    Change change{.key = engine::to_string(key), .keys = observed_.keys};
    if (bytes > room_ || !decode(before, change.before) || !decode(after, change.after)) {
      delivery_.kind = Delivery::Kind::kReload;
      delivery_.changes.clear();
      return false;
    }
    room_ -= bytes;
    delivery_.changes.push_back(std::move(change));
    return true;
  }

 private:
  static std::size_t size_of(const std::optional<Bytes>& bytes) {
    return bytes ? bytes->size() : 0;
  }
  static bool decode(const std::optional<Bytes>& bytes, std::optional<Value>& value) {
    if (!bytes) return true;
    const Result<ValueView> view = codec::decode_value(*bytes);
    if (view) value = view->to_value();
    return view.has_value();
  }

  const Observed& observed_;
  Delivery& delivery_;
  std::size_t room_;
};

/// The value of a key in a store that need not exist.
Result<std::optional<Bytes>> find(const engine::Txn& txn, engine::Table table, Bytes key) {
  Result<std::optional<Bytes>> found = txn.get(table, key);
  if (!found && found.error().code == ErrorCode::kTableNotFound) return std::nullopt;
  return found;
}

/// One key is looked up in both snapshots, however much else has changed.
Result<void> compare_key(const Observed& observed, const Base& base, const Base& after,
                         Gatherer& gatherer) {
  const Bytes key = engine::as_bytes(*observed.key);
  KIST_ASSIGN(const std::optional<Bytes> old_value, find(*base.txn, observed.table, key));
  KIST_ASSIGN(const std::optional<Bytes> new_value, find(*after.txn, observed.table, key));
  const bool same = old_value && new_value ? std::ranges::equal(*old_value, *new_value)
                                           : old_value.has_value() == new_value.has_value();
  if (!same) gatherer.add(key, old_value, new_value);
  return {};
}

Result<void> compare_range(const Observed& observed, const Base& base, const Base& after,
                           Gatherer& gatherer, Delivery& delivery) {
  KIST_ASSIGN(engine::Difference difference,
              engine::Difference::between(*base.txn, *after.txn, observed.table));
  for (;;) {
    KIST_ASSIGN(const bool more, difference.next());
    delivery.pages_visited = difference.pages_visited();
    if (!more) return {};
    const std::string_view key = engine::as_text(difference.key());
    if (observed.bounds.upper && key >= *observed.bounds.upper) return {};
    if (observed.bounds.lower && key < *observed.bounds.lower) continue;
    if (!gatherer.add(difference.key(), difference.before(), difference.after())) return {};
  }
}

}  // namespace

void Base::park() {
  parked = txn && txn->park().has_value();
}

void Base::unpark() {
  if (parked && !txn->unpark()) txn.reset();
  parked = false;
}

Delivery compare(const Observed& observed, const Base& base, const Base& after) {
  Delivery delivery{.from = base.mark, .to = after.mark};
  if (!base.txn) {
    delivery.kind = Delivery::Kind::kReload;
    return delivery;
  }
  Gatherer gatherer(observed, delivery);
  try {
    const Result<void> compared = observed.key && !observed.multi
                                      ? compare_key(observed, base, after, gatherer)
                                      : compare_range(observed, base, after, gatherer, delivery);
    if (compared) return delivery;
    delivery.kind = Delivery::Kind::kEnded;
    delivery.error = compared.error();
  } catch (const std::exception&) {
    delivery.kind = Delivery::Kind::kReload;  // no memory for what there is to tell
  }
  delivery.changes.clear();
  return delivery;
}

}  // namespace kist::observe

namespace kist {

template <typename T>
Result<T> Change::number() const {
  if (keys == KeyType::kBytes) {
    return fail(ErrorCode::kWrongKind, "the store has keys of bytes, not integers");
  }
  const auto found = codec::decode_number_key(engine::as_bytes(key), keys);
  if (!found) {
    return fail(ErrorCode::kBadValue,
                fmt::format("a key of {} bytes in a store of {}", key.size(), type_name(keys)));
  }
  // Beyond here, one type takes for negative what the other takes for large.
  const bool same_sign = codec::is_signed(keys) == std::is_signed_v<T>;
  if (!same_sign && static_cast<std::int64_t>(*found) < 0) {
    return fail(ErrorCode::kOutOfRange,
                fmt::format("the key is no {}", std::is_signed_v<T> ? "i64" : "u64"));
  }
  return static_cast<T>(*found);
}

template Result<std::int64_t> Change::number() const;
template Result<std::uint64_t> Change::number() const;

}  // namespace kist
