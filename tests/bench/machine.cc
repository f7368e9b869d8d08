#include "tests/bench/machine.h"

#include <chrono>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <thread>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "tests/bench/engine.h"

namespace kist::bench {
namespace {

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown processor";
}

/// The mount that the folder is in: the longest that it begins with.
std::string file_system(const std::string& directory) {
  const std::string path = std::filesystem::canonical(directory).string();
  std::ifstream file("/proc/self/mounts");
  std::string best;
  std::string result = "unknown file system";
  std::string device;
  std::string mount;
  std::string type;
  while (file >> device >> mount >> type) {
    file.ignore(10000, '\n');
    const bool below = path == mount || path.starts_with(mount == "/" ? mount : mount + "/");
    if (below && mount.size() >= best.size()) {
      best = mount;
      result = fmt::format("{} on {}", type, device);
    }
  }
  return result;
}

double memory_gigabytes() {
  return static_cast<double>(::sysconf(_SC_PHYS_PAGES)) *
         static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e9;
}

}  // namespace

std::string describe(const std::string& directory) {
  utsname kernel = {};
  ::uname(&kernel);
  std::string text = fmt::format(
      "{:%Y-%m-%d}, {}, {} processors, {:.0f} GB of memory, {} {}, {}, compiler {}.\n\n",
      fmt::gmtime(std::time(nullptr)), processor(), std::thread::hardware_concurrency(),
      memory_gigabytes(), kernel.sysname, kernel.release, file_system(directory), __VERSION__);
  text += "| engine | version | a durable commit | a relaxed commit | settings |\n";
  text += "|---|---|---|---|---|\n";
  for (const Engine& engine : engines()) {
    text += fmt::format("| {} | {} | {} | {} | {} |\n", engine.name, engine.version, engine.durable,
                        engine.relaxed, engine.settings);
  }
  return text;
}

}  // namespace kist::bench
