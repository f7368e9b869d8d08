#include "kvstore/cli/inspection.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include <kist/engine/database.h>
#include <kist/engine/page_walk.h>
#include <kist/engine/recovery.h>

#include "kvstore/cli/maintenance.h"
#include "kvstore/cli/value_text.h"

namespace kist::cli {
namespace {

using engine::PageUsage;
using engine::PageUse;
using engine::Reader;
using nlohmann::json;

struct UseText {
  char symbol;
  const char* name;
};
constexpr std::array<UseText, 7> kUses{{{'#', "meta"},
                                        {'B', "branch"},
                                        {'L', "leaf"},
                                        {'V', "large_value"},
                                        {'s', "space_record"},
                                        {'.', "free"},
                                        {'-', "pending"}}};
static_assert(static_cast<std::size_t>(PageUse::kPending) + 1 == kUses.size());

const UseText& text_of(PageUse use) {
  return kUses.at(static_cast<std::size_t>(use));
}

/// The readers of all processes, with what they hold back where that can be found out.
Result<std::vector<Reader>> all_readers(const std::string& profile) {
  std::vector<Reader> seen;
  {
    KIST_ASSIGN(const engine::Database database, open_engine(profile, true));
    KIST_ASSIGN(seen, database.readers());
  }
  // What they hold only a writer knows. Where nobody reads there is no need to become one.
  if (seen.empty()) return seen;
  const auto database = open_engine(profile, false);
  if (!database) return seen;
  auto known = database->readers();
  return known ? std::move(known) : seen;
}

json number_or_null(const std::optional<std::uint64_t>& number) {
  return number ? json(*number) : json();
}

json to_json(const engine::StoredSnapshot& snapshot) {
  return {{"id", snapshot.id},
          {"whole", snapshot.whole},
          {"missing", snapshot.missing},
          {"prepared", snapshot.prepared},
          {"file_pages", snapshot.file_pages},
          {"stores", snapshot.tables},
          {"domain_version", snapshot.domain_version},
          {"markers", snapshot.markers}};
}

/// A stretch of pages of one use.
struct Stretch {
  std::uint64_t page;
  std::uint64_t pages;
  PageUse use;
  std::string table;
};

Result<std::vector<Stretch>> stretches(const engine::Database& database) {
  std::vector<Stretch> all;
  KIST_TRY(engine::walk_pages(database, [&](const PageUsage& usage) {
    all.push_back({usage.page, usage.pages, usage.use, std::string(usage.table)});
    return true;
  }));
  std::ranges::sort(all, {}, &Stretch::page);
  // Neighbours that look the same are one.
  std::vector<Stretch> joined;
  for (Stretch& one : all) {
    if (!joined.empty() && joined.back().page + joined.back().pages == one.page &&
        joined.back().use == one.use && joined.back().table == one.table) {
      joined.back().pages += one.pages;
    } else {
      joined.push_back(std::move(one));
    }
  }
  return joined;
}

/// One character for each `cell` pages: what most of them are.
std::string drawing(const std::vector<Stretch>& all, std::uint64_t cell) {
  std::string symbols;
  std::array<std::uint64_t, kUses.size()> counts{};
  std::uint64_t counted = 0;
  const auto finish_cell = [&] {
    const auto most = std::ranges::max_element(counts);
    symbols += kUses.at(static_cast<std::size_t>(most - counts.begin())).symbol;
    counts.fill(0);
    counted = 0;
  };
  for (const Stretch& one : all) {
    for (std::uint64_t left = one.pages; left != 0;) {
      const std::uint64_t part = std::min(left, cell - counted);
      counts.at(static_cast<std::size_t>(one.use)) += part;
      counted += part;
      left -= part;
      if (counted == cell) finish_cell();
    }
  }
  if (counted != 0) finish_cell();
  return symbols;
}

}  // namespace

Result<int> readers(const std::string& profile, const OutputOptions& options) {
  KIST_ASSIGN(std::vector<Reader> all, all_readers(profile));
  std::ranges::sort(all, {}, &Reader::snapshot);
  auto list = json::array();
  for (const Reader& reader : all) {
    list.push_back({{"process", reader.process},
                    {"snapshot", reader.snapshot},
                    {"lag", reader.lag},
                    {"age_ms", reader.age.count()},
                    {"parked", reader.parked},
                    {"pages_held", number_or_null(reader.pages_held)},
                    {"pages_held_alone", number_or_null(reader.pages_held_alone)}});
  }
  if (options.json) {
    print_json(list);
    return kExitOk;
  }
  if (!all.empty()) {
    print(fmt::format("{:>10} {:>12} {:>10} {:>12} {:>12}\n", "process", "snapshot", "lag", "age",
                      "pages held"));
  }
  for (const Reader& reader : all) {
    print(fmt::format("{:>10} {:>12} {:>10} {:>10.1f} s {:>12}{}\n", reader.process,
                      reader.snapshot, reader.lag, static_cast<double>(reader.age.count()) / 1000,
                      reader.pages_held ? std::to_string(*reader.pages_held) : std::string("?"),
                      reader.parked ? ", parked" : ""));
  }
  return kExitOk;
}

Result<int> snapshots(const std::string& profile, const OutputOptions& options) {
  KIST_ASSIGN(const std::vector<engine::StoredSnapshot> all,
              engine::list_snapshots(data_file(profile)));
  const int status = !all.empty() && all.front().whole ? kExitOk : kExitNotFound;
  if (options.json) {
    auto list = json::array();
    for (const engine::StoredSnapshot& one : all) list.push_back(to_json(one));
    print_json(list);
    return status;
  }
  for (const engine::StoredSnapshot& one : all) {
    print(fmt::format("{:>12} {:>10} pages {:>8} stores, {}{}\n", one.id, one.file_pages,
                      one.tables,
                      one.whole ? std::string("whole") : "not whole: " + one_line(one.missing),
                      one.prepared ? ", prepared" : ""));
  }
  return status;
}

Result<int> prepared(const PreparedArguments& arguments, const OutputOptions& options) {
  const bool decides = arguments.commit != 0 || arguments.roll_back != 0;
  KIST_ASSIGN(engine::Database database, open_engine(arguments.profile, !decides));
  if (arguments.commit != 0) KIST_TRY(database.commit_prepared(arguments.commit));
  if (arguments.roll_back != 0) KIST_TRY(database.roll_back_prepared(arguments.roll_back));
  if (decides) {
    KIST_TRY(database.close());
    return kExitOk;
  }
  KIST_ASSIGN(const std::optional<engine::PreparedTxn> waiting, database.prepared());
  if (options.json) {
    print_json(waiting ? json{{"id", waiting->id}, {"markers", waiting->markers}} : json());
  } else if (waiting) {
    print(fmt::format("transaction {}, markers {} {} {}\n", waiting->id, waiting->markers[0],
                      waiting->markers[1], waiting->markers[2]));
  }
  return waiting ? kExitOk : kExitNotFound;
}

Result<int> map(const MapArguments& arguments, const OutputOptions& options) {
  KIST_ASSIGN(const engine::Database database, open_engine(arguments.profile, true));
  KIST_ASSIGN(const std::vector<Stretch> all, stretches(database));
  const std::uint64_t pages = all.empty() ? 0 : all.back().page + all.back().pages;
  if (options.json) {
    auto list = json::array();
    for (const Stretch& one : all) {
      json object{{"page", one.page}, {"pages", one.pages}, {"use", text_of(one.use).name}};
      if (!one.table.empty()) put_key(object, one.table, options);
      list.push_back(std::move(object));
    }
    print_json({{"page_size", database.page_size()}, {"pages", pages}, {"runs", std::move(list)}});
    return kExitOk;
  }
  const std::uint64_t cells = arguments.columns * arguments.rows;
  const std::uint64_t cell = std::max<std::uint64_t>(1, (pages + cells - 1) / cells);
  const std::string symbols = drawing(all, cell);
  for (std::size_t at = 0; at < symbols.size(); at += arguments.columns) {
    print(fmt::format("{:>10} {}\n", at * cell,
                      std::string_view(symbols).substr(at, arguments.columns)));
  }
  std::string legend =
      fmt::format("a character is {} pages of {} bytes:", cell, database.page_size());
  for (const UseText& use : kUses) legend += fmt::format(" {} {}", use.symbol, use.name);
  print(legend + "\n");
  return kExitOk;
}

}  // namespace kist::cli
