#include "tests/concurrency/shutdown.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/concurrency/witness.h"
#include "tests/concurrency/writer.h"
#include "tests/support/child_process.h"
#include "tests/support/random.h"
#include "tests/support/temp_directory.h"

namespace kist::test {
namespace {

// From the kernel's fs/ext4/ext4.h, which no package installs.
constexpr unsigned long kShutdown = _IOR('X', 125, std::uint32_t);
constexpr std::uint32_t kLogFlush = 1;    // what the journal has is written
constexpr std::uint32_t kNoLogFlush = 2;  // not even that

constexpr int kGaveUp = 7;  // status of a writer that got an error

bool run(const std::string& command) {
  return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
}

/// A file system in a file. Mounted in a mount namespace of this process, so that nothing is left
/// of it when this process dies.
class FileSystem {
 public:
  FileSystem() : directory_("/dev/shm"), at_(directory_.file("mounted")) {}
  ~FileSystem() { unmount(); }
  FileSystem(const FileSystem&) = delete;
  FileSystem& operator=(const FileSystem&) = delete;

  bool make() {
    const std::string image = directory_.file("image");
    return ::unshare(CLONE_NEWNS) == 0 &&
           ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           ::mkdir(at_.c_str(), 0700) == 0 && run("truncate -s 128M " + image) &&
           run("mkfs.ext4 -q -F " + image) && mount();
  }
  bool mount() { return run("mount -o loop " + directory_.file("image") + " " + at_); }
  void unmount() { static_cast<void>(::umount2(at_.c_str(), 0)); }

  void shut_down(std::uint32_t how) const {
    const int root = ::open(at_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool done = ::ioctl(root, kShutdown, &how) == 0;
    ::close(root);
    require(done, "the file system was not shut down");
  }
  std::string store() const { return at_ + "/store"; }

 private:
  TempDirectory directory_;
  const std::string at_;
};

class Shutdowns {
 public:
  Shutdowns(FileSystem& files, std::uint64_t seed)
      : files_(files), seed_(seed), random_(seed), witness_(seed) {}

  int one_round() {
    Pipe pipe;
    ChildProcess writer([&] {
      try {
        return write_until_death(files_.store(), seed_, Death{}, pipe.writer());
      } catch (const std::exception&) {
        return kGaveUp;
      }
    });
    std::this_thread::sleep_for(std::chrono::microseconds(random_.between(500, 60'000)));
    files_.shut_down(random_.one_in(3) ? kLogFlush : kNoLogFlush);
    const int status = writer.wait();
    pipe.close_writer();
    LastWords last{witness_.step(), witness_.step()};
    for (Word word; pipe.receive(word);) {
      last.begun = word.step;
      if (word.acknowledged != 0 && durable_step(word.step)) last.acknowledged = word.step;
    }
    if (status != kGaveUp && status != -SIGKILL) {
      std::fprintf(stderr, "the writer ended with %d when its file system was gone\n", status);
      return 1;
    }
    files_.unmount();
    require(files_.mount(), "the file system cannot be mounted again");
    return witness_.verify(files_.store(), last);
  }

  const Witness& witness() const { return witness_; }

 private:
  FileSystem& files_;
  const std::uint64_t seed_;
  Random random_;
  Witness witness_;
};

}  // namespace

int run_shutdowns(int rounds, std::uint64_t seed) {
  FileSystem files;
  if (!files.make()) {
    std::printf("SKIPPED file system shutdown: this machine does not allow loop mounts\n");
    return kSkipped;
  }
  Shutdowns shutdowns(files, seed);
  int failures = 0;
  for (int round = 0; round < rounds && failures == 0; ++round) failures += shutdowns.one_round();
  std::printf(
      "file system shutdown: %d rounds, %llu commits, %d times one that was not acknowledged was "
      "there; %d failures\n",
      rounds, static_cast<unsigned long long>(shutdowns.witness().step()),
      shutdowns.witness().in_flight_found(), failures);
  return failures;
}

}  // namespace kist::test
