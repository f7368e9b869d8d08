// LMDB through the plain loops of lmdb_loop.c: what the engine lmdb is held against.

#include "tests/bench/engine.h"
#include "tests/bench/engines/lmdb_loop.h"

namespace kist::bench {
namespace {

void check(int status) {
  if (status != MDB_SUCCESS) throw Failure(mdb_strerror(status));
}

lmdb_loop_keys as_keys(KeySpan keys) {
  return {keys.bytes(), keys.starts(), keys.size()};
}

class LmdbCSession final : public Session {
 public:
  LmdbCSession(MDB_env* env, MDB_dbi dbi) : env_(env), dbi_(dbi) {
    check(mdb_txn_begin(env_, nullptr, MDB_RDONLY, &read_));
    mdb_txn_reset(read_);
  }
  ~LmdbCSession() override { mdb_txn_abort(read_); }
  LmdbCSession(const LmdbCSession&) = delete;
  LmdbCSession& operator=(const LmdbCSession&) = delete;

  void put_each(KeySpan keys, ValuePool::Stream values, std::size_t batch,
                Latencies* /*latencies*/) override {
    check(lmdb_loop_put(env_, dbi_, as_keys(keys),
                        {values.bytes, values.size, values.stride, values.at, ValuePool::kPlaces},
                        batch));
  }
  std::uint64_t get_each(KeySpan keys, std::size_t batch, Latencies* /*latencies*/) override {
    if (batch == 0) batch = keys.size();
    std::uint64_t digest = 0;
    check(lmdb_loop_get(read_, dbi_, as_keys(keys), batch, &digest));
    return digest;
  }
  std::uint64_t scan(bool forward) override {
    std::uint64_t digest = 0;
    check(lmdb_loop_scan(read_, dbi_, forward ? 1 : 0, &digest));
    return digest;
  }
  std::uint64_t ranges(KeySpan from, std::size_t count) override {
    std::uint64_t digest = 0;
    check(lmdb_loop_ranges(read_, dbi_, as_keys(from), count, &digest));
    return digest;
  }

 private:
  MDB_env* env_;
  MDB_dbi dbi_;
  MDB_txn* read_ = nullptr;
};

class LmdbCStore final : public Store {
 public:
  explicit LmdbCStore(const OpenOptions& options) {
    check(mdb_env_create(&env_));
    check(mdb_env_set_mapsize(env_, std::size_t{32} << 30));
    const unsigned sync = options.durability == Durability::kDurable ? 0U : unsigned{MDB_NOSYNC};
    check(mdb_env_open(env_, (options.directory + "/data.mdb").c_str(), MDB_NOSUBDIR | sync, 0600));
    MDB_txn* txn = nullptr;
    check(mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn));
    check(mdb_dbi_open(txn, nullptr, 0, &dbi_));
    check(mdb_txn_commit(txn));
  }
  ~LmdbCStore() override { mdb_env_close(env_); }
  LmdbCStore(const LmdbCStore&) = delete;
  LmdbCStore& operator=(const LmdbCStore&) = delete;
  std::unique_ptr<Session> session() override { return std::make_unique<LmdbCSession>(env_, dbi_); }

 private:
  MDB_env* env_ = nullptr;
  MDB_dbi dbi_ = 0;
};

const EngineEntry kLmdbC({
    .place = 12,
    .name = "lmdb-c",
    .version = mdb_version(nullptr, nullptr, nullptr),
    .durable = "as lmdb",
    .relaxed = "as lmdb",
    .settings = "plain loops in C, to hold the engine lmdb against",
    .by_default = false,
    .open = [](const OpenOptions& options) -> std::unique_ptr<Store> {
      return std::make_unique<LmdbCStore>(options);
    },
});

}  // namespace
}  // namespace kist::bench
