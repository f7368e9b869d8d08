#include <kist/engine/salvage.h>

#include "engine/txn/database_access.h"
#include "engine/txn/write_state.h"
#include "engine/upkeep/aside_file.h"
#include "engine/upkeep/build_environment.h"
#include "engine/upkeep/salvage_tables.h"

namespace kist::engine {

Result<SalvageReport> salvage(const std::string& damaged, const std::string& path,
                              const SalvageOptions& options) {
  SalvageReport report;
  KIST_ASSIGN(AsideFile file, AsideFile::reserve(path));
  Pace scanning(options.progress, 0);
  KIST_ASSIGN(const std::unique_ptr<SalvageSource> source, SalvageSource::open(damaged, scanning));
  const SalvageState state = find_state(*source, report);

  Options created;
  created.page_size = source->page_size();
  created.file_mode = options.file_mode;
  created.durability = Durability::kRelaxed;
  created.transaction_memory = std::uint64_t{64} << 20;
  const auto fill = [&](const Database& to) -> Result<void> {
    KIST_ASSIGN(WriteTxn txn, to.write());
    KIST_ASSIGN(Snapshot * written, TxnAccess::snapshot(txn));
    written->write->trim = Trim::kAll;
    if (state.slot) KIST_TRY(carry_over(*state.slot, txn));
    Pace copying(options.progress, 0);
    for (const SalvageTable& table : state.tables) copying.expect(table.record.root.count);
    SalvageTables tables(*source, options, to, txn, copying, report);
    KIST_TRY(tables.run(state));
    KIST_TRY(txn.commit(Durability::kDurable));
    return {};
  };
  KIST_TRY(build_environment(file.aside_path(), created, fill));
  KIST_TRY(file.finish());
  return report;
}

}  // namespace kist::engine
