#include "profile.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include <kist/json.h>
#include <kist/manager.h>
#include <kist/transfer.h>

#include "errors.h"
#include "gil.h"
#include "values.h"

namespace py = pybind11;

namespace kist::python {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// How long a wait goes on before it looks for signals and for a closed profile.
constexpr milliseconds kWaitSlice{100};

std::unexpected<Error> closed_profile() {
  return fail(ErrorCode::kClosed, "the profile is closed");
}

std::optional<Clock::time_point> deadline_of(std::optional<double> timeout) {
  if (!timeout) return std::nullopt;
  if (!(*timeout >= 0)) {
    throw Failure{Error{ErrorCode::kInvalidArgument, "a timeout must not be negative or NaN"}};
  }
  // A year: the clock cannot count to what a double can.
  const std::chrono::duration<double> wait(std::min(*timeout, 3.2e7));
  return Clock::now() + std::chrono::ceil<milliseconds>(wait);
}

/// A limit that is not to be 0, which would mean "never" to the library; nothing is "never".
std::uint64_t amount_of(std::optional<std::uint64_t> limit, const char* name) {
  if (limit != 0) return limit.value_or(0);
  throw Failure{Error{ErrorCode::kInvalidArgument, std::string(name) + " is 0"}};
}

milliseconds age_of(std::optional<double> seconds) {
  if (!seconds) return milliseconds::zero();
  if (!(*seconds > 0)) {
    throw Failure{Error{ErrorCode::kInvalidArgument, "flush_age must be more than 0 seconds"}};
  }
  // A year: the clock cannot count to what a double can.
  return std::chrono::ceil<milliseconds>(std::chrono::duration<double>(std::min(*seconds, 3.2e7)));
}

std::unexpected<Error> timed_out(const std::filesystem::path& directory, double timeout) {
  std::array<char, 32> seconds{};
  std::snprintf(seconds.data(), seconds.size(), "%g", timeout);
  return fail(ErrorCode::kTimedOut, "others were writing to '" + directory.string() +
                                        "' for all of " + seconds.data() + " seconds");
}

}  // namespace

ProfileHandle::ProfileHandle(Profile profile)
    : profile_(std::move(profile)), directory_(profile_.get().directory()) {}

// The last user's end flushes the file.
ProfileHandle::~ProfileHandle() {
  without_gil([this] { profile_.reset(); });
}

std::shared_ptr<ProfileHandle> ProfileHandle::open(const std::filesystem::path& directory,
                                                   bool create, bool read_only,
                                                   std::optional<std::uint32_t> page_size,
                                                   std::uint32_t file_mode, bool relaxed,
                                                   const Limits& limits) {
  ProfileOptions options;
  options.create = create && !read_only;
  options.create_directory = options.create;
  options.read_only = read_only;
  options.page_size = page_size;
  options.file_mode = file_mode;
  options.durability = relaxed ? Durability::kRelaxed : Durability::kDurable;
  options.environment = limits.environment;
  options.flush_bytes = amount_of(limits.flush_bytes, "flush_bytes");
  options.flush_operations = amount_of(limits.flush_operations, "flush_operations");
  options.flush_age = age_of(limits.flush_age);
  options.queue_bytes = amount_of(limits.queue_bytes, "queue_bytes");
  options.queue_operations = amount_of(limits.queue_operations, "queue_operations");
  return std::make_shared<ProfileHandle>(
      take(without_gil([&] { return Manager::instance().open(directory, options); })));
}

Profile& ProfileHandle::native() const {
  if (closed_) throw Failure{closed_profile().error()};
  return profile_.get();
}

/// Waits for the write transaction and runs `change` in it, both without the GIL. Returns what
/// `change` returns, a Result.
template <typename Change>
auto ProfileHandle::change(std::optional<double> timeout, Change change) {
  const Profile& profile = native();
  WriterHandle::require_none_in_this_thread(directory_.string());
  const auto deadline = deadline_of(timeout);
  using Answer = std::invoke_result_t<Change, Writer&>;
  while (true) {
    milliseconds slice = kWaitSlice;
    if (deadline) {
      const auto left = std::chrono::ceil<milliseconds>(*deadline - Clock::now());
      slice = std::clamp(left, milliseconds(timeout == 0.0 ? 0 : 1), kWaitSlice);
    }
    std::optional<Answer> answer = without_gil([&]() -> std::optional<Answer> {
      Result<Writer> writer = profile.write(slice);
      if (writer && closed_) return closed_profile();
      if (writer) return change(*writer);
      if (writer.error().code == ErrorCode::kTimedOut) {
        if (!deadline || Clock::now() < *deadline) return std::nullopt;
        return timed_out(directory_, *timeout);
      }
      return std::unexpected(std::move(writer).error());
    });
    if (answer) return *std::move(answer);
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
    native();
  }
}

void ProfileHandle::remember(const std::shared_ptr<Transaction>& transaction) {
  if (transactions_.size() == transactions_.capacity()) {
    std::erase_if(transactions_, [](const auto& weak) { return weak.expired(); });
  }
  transactions_.push_back(transaction);
}

void ProfileHandle::close() {
  if (closed_.exchange(true)) return;
  // An abort lets other threads run, which may end transactions themselves.
  const auto transactions = std::move(transactions_);
  transactions_.clear();
  for (const auto& weak : transactions) {
    if (const auto transaction = weak.lock()) transaction->end_with_profile();
  }
  if (profile_.inherited()) return;
  take(without_gil([this] { return profile_.get().close(); }));
}

StoreHandle ProfileHandle::open_store(const std::string& name, bool create, bool multi,
                                      const std::string& keys) {
  const Profile& profile = native();
  const StoreOptions options = store_options(create, multi, keys);
  if (create) WriterHandle::require_none_in_this_thread(directory_.string());
  return StoreHandle{
      ProcessBound(take(without_gil([&] { return profile.open_store(name, options); })))};
}

std::vector<std::string> ProfileHandle::stores() {
  std::vector<std::string> names;
  for (StoreInfo& info : take(native().stores())) names.push_back(std::move(info.name));
  return names;
}

bool ProfileHandle::drop_store(const std::string& name) {
  return take(change(std::nullopt, [&](Writer& writer) -> Result<bool> {
    KIST_ASSIGN(const bool existed, writer.drop_store(name));
    KIST_TRY(writer.commit());
    return existed;
  }));
}

std::shared_ptr<QueueHandle> ProfileHandle::queue(std::optional<double> timeout) {
  Wait wait;
  if (timeout) {
    const auto deadline = deadline_of(timeout);
    wait = std::max(std::chrono::ceil<milliseconds>(*deadline - Clock::now()), milliseconds(0));
  }
  return std::make_shared<QueueHandle>(native().queue(wait));
}

std::shared_ptr<ReaderHandle> ProfileHandle::read() {
  auto reader = std::make_shared<ReaderHandle>(take(native().read()));
  remember(reader);
  return reader;
}

std::shared_ptr<WriterHandle> ProfileHandle::write(std::optional<double> timeout) {
  Writer begun =
      take(change(timeout, [](Writer& writer) -> Result<Writer> { return std::move(writer); }));
  // Closed while this thread waited; then the writer ends here.
  native();
  auto writer = std::make_shared<WriterHandle>(std::move(begun), directory_.string());
  remember(writer);
  return writer;
}

void ProfileHandle::sync() {
  const Profile& profile = native();
  take(without_gil([&] { return profile.sync(); }));
}

py::tuple ProfileHandle::check() {
  const Profile& profile = native();
  const engine::CheckReport report = take(without_gil([&] { return profile.check(); }));
  py::list violations;
  for (const engine::Violation& violation : report.violations) {
    violations.append(py::make_tuple(violation.page, violation.where, violation.what));
  }
  return py::make_tuple(violations, report.pages_walked, report.records);
}

py::dict ProfileHandle::stats() {
  const engine::EnvironmentStats stats = take(native().stats());
  py::dict names;
  names["page_size"] = stats.page_size;
  names["file_pages"] = stats.file_pages;
  names["free_pages"] = stats.free_pages;
  names["pending_pages"] = stats.pending_pages;
  names["transaction_id"] = stats.transaction_id;
  names["durable_id"] = stats.durable_id;
  names["oldest_pinned"] = stats.oldest_pinned;
  names["stores"] = take(native().stores()).size();
  names["flushes"] = stats.flushes;
  names["bytes_written"] = stats.bytes_written;
  return names;
}

py::dict ProfileHandle::import_file(const std::filesystem::path& path, int format, int on_conflict,
                                    bool plain_bytes, const std::string& unnamed,
                                    const std::vector<std::string>& stores) {
  ImportOptions options;
  options.format = static_cast<ImportFormat>(format);
  options.conflict = static_cast<OnConflict>(on_conflict);
  options.values = plain_bytes ? ImportValues::kBytes : ImportValues::kRkv;
  options.unnamed = unnamed;
  options.stores = stores;
  const Profile& profile = native();
  WriterHandle::require_none_in_this_thread(directory_.string());
  const ImportReport report =
      take(without_gil([&] { return kist::import_file(profile, path.string(), options); }));
  py::dict names;
  names["stores"] = report.stores;
  names["records"] = report.records;
  names["added"] = report.added;
  names["unchanged"] = report.unchanged;
  names["replaced"] = report.replaced;
  names["ignored"] = report.ignored;
  return names;
}

std::uint64_t ProfileHandle::export_json(int descriptor, const std::vector<std::string>& stores) {
  const Profile& profile = native();
  const engine::ByteSink sink = engine::descriptor_sink(descriptor);
  return take(without_gil([&] { return kist::export_json(profile, sink, {.stores = stores}); }))
      .records;
}

py::object ProfileHandle::get(const StoreHandle& store, py::handle key, py::object absent) {
  const Reader reader = take(native().read());
  const auto value = take(reader.get(store.store.get(), key_of(key)));
  return value ? value_to_python(*value) : absent;
}

py::object ProfileHandle::member(const StoreHandle& store, py::handle key,
                                 const std::string& pointer) {
  const Reader reader = take(native().read());
  const auto found = take(get_member(reader, store.store.get(), key_of(key), pointer));
  return found ? value_to_python(ValueView::json(found->text)) : py::none();
}

bool ProfileHandle::has(const StoreHandle& store, py::handle key) {
  native();
  return take(store.store.get().has(key_of(key)));
}

std::uint64_t ProfileHandle::count(const StoreHandle& store, const Bounds& bounds) {
  native();
  return take(store.store.get().count(bounds.range()));
}

std::shared_ptr<RecordIterator> ProfileHandle::iterate(const StoreHandle& store, Wanted wanted,
                                                       bool bytes_keys, const Bounds& bounds) {
  return read()->iterate(store, wanted, bytes_keys, bounds);
}

/// Runs `change`, a callable (Writer&) -> Result<T>, in a transaction of its own, without the GIL.
template <typename Change>
auto ProfileHandle::once(Change change) {
  using Answer = std::invoke_result_t<Change, Writer&>;
  return take(this->change(std::nullopt, [&](Writer& writer) -> Answer {
    Answer answer = change(writer);
    if (answer) KIST_TRY(writer.commit());
    return answer;
  }));
}

void ProfileHandle::put(const StoreHandle& store, py::handle key, py::handle value) {
  const ValueArgument argument(value);
  const Key at = key_of(key);
  const Store& to = store.store.get();
  once([&](Writer& writer) { return writer.put(to, at, argument.view()); });
}

bool ProfileHandle::erase(const StoreHandle& store, py::handle key) {
  const Key at = key_of(key);
  const Store& to = store.store.get();
  return once([&](Writer& writer) { return writer.erase(to, at); });
}

std::uint64_t ProfileHandle::clear(const StoreHandle& store) {
  const Store& to = store.store.get();
  return once([&](Writer& writer) { return writer.clear(to); });
}

bool ProfileHandle::erase_value(const StoreHandle& store, py::handle key, py::handle value) {
  const ValueArgument argument(value);
  const Key at = key_of(key);
  const Store& to = store.store.get();
  return once([&](Writer& writer) { return writer.erase(to, at, argument.view()); });
}

std::uint64_t ProfileHandle::erase_range(const StoreHandle& store, const Bounds& bounds) {
  const Store& to = store.store.get();
  return once([&](Writer& writer) { return writer.erase_range(to, bounds.range()); });
}

bool ProfileHandle::put_if_absent(const StoreHandle& store, py::handle key, py::handle value) {
  const ValueArgument argument(value);
  const Key at = key_of(key);
  const Store& to = store.store.get();
  return once([&](Writer& writer) { return writer.put_if_absent(to, at, argument.view()); });
}

bool ProfileHandle::compare_and_set(const StoreHandle& store, py::handle key, py::handle expected,
                                    py::handle value) {
  const OptionalValue old(expected);
  const OptionalValue next(value);
  const Key at = key_of(key);
  const Store& to = store.store.get();
  return once(
      [&](Writer& writer) { return writer.compare_and_set(to, at, old.view(), next.view()); });
}

py::object ProfileHandle::add(const StoreHandle& store, py::handle key, std::int64_t amount) {
  const Key at = key_of(key);
  const Store& to = store.store.get();
  return value_to_python(once([&](Writer& writer) { return writer.add(to, at, amount); }));
}

py::object ProfileHandle::merge_patch(const StoreHandle& store, py::handle key,
                                      const std::string& patch) {
  const Key at = key_of(key);
  const Store& to = store.store.get();
  const Json document =
      once([&](Writer& writer) { return kist::merge_patch(writer, to, at, patch); });
  return value_to_python(ValueView::json(document.text));
}

}  // namespace kist::python
