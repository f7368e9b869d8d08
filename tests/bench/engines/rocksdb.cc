// RocksDB.

#include <array>

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table.h>
#include <rocksdb/version.h>
#include <rocksdb/write_batch.h>

#include "tests/bench/session_of.h"

namespace kist::bench {
namespace {

void check(const rocksdb::Status& status) {
  if (!status.ok()) [[unlikely]]
    throw Failure(status.ToString());
}

rocksdb::Slice as_slice(std::string_view bytes) {
  return {bytes.data(), bytes.size()};
}

std::string_view as_text(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

class RocksdbStore {
 public:
  explicit RocksdbStore(const OpenOptions& options)
      : directory_(options.directory), durable_(options.durability == Durability::kDurable) {
    settings_.create_if_missing = true;
    settings_.compression = rocksdb::kNoCompression;
    if (options.larger_than_memory) settings_.write_buffer_size = std::size_t{4} << 20;
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = rocksdb::NewLRUCache(options.cache_bytes);
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    settings_.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    rocksdb::DB* db = nullptr;
    check(rocksdb::DB::Open(settings_, directory_, &db));
    db_.reset(db);
  }

  class Session {
   public:
    explicit Session(RocksdbStore& store) : store_(store), db_(*store.db_) {
      write_options_.sync = store.durable_;
    }

    void begin_read() { read_options_.snapshot = db_.GetSnapshot(); }
    void end_read() {
      db_.ReleaseSnapshot(read_options_.snapshot);
      read_options_.snapshot = nullptr;
    }
    template <typename Visit>
    void get(std::string_view key, Visit&& visit) {
      check(db_.Get(read_options_, db_.DefaultColumnFamily(), as_slice(key), &value_));
      visit(as_text(value_));
      value_.Reset();
    }
    template <typename Visit>
    void get_many(KeySpan keys, Visit&& visit) {
      for (std::size_t i = 0; i < keys.size();) {
        std::size_t count = 0;
        while (count < kMany && i < keys.size()) keys_[count++] = as_slice(keys[i++]);
        db_.MultiGet(read_options_, db_.DefaultColumnFamily(), count, keys_.data(), values_.data(),
                     statuses_.data());
        for (std::size_t j = 0; j < count; ++j) {
          check(statuses_[j]);
          visit(as_text(values_[j]));
          values_[j].Reset();
        }
      }
    }
    template <typename Visit>
    void walk(std::string_view from, Visit&& visit) {
      const std::unique_ptr<rocksdb::Iterator> it(db_.NewIterator(read_options_));
      for (it->Seek(as_slice(from)); it->Valid(); it->Next()) {
        if (!visit(as_text(it->key()), as_text(it->value()))) break;
      }
      check(it->status());
    }
    template <typename Visit>
    void walk_back(Visit&& visit) {
      const std::unique_ptr<rocksdb::Iterator> it(db_.NewIterator(read_options_));
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
      const std::string path = store_.directory_ + "/bulk.sst";
      rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), store_.settings_);
      check(writer.Open(path));
      for (std::size_t i = 0; i < sorted.size(); ++i) {
        check(writer.Put(as_slice(sorted[i]), as_slice(values.next())));
      }
      check(writer.Finish());
      rocksdb::IngestExternalFileOptions options;
      options.move_files = true;
      check(db_.IngestExternalFile({path}, options));
    }
    void erase_range(std::string_view from, std::string_view to) {
      check(
          db_.DeleteRange(write_options_, db_.DefaultColumnFamily(), as_slice(from), as_slice(to)));
    }
    void compact(const std::string& /*copy*/) {
      rocksdb::CompactRangeOptions options;
      options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
      check(db_.CompactRange(options, nullptr, nullptr));
    }

   private:
    static constexpr std::size_t kMany = 64;
    RocksdbStore& store_;
    rocksdb::DB& db_;
    rocksdb::ReadOptions read_options_;
    rocksdb::WriteOptions write_options_;
    rocksdb::WriteBatch batch_;
    rocksdb::PinnableSlice value_;
    std::array<rocksdb::Slice, kMany> keys_;
    std::array<rocksdb::PinnableSlice, kMany> values_;
    std::array<rocksdb::Status, kMany> statuses_;
  };

 private:
  std::string directory_;
  bool durable_;
  rocksdb::Options settings_;
  std::unique_ptr<rocksdb::DB> db_;
};

const EngineEntry kRocksdb({
    .place = 40,
    .name = "rocksdb",
    .version = rocksdb::GetRocksVersionAsString(),
    .durable = "sync writes: one flush of the log a commit",
    .relaxed = "log written, flushed with the table files only; never damaged",
    .settings = "no compression, Bloom filter of 10 bits a key, block cache as large as the data",
    .many_processes = false,
    .open = &open_store<RocksdbStore>,
});

}  // namespace
}  // namespace kist::bench
