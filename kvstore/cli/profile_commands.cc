#include <initializer_list>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <kist/manager.h>

#include "kvstore/cli/commands.h"
#include "kvstore/cli/maintenance.h"
#include "kvstore/cli/value_text.h"

namespace kist::cli {

namespace {

using Numbers = std::initializer_list<std::pair<const char*, std::uint64_t>>;

void print_numbers(Numbers numbers, const OutputOptions& options) {
  if (options.json) {
    auto object = nlohmann::json::object();
    for (const auto& [name, number] : numbers) object[name] = number;
    print_json(object);
    return;
  }
  for (const auto& [name, number] : numbers) print(fmt::format("{:<16} {}\n", name, number));
}

Result<Profile> open_to_read(const std::string& profile) {
  return Manager::instance().open(profile, {.create = false, .read_only = true});
}

}  // namespace

Result<int> stat(const StatArguments& arguments, const OutputOptions& options) {
  KIST_ASSIGN(const Profile profile, open_to_read(arguments.profile));
  if (arguments.pages) return page_use(arguments.profile, options);
  if (!arguments.store.empty()) {
    KIST_ASSIGN(const engine::TableStats stats, profile.store_stats(arguments.store));
    print_numbers({{"records", stats.records},
                   {"depth", stats.depth},
                   {"branch_pages", stats.branch_pages},
                   {"leaf_pages", stats.leaf_pages},
                   {"overflow_pages", stats.overflow_pages}},
                  options);
    return kExitOk;
  }
  KIST_ASSIGN(const engine::EnvironmentStats stats, profile.stats());
  KIST_ASSIGN(const std::vector<StoreInfo> stores, profile.stores());
  print_numbers({{"stores", stores.size()},
                 {"page_size", stats.page_size},
                 {"file_bytes", stats.file_pages * stats.page_size},
                 {"file_pages", stats.file_pages},
                 {"free_pages", stats.free_pages},
                 {"pending_pages", stats.pending_pages},
                 {"transaction_id", stats.transaction_id},
                 {"durable_id", stats.durable_id},
                 {"oldest_pinned", stats.oldest_pinned}},
                options);
  return kExitOk;
}

Result<int> check(const CheckArguments& arguments, const OutputOptions& options) {
  KIST_ASSIGN(const Profile profile, open_to_read(arguments.profile));
  engine::CheckOptions how;
  if (arguments.level == "space") how.level = engine::CheckLevel::kSpace;
  if (arguments.level == "structure") how.level = engine::CheckLevel::kStructure;
  how.progress = progress_on_stderr(arguments.progress, "check");
  KIST_ASSIGN(const engine::CheckReport report, profile.check(how));
  if (options.json) {
    auto violations = nlohmann::json::array();
    for (const engine::Violation& violation : report.violations) {
      violations.push_back(
          {{"page", violation.page}, {"where", violation.where}, {"what", violation.what}});
    }
    print_json({{"clean", report.clean()},
                {"pages", report.pages_walked},
                {"records", report.records},
                {"violations", std::move(violations)}});
  } else {
    for (const engine::Violation& violation : report.violations) {
      print(fmt::format("page {}: {}: {}\n", violation.page, one_line(violation.where),
                        one_line(violation.what)));
    }
    print(fmt::format("{} pages and {} records checked, {}\n", report.pages_walked, report.records,
                      report.clean() ? std::string("clean")
                                     : fmt::format("{} violations", report.violations.size())));
  }
  return report.clean() ? kExitOk : kExitNotFound;
}

}  // namespace kist::cli
