/* Processes that may open nothing read what they are granted: the broker passes two descriptors, by
 * a socket, to 200 readers, whose seccomp filters end them at any attempt to open, create or rename
 * a file, and at any write to, or lock on, those two. */
#define _GNU_SOURCE

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <kist/kist_sandbox.h>

#include "check.h"

/* What AddressSanitizer needs for itself says nothing about Kist, and 200 times it is much. */
#if defined(__has_feature) && !defined(__SANITIZE_ADDRESS__)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
enum { kReaders = 20, kMemoryCounts = 0 };
#else
enum { kReaders = 200, kMemoryCounts = 1 };
#endif
enum { kRecords = 2000, kValueBytes = 100, kTimesOverwritten = 20 };

/* What a reader is asked over its socket, and what it answers. */
struct answer {
  int32_t code;
  uint32_t size; /* Of bytes that follow: a batch. */
  uint64_t number;
  uint64_t private_before; /* Bytes of its own memory before it opened anything, */
  uint64_t private_after;  /* and after it has read everything. */
};

static void send_all(int socket, const void* bytes, size_t size) {
  for (const char* next = bytes; size > 0;) {
    const ssize_t sent = send(socket, next, size, MSG_NOSIGNAL);
    CHECK(sent > 0);
    next += sent;
    size -= (size_t)sent;
  }
}

static bool receive_all(int socket, void* bytes, size_t size) {
  for (char* next = bytes; size > 0;) {
    const ssize_t got = recv(socket, next, size, 0);
    if (got <= 0) return false;
    next += got;
    size -= (size_t)got;
  }
  return true;
}

static kist_store open_kind(kist_profile profile, const char* name, kist_key_type keys,
                            bool create) {
  kist_store_options options;
  memset(&options, 0, sizeof options);
  options.struct_size = sizeof options;
  options.create = create;
  options.keys = keys;
  kist_store store;
  CHECK_OK(kist_store_open_as(profile, name, strlen(name), &options, &store, &error));
  return store;
}

/* ---- The sandbox ------------------------------------------------------------------------- */

static void receive_descriptors(int socket, int* data, int* control) {
  char byte;
  struct iovec vector = {&byte, 1};
  union {
    struct cmsghdr header;
    char room[CMSG_SPACE(2 * sizeof(int))];
  } place;
  struct msghdr message;
  memset(&message, 0, sizeof message);
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = &place;
  message.msg_controllen = sizeof place;
  CHECK(recvmsg(socket, &message, MSG_CMSG_CLOEXEC) == 1);
  const struct cmsghdr* header = CMSG_FIRSTHDR(&message);
  CHECK(header != NULL && header->cmsg_type == SCM_RIGHTS);
  CHECK(header->cmsg_len == CMSG_LEN(2 * sizeof(int)));
  int descriptors[2];
  memcpy(descriptors, CMSG_DATA(header), sizeof descriptors);
  *data = descriptors[0];
  *control = descriptors[1];
}

#define NUMBER offsetof(struct seccomp_data, nr)
#define ARGUMENT(n) (offsetof(struct seccomp_data, args) + 8 * (n))
#define LOAD(at) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (at))
#define END_PROCESS BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)
/* Ends the process at that call. */
#define NEVER(call) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (call), 0, 1), END_PROCESS
/* Ends it at that call on one of the two descriptors. */
#define NEVER_ON(call, one, other)                                      \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (call), 0, 5), LOAD(ARGUMENT(0)), \
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)(one), 1, 0),       \
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)(other), 0, 1), END_PROCESS, LOAD(NUMBER)
/* Ends it at fcntl(..., command) on one of them. */
#define NEVER_FCNTL(command, one, other)                                       \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fcntl, 0, 7), LOAD(ARGUMENT(1)),     \
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (command), 0, 4), LOAD(ARGUMENT(0)), \
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)(one), 1, 0),              \
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)(other), 0, 1), END_PROCESS, LOAD(NUMBER)

static void enter_sandbox(int data, int control) {
  struct sock_filter filter[] = {
      LOAD(NUMBER),
#ifdef SYS_open
      NEVER(SYS_open),
      NEVER(SYS_creat),
      NEVER(SYS_link),
      NEVER(SYS_rename),
      NEVER(SYS_unlink),
      NEVER(SYS_mkdir),
#endif
      NEVER(SYS_openat),
      NEVER(SYS_openat2),
      NEVER(SYS_linkat),
      NEVER(SYS_renameat2),
      NEVER(SYS_unlinkat),
      NEVER(SYS_mkdirat),
      NEVER(SYS_truncate),
      NEVER(SYS_socket),
      NEVER(SYS_connect),
      NEVER(SYS_execve),
      NEVER(SYS_clone3),
      NEVER_ON(SYS_write, data, control),
      NEVER_ON(SYS_pwrite64, data, control),
      NEVER_ON(SYS_pwritev, data, control),
      NEVER_ON(SYS_ftruncate, data, control),
      NEVER_ON(SYS_fallocate, data, control),
      NEVER_ON(SYS_flock, data, control),
      NEVER_FCNTL(F_SETLK, data, control),
      NEVER_FCNTL(F_SETLKW, data, control),
      NEVER_FCNTL(F_OFD_SETLK, data, control),
      NEVER_FCNTL(F_OFD_SETLKW, data, control),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
  CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

/* Bytes of memory that this process shares with nobody. `rollup`: /proc/self/smaps_rollup. */
static uint64_t private_memory(int rollup) {
  char text[4096];
  const ssize_t size = pread(rollup, text, sizeof text - 1, 0);
  CHECK(size > 0);
  text[size] = '\0';
  uint64_t kib = 0; /* Private_Clean, Private_Dirty and Private_Hugetlb. */
  for (const char* at = strstr(text, "Private_"); at != NULL; at = strstr(at + 1, "Private_")) {
    const char* colon = strchr(at, ':');
    CHECK(colon != NULL);
    kib += strtoull(colon + 1, NULL, 10);
  }
  return kib * 1024;
}

static void expect_not_writable(int descriptor) {
  CHECK((fcntl(descriptor, F_GETFL) & O_ACCMODE) == O_RDONLY);
  CHECK(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0) == MAP_FAILED);
}

/* Reads every record of the snapshot. */
static void read_everything(kist_reader reader, kist_store texts, kist_store numbers) {
  for (uint64_t i = 0; i < kRecords; ++i) {
    char key[32];
    const int size = snprintf(key, sizeof key, "key %" PRIu64, i);
    kist_value value;
    bool found = false;
    CHECK_OK(kist_reader_get_copy(reader, texts, key, (size_t)size, KIST_TAG_STRING, &value, &found,
                                  &error));
    CHECK(found && value.bytes.size == kValueBytes && value.bytes.data[0] == 'v');
    kist_value_free(&value);
  }
  uint64_t count = 0;
  CHECK_OK(kist_reader_count(reader, numbers, &count, &error));
  CHECK(count == 1);
}

static struct answer value_of(kist_code code, const kist_value* value) {
  struct answer answer = {code, 0, code == KIST_OK ? value->u64 : 0, 0, 0};
  return answer;
}

static void send_batch(int socket, kist_profile profile, kist_store inbox, uint32_t me) {
  kist_batch batch;
  CHECK_OK(kist_batch_make(profile, &batch, &error));
  uint8_t key[4];
  kist_key_of_number(KIST_KEYS_U32, me, key);
  const kist_value value = kist_value_u64(me);
  CHECK_OK(kist_batch_put(batch, inbox, key, sizeof key, &value, &error));
  kist_value bytes;
  CHECK_OK(kist_batch_to_bytes(batch, &bytes, &error));
  CHECK(bytes.tag == KIST_TAG_BLOB);
  const struct answer answer = {KIST_OK, (uint32_t)bytes.bytes.size, 0, 0, 0};
  send_all(socket, &answer, sizeof answer);
  send_all(socket, bytes.bytes.data, bytes.bytes.size);
  kist_value_free(&bytes);
  /* To write by itself is refused. */
  CHECK_FAILS(KIST_ERROR_READ_ONLY, "", kist_batch_apply(batch, KIST_DURABILITY_DEFAULT, &error));
  CHECK_OK(kist_batch_close(batch, &error));
}

static int be_reader(int socket, uint32_t me) {
  int data = -1;
  int control = -1;
  receive_descriptors(socket, &data, &control);
  expect_not_writable(data);
  expect_not_writable(control);
  const int rollup = open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
  CHECK(rollup >= 0);
  enter_sandbox(data, control);

  struct answer ready = {KIST_OK, 0, 0, private_memory(rollup), 0};
  kist_profile profile;
  CHECK_OK(kist_profile_open_granted(data, control, &profile, &error));
  const kist_store texts = open_kind(profile, "texts", KIST_KEYS_BYTES, false);
  const kist_store numbers = open_kind(profile, "numbers", KIST_KEYS_BYTES, false);
  const kist_store inbox = open_kind(profile, "inbox", KIST_KEYS_U32, false);
  kist_reader held;
  CHECK_OK(kist_reader_begin(profile, &held, &error));
  read_everything(held, texts, numbers);
  ready.private_after = private_memory(rollup);
  send_all(socket, &ready, sizeof ready);

  char command;
  while (receive_all(socket, &command, 1)) {
    kist_value value;
    bool found = false;
    struct answer answer;
    switch (command) {
      case 'n': /* Reads the newest. */
        answer = value_of(kist_store_get(numbers, "version", 7, KIST_TAG_U64, &value, &found, NULL),
                          &value);
        break;
      case 'h': /* Reads in the snapshot that it holds. */
        answer = value_of(
            kist_reader_get_copy(held, numbers, "version", 7, KIST_TAG_U64, &value, &found, NULL),
            &value);
        break;
      case 'w':
        send_batch(socket, profile, inbox, me);
        continue;
      default: /* Tries to open a file. */
        open("/etc/passwd", O_RDONLY);
        return 1;
    }
    send_all(socket, &answer, sizeof answer);
  }
  CHECK_OK(kist_reader_end(held, &error));
  CHECK_OK(kist_profile_close(profile, &error));
  /* What a sanitizer does at the end of a program, it may not do here. */
  _exit(0);
}

/* ---- The broker -------------------------------------------------------------------------- */

struct reader {
  pid_t process;
  int socket;
};

static void send_descriptors(int socket, int data, int control) {
  char byte = 'd';
  struct iovec vector = {&byte, 1};
  union {
    struct cmsghdr header;
    char room[CMSG_SPACE(2 * sizeof(int))];
  } place;
  memset(&place, 0, sizeof place);
  struct msghdr message;
  memset(&message, 0, sizeof message);
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = &place;
  message.msg_controllen = sizeof place;
  struct cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(2 * sizeof(int));
  const int descriptors[2] = {data, control};
  memcpy(CMSG_DATA(header), descriptors, sizeof descriptors);
  CHECK(sendmsg(socket, &message, MSG_NOSIGNAL) == 1);
}

static struct reader start_reader(uint32_t number) {
  int ends[2];
  CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  char socket[16];
  char name[16];
  snprintf(socket, sizeof socket, "%d", ends[1]);
  snprintf(name, sizeof name, "%" PRIu32, number);
  const pid_t process = fork();
  CHECK(process >= 0);
  if (process == 0) {
    fcntl(ends[1], F_SETFD, 0);
    execl("/proc/self/exe", "sandbox_test", socket, name, (char*)NULL);
    _exit(127);
  }
  close(ends[1]);
  const struct reader reader = {process, ends[0]};
  return reader;
}

static struct answer ask(const struct reader* reader, char command) {
  struct answer answer;
  send_all(reader->socket, &command, 1);
  CHECK(receive_all(reader->socket, &answer, sizeof answer));
  return answer;
}

/* All of them are to answer so. */
static void expect_all(const struct reader* readers, char command, kist_code code,
                       uint64_t number) {
  for (int i = 0; i < kReaders; ++i) {
    const struct answer answer = ask(&readers[i], command);
    if (answer.code != code || answer.number != number) {
      fprintf(stderr, "reader %d on '%c': %s, %" PRIu64 ", not %s, %" PRIu64 "\n", i, command,
              kist_code_name(answer.code), answer.number, kist_code_name(code), number);
      exit(1);
    }
  }
}

static void put_version(kist_store numbers, uint64_t version) {
  const kist_value value = kist_value_u64(version);
  CHECK_OK(kist_store_put(numbers, "version", 7, &value, &error));
}

static void put_texts(kist_profile profile, kist_store texts) {
  char text[kValueBytes];
  memset(text, 'v', sizeof text);
  kist_writer writer;
  CHECK_OK(kist_writer_begin(profile, KIST_WAIT_FOREVER, &writer, &error));
  for (uint64_t i = 0; i < kRecords; ++i) {
    char key[32];
    const int size = snprintf(key, sizeof key, "key %" PRIu64, i);
    const kist_value value = kist_value_string(text, sizeof text);
    CHECK_OK(kist_writer_put(writer, texts, key, (size_t)size, &value, &error));
  }
  CHECK_OK(kist_writer_commit(writer, KIST_DURABILITY_RELAXED, NULL, &error));
}

static uint64_t oldest_pinned(kist_profile profile) {
  kist_stats stats;
  memset(&stats, 0, sizeof stats);
  stats.struct_size = sizeof stats;
  CHECK_OK(kist_profile_stats(profile, &stats, &error));
  return stats.oldest_pinned;
}

static void report_memory(const struct reader* readers) {
  uint64_t most = 0;
  uint64_t most_of_kist = 0;
  uint64_t sum_of_kist = 0;
  for (int i = 0; i < kReaders; ++i) {
    struct answer ready;
    CHECK(receive_all(readers[i].socket, &ready, sizeof ready));
    CHECK(ready.code == KIST_OK && ready.private_after >= ready.private_before);
    const uint64_t of_kist = ready.private_after - ready.private_before;
    if (ready.private_after > most) most = ready.private_after;
    if (of_kist > most_of_kist) most_of_kist = of_kist;
    sum_of_kist += of_kist;
  }
  printf("%d readers; private memory of each at most %" PRIu64 " KiB; Kist took at most %" PRIu64
         " KiB, on average %" PRIu64 " KiB\n",
         kReaders, most / 1024, most_of_kist / 1024, sum_of_kist / kReaders / 1024);
  CHECK(!kMemoryCounts || most_of_kist < 1024 * 1024);
}

static void take_batches(kist_profile profile, kist_store inbox, const struct reader* readers) {
  for (int i = 0; i < kReaders; ++i) {
    const struct answer answer = ask(&readers[i], 'w');
    uint8_t bytes[1024];
    CHECK(answer.size <= sizeof bytes && receive_all(readers[i].socket, bytes, answer.size));
    kist_batch batch;
    CHECK_OK(kist_batch_from_bytes(profile, bytes, answer.size, &batch, &error));
    kist_names names;
    CHECK_OK(kist_batch_stores(batch, &names, &error));
    CHECK(names.count == 1 && names.items[0].size == 5);
    CHECK(memcmp(names.items[0].data, "inbox", 5) == 0);
    kist_names_free(&names);
    CHECK_OK(kist_batch_apply(batch, KIST_DURABILITY_RELAXED, &error));
    CHECK_OK(kist_batch_close(batch, &error));
    /* Cut short anywhere it is refused. */
    CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "no batch",
                kist_batch_from_bytes(profile, bytes, answer.size - 1, &batch, &error));
  }
  uint64_t count = 0;
  CHECK_OK(kist_store_count(inbox, &count, &error));
  CHECK(count == kReaders);
}

static void end_readers(const struct reader* readers) {
  for (int i = 0; i < kReaders; ++i) {
    int status = 0;
    /* The last one tries to open something. */
    if (i == kReaders - 1) send_all(readers[i].socket, "x", 1);
    close(readers[i].socket);
    CHECK(waitpid(readers[i].process, &status, 0) == readers[i].process);
    if (i == kReaders - 1) {
      CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
    } else {
      CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
  }
}

static void refuse_misuse(kist_profile profile, kist_grant grant, int data, int control) {
  kist_profile opened;
  int other = -1;
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "no descriptor",
              kist_profile_open_granted(-1, dup(control), &opened, &error));
  CHECK_FAILS(KIST_ERROR_DAMAGED, "no grant's",
              kist_profile_open_granted(dup(data), dup(data), &opened, &error));
  CHECK_FAILS(KIST_ERROR_DAMAGED, "",
              kist_profile_open_granted(dup(control), dup(control), &opened, &error));
  CHECK_FAILS(
      KIST_ERROR_NOT_A_STORE, "regular",
      kist_profile_open_granted(open("/dev/null", O_RDONLY), dup(control), &opened, &error));
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "NULL",
              kist_grant_make(profile, &grant, &other, NULL, &error));
  CHECK(other == -1);
  kist_batch batch;
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "no batch",
              kist_batch_from_bytes(profile, "", 0, &batch, &error));
}

int main(int argc, char** argv) {
  if (argc == 3) return be_reader(atoi(argv[1]), (uint32_t)atoi(argv[2]));
  make_test_directory();
  const kist_profile profile = open_profile("profile");
  const kist_store texts = open_kind(profile, "texts", KIST_KEYS_BYTES, true);
  const kist_store numbers = open_kind(profile, "numbers", KIST_KEYS_BYTES, true);
  const kist_store inbox = open_kind(profile, "inbox", KIST_KEYS_U32, true);
  put_texts(profile, texts);
  put_version(numbers, 1);

  kist_grant grant;
  int data = -1;
  int control = -1;
  CHECK_OK(kist_grant_make(profile, &grant, &data, &control, &error));
  refuse_misuse(profile, grant, data, control);
  uint64_t first = 0;
  CHECK_OK(kist_grant_advance(grant, &first, &error));
  static struct reader readers[kReaders];
  for (int i = 0; i < kReaders; ++i) {
    readers[i] = start_reader((uint32_t)i);
    send_descriptors(readers[i].socket, data, control);
  }
  report_memory(readers);

  /* A newer state is seen when it is granted; who holds a snapshot keeps it. */
  put_version(numbers, 2);
  put_texts(profile, texts);
  expect_all(readers, 'n', KIST_OK, 1);
  uint64_t second = 0;
  CHECK_OK(kist_grant_advance(grant, &second, &error));
  CHECK(second > first && oldest_pinned(profile) == first);
  expect_all(readers, 'n', KIST_OK, 2);
  expect_all(readers, 'h', KIST_OK, 1);
  take_batches(profile, inbox, readers);

  /* What is taken away is said to be, whatever lies there now. */
  CHECK_OK(kist_grant_release_before(grant, second, &error));
  CHECK(oldest_pinned(profile) >= second);
  for (int i = 0; i < kTimesOverwritten; ++i) put_texts(profile, texts);
  expect_all(readers, 'h', KIST_ERROR_SNAPSHOT_GONE, 0);
  expect_all(readers, 'n', KIST_OK, 2);
  CHECK_OK(kist_grant_close(grant, &error));
  expect_all(readers, 'n', KIST_ERROR_SNAPSHOT_GONE, 0);
  CHECK_FAILS(KIST_ERROR_CLOSED, "", kist_grant_advance(grant, NULL, &error));
  end_readers(readers);

  kist_check_report report;
  CHECK_OK(kist_profile_check(profile, &report, &error));
  CHECK(report.violations == 0);
  kist_check_report_free(&report);
  CHECK_OK(kist_profile_close(profile, &error));
  return 0;
}
