// LevelDB.

#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/filter_policy.h>
#include <leveldb/write_batch.h>

#include "tests/bench/session_of.h"

namespace kist::bench {
namespace {

void check(const leveldb::Status& status) {
  if (!status.ok()) [[unlikely]]
    throw Failure(status.ToString());
}

leveldb::Slice as_slice(std::string_view bytes) {
  return {bytes.data(), bytes.size()};
}

std::string_view as_text(const leveldb::Slice& slice) {
  return {slice.data(), slice.size()};
}

/// LevelDB has no transaction that could take everything: its batches are held in memory.
constexpr std::size_t kBatch = 1000;

class LeveldbStore {
 public:
  explicit LeveldbStore(const OpenOptions& options)
      : durable_(options.durability == Durability::kDurable),
        cache_(leveldb::NewLRUCache(options.cache_bytes)),
        filter_(leveldb::NewBloomFilterPolicy(10)) {
    leveldb::Options settings;
    settings.create_if_missing = true;
    settings.compression = leveldb::kNoCompression;
    settings.block_cache = cache_.get();
    settings.filter_policy = filter_.get();
    leveldb::DB* db = nullptr;
    check(leveldb::DB::Open(settings, options.directory, &db));
    db_.reset(db);
  }

  class Session {
   public:
    explicit Session(LeveldbStore& store) : db_(*store.db_) {
      write_options_.sync = store.durable_;
    }

    void begin_read() { read_options_.snapshot = db_.GetSnapshot(); }
    void end_read() {
      db_.ReleaseSnapshot(read_options_.snapshot);
      read_options_.snapshot = nullptr;
    }
    template <typename Visit>
    void get(std::string_view key, Visit&& visit) {
      check(db_.Get(read_options_, as_slice(key), &value_));
      visit(std::string_view(value_));
    }
    template <typename Visit>
    void walk(std::string_view from, Visit&& visit) {
      const std::unique_ptr<leveldb::Iterator> it(db_.NewIterator(read_options_));
      for (it->Seek(as_slice(from)); it->Valid(); it->Next()) {
        if (!visit(as_text(it->key()), as_text(it->value()))) break;
      }
      check(it->status());
    }
    template <typename Visit>
    void walk_back(Visit&& visit) {
      const std::unique_ptr<leveldb::Iterator> it(db_.NewIterator(read_options_));
      for (it->SeekToLast(); it->Valid(); it->Prev()) {
        if (!visit(as_text(it->key()), as_text(it->value()))) break;
      }
      check(it->status());
    }

    void begin_write() { batch_.Clear(); }
    void put(std::string_view key, std::string_view value) {
      batch_.Put(as_slice(key), as_slice(value));
    }
    void erase(std::string_view key) { batch_.Delete(as_slice(key)); }
    // A batch cannot be read; no workload reads what the same transaction wrote.
    template <typename Visit>
    void get_own(std::string_view key, Visit&& visit) {
      get(key, visit);
    }
    void commit() { check(db_.Write(write_options_, &batch_)); }

    void bulk_load(KeySpan sorted, ValuePool::Stream values) {
      for (std::size_t i = 0; i < sorted.size();) {
        begin_write();
        for (const std::size_t end = std::min(i + kBatch, sorted.size()); i < end; ++i) {
          put(sorted[i], values.next());
        }
        commit();
      }
    }
    void erase_range(std::string_view from, std::string_view to) {
      const std::unique_ptr<leveldb::Iterator> it(db_.NewIterator({}));
      it->Seek(as_slice(from));
      while (it->Valid() && as_text(it->key()) < to) {
        begin_write();
        for (std::size_t i = 0; i < kBatch && it->Valid() && as_text(it->key()) < to; ++i) {
          batch_.Delete(it->key());
          it->Next();
        }
        commit();
      }
      check(it->status());
    }
    void compact(const std::string& /*copy*/) { db_.CompactRange(nullptr, nullptr); }

   private:
    leveldb::DB& db_;
    leveldb::ReadOptions read_options_;
    leveldb::WriteOptions write_options_;
    leveldb::WriteBatch batch_;
    std::string value_;
  };

 private:
  bool durable_;
  std::unique_ptr<leveldb::Cache> cache_;
  std::unique_ptr<const leveldb::FilterPolicy> filter_;
  std::unique_ptr<leveldb::DB> db_;
};

const EngineEntry kLeveldb({
    .place = 50,
    .name = "leveldb",
    .version = std::to_string(leveldb::kMajorVersion) + "." +
               std::to_string(leveldb::kMinorVersion),
    .durable = "sync writes: one flush of the log a commit",
    .relaxed = "log written, flushed with the table files only; never damaged",
    .settings = "no compression, Bloom filter of 10 bits a key, block cache as large as the data",
    .many_processes = false,
    .open = &open_store<LeveldbStore>,
});

}  // namespace
}  // namespace kist::bench
