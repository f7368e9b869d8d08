// The C++ process of the demo, which stands for a browser engine: creates the profile, imports the
// certificates, the public suffix list and the preferences, and keeps writing while programs in
// other languages use the same profile. Told to stop by SIGTERM, it compares what they found, and
// checks the file.
//
//     kist_demo_engine PROFILE_DIR CERT_DIR SUFFIX_FILE PREFS_FILE LANGUAGES
//
// LANGUAGES names those that take part: "c,cpp,java". Prints one line of JSON; the exit status is 0
// only if all agreed and the file is sound.

#include <chrono>
#include <csignal>
#include <cstdio>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include <kist/manager.h>

#include "tests/demo/digest.h"
#include "tests/demo/sources.h"

namespace kist::demo {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kHeartbeatInterval{5};
/// Longer than any other process waits for anything.
constexpr std::chrono::minutes kPatience{3};

volatile std::sig_atomic_t told_to_stop = 0;

void stop(int) {
  told_to_stop = 1;
}

Instant now() {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<milliseconds>(since_1970).count()};
}

struct Arguments {
  std::filesystem::path profile;
  std::filesystem::path certificates;
  std::filesystem::path suffixes;
  std::filesystem::path preferences;
  std::vector<std::string> languages;
};

/// The profile, and what this process has done to it.
class Engine {
 public:
  static Result<Engine> open(const Arguments& arguments) {
    Engine engine;
    KIST_ASSIGN(engine.profile_,
                Manager::instance().open(arguments.profile, {.create_directory = true}));
    KIST_ASSIGN(engine.session_, engine.profile_.open_store("session"));
    return engine;
  }

  /// Reads the sources, imports them and reads the profile: both must give the same digest.
  Result<void> import(const Arguments& arguments);
  /// Tells the others that they may begin, and counts on until it is told to stop.
  Result<void> keep_writing();
  /// Compares the digests of all languages, verifies the file and closes it. The line to print.
  Result<nlohmann::ordered_json> finish(const std::vector<std::string>& languages);

 private:
  using Datasets = std::vector<std::pair<std::string, Dataset>>;

  /// Writes datasets into the stores of their names, all in one transaction.
  Result<void> write(const Datasets& datasets);
  /// Digest over those stores as one snapshot shows them.
  Result<RecordDigest> read(const std::vector<std::string>& stores);
  /// Whether all languages found what this process found.
  Result<bool> others_agree(const std::vector<std::string>& languages);

  Instant started_ = now();
  Profile profile_;
  Store session_;
  std::string digest_;
  std::uint64_t records_ = 0;
  std::uint64_t written_ = 0;
  std::uint64_t heartbeats_ = 0;
};

Result<void> Engine::write(const Datasets& datasets) {
  KIST_ASSIGN(Writer writer, profile_.write());
  for (const auto& [name, dataset] : datasets) {
    KIST_ASSIGN(const Store store, writer.open_store(name));
    for (const auto& [key, value] : dataset) KIST_TRY(writer.put(store, key, value));
    written_ += dataset.size();
  }
  KIST_TRY(writer.commit());
  return {};
}

Result<RecordDigest> Engine::read(const std::vector<std::string>& stores) {
  RecordDigest digest;
  KIST_ASSIGN(const Reader reader, profile_.read());
  for (const std::string& name : stores) {
    KIST_ASSIGN(const Store store, profile_.open_store(name, /*create=*/false));
    KIST_ASSIGN(Iterator iterator, reader.iterate(store));
    while (true) {
      KIST_ASSIGN(const bool more, iterator.next());
      if (!more) break;
      KIST_ASSIGN(const ValueView value, iterator.value());
      digest.add(iterator.key(), value);
    }
  }
  return digest;
}

Result<void> Engine::import(const Arguments& arguments) {
  KIST_ASSIGN(Dataset certificates, read_certificates(arguments.certificates));
  KIST_ASSIGN(Dataset descriptions, describe_certificates(certificates));
  KIST_ASSIGN(Dataset suffixes, read_suffixes(arguments.suffixes));
  KIST_ASSIGN(Dataset preferences, read_preferences(arguments.preferences));
  RecordDigest expected;
  for (const Dataset* dataset : {&certificates, &suffixes, &preferences}) {
    for (const auto& [key, value] : *dataset) expected.add(key, value);
  }

  KIST_TRY(write({{"certificates", certificates}, {"certificate-info", descriptions}}));
  KIST_TRY(write({{"suffixes", suffixes}}));
  KIST_TRY(write({{"preferences", preferences}}));
  KIST_ASSIGN(RecordDigest found, read({"certificates", "suffixes", "preferences"}));

  records_ = found.records();
  digest_ = found.finish();
  const std::string wanted = expected.finish();
  if (digest_ != wanted) {
    return fail(ErrorCode::kInternal, "the sources give " + wanted + ", the profile " + digest_);
  }
  Dataset own;
  own.emplace("cpp/pid", Value::u64(static_cast<std::uint64_t>(getpid())));
  own.emplace("cpp/started", Value::instant(started_));
  own.emplace("cpp/records", Value::u64(records_));
  own.emplace("cpp/digest", Value::string(digest_));
  return write({{"session", own}});
}

Result<void> Engine::keep_writing() {
  const auto give_up = std::chrono::steady_clock::now() + kPatience;
  KIST_TRY(session_.put("engine/ready", Value::boolean(true)));
  ++written_;
  while (!told_to_stop && std::chrono::steady_clock::now() < give_up) {
    KIST_TRY(session_.put("engine/heartbeat", Value::u64(++heartbeats_)));
    ++written_;
    std::this_thread::sleep_for(kHeartbeatInterval);
  }
  return {};
}

Result<bool> Engine::others_agree(const std::vector<std::string>& languages) {
  KIST_ASSIGN(const Reader reader, profile_.read());
  bool agree = true;
  for (const std::string& language : languages) {
    KIST_ASSIGN(const auto digest, reader.get<std::string>(session_, language + "/digest"));
    if (digest == digest_) continue;
    std::fprintf(stderr, "cpp: the digest of %s is %s, not %s\n", language.c_str(),
                 digest.value_or("missing").c_str(), digest_.c_str());
    agree = false;
  }
  return agree;
}

Result<nlohmann::ordered_json> Engine::finish(const std::vector<std::string>& languages) {
  KIST_ASSIGN(const bool agreed, others_agree(languages));
  KIST_ASSIGN(const engine::CheckReport report, profile_.check());
  for (const engine::Violation& violation : report.violations) {
    std::fprintf(stderr, "cpp: %s: %s\n", violation.where.c_str(), violation.what.c_str());
  }
  KIST_TRY(profile_.close());
  return nlohmann::ordered_json{
      {"language", "cpp"},
      {"pid", getpid()},
      {"started", started_.milliseconds},
      {"ended", now().milliseconds},
      {"records", records_},
      {"digest", digest_},
      {"written", written_},
      {"agreed", agreed && report.clean()},
      {"heartbeats", heartbeats_},
      {"checked",
       {{"pages", report.pages_walked},
        {"records", report.records},
        {"violations", report.violations.size()}}},
  };
}

Result<bool> run(const Arguments& arguments) {
  KIST_ASSIGN(Engine engine, Engine::open(arguments));
  KIST_TRY(engine.import(arguments));
  KIST_TRY(engine.keep_writing());
  KIST_ASSIGN(const nlohmann::ordered_json line, engine.finish(arguments.languages));
  std::printf("%s\n", line.dump().c_str());
  return line["agreed"].get<bool>();
}

}  // namespace

}  // namespace kist::demo

int main(int argc, char** argv) {
  using namespace kist::demo;
  if (argc != 6) {
    std::fprintf(stderr,
                 "usage: kist_demo_engine PROFILE_DIR CERT_DIR SUFFIX_FILE PREFS_FILE LANGUAGES\n");
    return 2;
  }
  Arguments arguments{argv[1], argv[2], argv[3], argv[4], {}};
  std::istringstream languages(argv[5]);
  for (std::string language; std::getline(languages, language, ',');) {
    arguments.languages.push_back(language);
  }
  std::signal(SIGTERM, stop);
  const kist::Result<bool> agreed = run(arguments);
  if (!agreed) std::fprintf(stderr, "cpp: %s\n", agreed.error().message.c_str());
  return agreed.value_or(false) ? 0 : 1;
}
