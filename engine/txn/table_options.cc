#include "engine/txn/table_options.h"

#include <fmt/format.h>

namespace kist::engine {
namespace {

bool known(Order order) {
  return order >= Order::kBytes && order <= Order::kCustom;
}

std::unexpected<Error> senseless(const std::string& what) {
  return fail(ErrorCode::kInvalidArgument, "table options: " + what);
}

Result<void> check_order(const char* option, Order order, const std::string& comparator) {
  if (!known(order)) {
    return senseless(fmt::format("{}_order {} is none", option, static_cast<int>(order)));
  }
  if (order != Order::kCustom && !comparator.empty()) {
    return senseless(fmt::format("{0}_comparator without {0}_order kCustom", option));
  }
  if (order == Order::kCustom && (comparator.empty() || comparator.size() > kMaxComparatorName)) {
    return senseless(fmt::format("{}_comparator of {} bytes; allowed are 1 to {}", option,
                                 comparator.size(), kMaxComparatorName));
  }
  return {};
}

const char* name_of(Order order) {
  switch (order) {
    case Order::kBytes:
      return "kBytes";
    case Order::kReversed:
      return "kReversed";
    case Order::kUint32:
      return "kUint32";
    case Order::kUint64:
      return "kUint64";
    case Order::kInt32:
      return "kInt32";
    case Order::kInt64:
      return "kInt64";
    case Order::kDouble:
      return "kDouble";
    case Order::kCustom:
      return "kCustom";
  }
  return "none";
}

}  // namespace

Result<TableOptions> completed(TableOptions options) {
  KIST_TRY(check_order("key", options.key_order, options.key_comparator));
  KIST_TRY(check_order("value", options.value_order, options.value_comparator));
  if (!options.multi && (options.value_order != Order::kBytes || options.value_size != 0)) {
    return senseless("value_order and value_size are of multimaps only");
  }
  const std::uint16_t implied = number_size(options.value_order);
  if (implied == 0) return options;
  if (options.value_size != 0 && options.value_size != implied) {
    return senseless(fmt::format("value_size {}; value_order {} implies {}", options.value_size,
                                 name_of(options.value_order), implied));
  }
  options.value_size = implied;
  return options;
}

TableOptions options_of(const TableState& table) {
  const TableRecord& record = table.record;
  TableOptions options;
  options.key_order = record.key_order;
  options.key_comparator = table.names.substr(0, record.key_comparator_size);
  options.multi = record.multi;
  if (!record.multi) return options;
  options.value_order = static_cast<Order>(record.value_order);
  options.value_comparator = table.names.substr(record.key_comparator_size);
  options.value_size = record.value_size;
  return options;
}

void set_options(TableState& table, const TableOptions& options) {
  TableRecord& record = table.record;
  record.key_order = options.key_order;
  record.key_comparator_size = static_cast<std::uint8_t>(options.key_comparator.size());
  record.multi = options.multi;
  record.value_order = options.multi ? static_cast<std::uint8_t>(options.value_order) : 0;
  record.value_comparator_size = static_cast<std::uint8_t>(options.value_comparator.size());
  record.value_size = options.value_size;
  table.names = options.key_comparator + options.value_comparator;
}

std::string first_difference(const TableOptions& existing, const TableOptions& asked) {
  const auto differ = [](const char* option, const auto& is, const auto& wanted) {
    return fmt::format("its {} is {}, asked for is {}", option, is, wanted);
  };
  if (existing.key_order != asked.key_order) {
    return differ("key_order", name_of(existing.key_order), name_of(asked.key_order));
  }
  if (existing.key_comparator != asked.key_comparator) {
    return differ("key_comparator", existing.key_comparator, asked.key_comparator);
  }
  if (existing.multi != asked.multi) return differ("multi", existing.multi, asked.multi);
  if (existing.value_order != asked.value_order) {
    return differ("value_order", name_of(existing.value_order), name_of(asked.value_order));
  }
  if (existing.value_comparator != asked.value_comparator) {
    return differ("value_comparator", existing.value_comparator, asked.value_comparator);
  }
  if (existing.value_size != asked.value_size) {
    return differ("value_size", existing.value_size, asked.value_size);
  }
  return {};
}

}  // namespace kist::engine
