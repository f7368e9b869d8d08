#include "engine/upkeep/build_environment.h"

#include "engine/os/directory.h"
#include "engine/os/file.h"
#include "engine/upkeep/slots.h"

namespace kist::engine {
namespace {

/// Gives back what the file has behind its last page: room that was taken ahead while it was
/// filled.
Result<void> cut_to_length(const std::string& path, os::CallObserver* observer) {
  KIST_ASSIGN(os::File file, os::File::open(path, os::Access::kReadWrite, observer));
  KIST_ASSIGN(const SlotSet set, read_slots(file));
  KIST_TRY(judge_slots(set, path));
  const MetaSlot newest = set.newest_first().front();
  const std::uint64_t length = newest.file_pages * newest.page_size;
  return set.file_size > length ? file.resize(length) : Result<void>();
}

}  // namespace

Result<void> build_environment(const std::string& path, const Options& options,
                               const std::function<Result<void>(const Database&)>& fill) {
  KIST_ASSIGN(Database database, Database::open(path, options));
  Result<void> done = fill(database);
  if (auto closed = database.close(); done && !closed) done = std::move(closed);
  const auto unlinked = os::unlink_file(path + "-lock", options.observer);
  if (done && !unlinked) return std::unexpected(unlinked.error());
  KIST_TRY(done);
  return cut_to_length(path, options.observer);
}

Result<void> carry_over(const MetaSlot& slot, WriteTxn& to) {
  if (slot.domain_version != 0) KIST_TRY(to.set_domain_version(slot.domain_version));
  if (slot.markers != decltype(slot.markers){}) KIST_TRY(to.set_markers(slot.markers));
  const Metadata& metadata = slot.metadata;
  if (metadata.size != 0) KIST_TRY(to.set_metadata(Bytes(metadata.bytes).first(metadata.size)));
  return {};
}

}  // namespace kist::engine
