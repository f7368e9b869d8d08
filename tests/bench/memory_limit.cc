#include "tests/bench/memory_limit.h"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <thread>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/bench/failure.h"

namespace kist::bench {
namespace {

struct Hierarchy {
  std::string own;  // folder of the group that this process is in
  bool second = false;
};

/// Version 1 mounts a hierarchy for memory alone, version 2 one for everything.
Hierarchy find_hierarchy() {
  std::ifstream file("/proc/self/cgroup");
  Hierarchy unified;
  for (std::string line; std::getline(file, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const std::string path = line.substr(second + 1);
    if (controllers.find(",memory,") != std::string::npos) return {"/sys/fs/cgroup/memory" + path};
    if (controllers == ",,") unified = {"/sys/fs/cgroup" + path, true};
  }
  if (unified.own.empty()) throw Skipped("no memory cgroups");
  return unified;
}

/// Inherited by the processes of this run.
const pid_t kRun = ::getpid();

std::string group_in(const Hierarchy& hierarchy) {
  return fmt::format("{}/kist-bench-{}", hierarchy.own, kRun);
}

/// A process that has just ended may still be on its way out.
void remove_group(const std::string& group) {
  for (int i = 0; i < 100 && ::rmdir(group.c_str()) != 0 && errno == EBUSY; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

bool write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text << std::flush;
  return file.good();
}

}  // namespace

MemoryLimit::MemoryLimit(std::uint64_t bytes) {
  const Hierarchy hierarchy = find_hierarchy();
  group_ = group_in(hierarchy);
  if (::mkdir(group_.c_str(), 0755) != 0) {
    throw Skipped(fmt::format("no memory cgroup can be made here ({})", std::strerror(errno)));
  }
  const char* limit = hierarchy.second ? "/memory.max" : "/memory.limit_in_bytes";
  if (!write_file(group_ + limit, std::to_string(bytes))) {
    ::rmdir(group_.c_str());
    throw Skipped("memory cannot be limited here");
  }
}

MemoryLimit::~MemoryLimit() {
  remove_group(group_);
}

void MemoryLimit::remove_left() {
  try {
    remove_group(group_in(find_hierarchy()));
  } catch (const Skipped&) {
    // Then there is none.
  }
}

void MemoryLimit::enter() const {
  if (!write_file(group_ + "/cgroup.procs", std::to_string(::getpid()))) {
    throw Skipped("no process can be moved into a memory cgroup here");
  }
}

}  // namespace kist::bench
