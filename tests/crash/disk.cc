#include "tests/crash/disk.h"

#include <algorithm>
#include <cstring>

#include "tests/support/must.h"

namespace kist::test {

std::string base_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

void apply_change(std::string& content, const PendingChange& change, std::uint64_t from,
                  std::uint64_t to) {
  switch (change.kind) {
    case PendingChange::Kind::kWrite:
      if (content.size() < change.offset + to) content.resize(change.offset + to);
      std::memcpy(content.data() + change.offset + from, change.data.data() + from, to - from);
      break;
    case PendingChange::Kind::kResize:
      content.resize(change.length);
      break;
    case PendingChange::Kind::kAllocate:
      content.resize(std::max<std::uint64_t>(content.size(), change.offset + change.length));
      break;
  }
}

void Disk::put(const std::string& name, std::string content) {
  names_[name] = opened_[name] = static_cast<int>(files_.size());
  files_.push_back({std::move(content), {}});
}

DiskFile& Disk::file(const std::string& path) {
  const auto found = opened_.find(path);
  require(found != opened_.end(), "a file was changed that was never created: " + path);
  return files_[static_cast<std::size_t>(found->second)];
}

std::map<std::string, std::string> Disk::visible() const {
  std::map<std::string, int> names = names_;
  for (const PendingName& change : pending_names_) {
    if (change.file < 0) {
      names.erase(change.name);
    } else {
      names[change.name] = change.file;
    }
  }
  std::map<std::string, std::string> contents;
  for (const auto& [name, number] : names) {
    const DiskFile& file = files_[static_cast<std::size_t>(number)];
    std::string& content = contents[base_name(name)] = file.durable;
    for (const PendingChange& change : file.pending) {
      apply_change(content, change, 0, change.data.size());
    }
  }
  if (!lock_files_.empty()) {
    contents[base_name(lock_name_)] = lock_files_.back();
    contents[base_name(lock_name_)].resize(kLockFileBytes, '\0');
  }
  return contents;
}

Disk Disk::moved_to(const std::string& directory) const {
  const auto moved = [&](const std::string& path) { return directory + "/" + base_name(path); };
  Disk disk = *this;
  disk.opened_.clear();
  disk.names_.clear();
  for (const auto& [name, file] : opened_) disk.opened_[moved(name)] = file;
  for (const auto& [name, file] : names_) disk.names_[moved(name)] = file;
  for (PendingName& change : disk.pending_names_) change.name = moved(change.name);
  if (!lock_name_.empty()) disk.lock_name_ = moved(lock_name_);
  return disk;
}

void Disk::fail_flushes(const std::function<bool()>& keeps) {
  for (DiskFile& file : files_) {
    for (; file.flushing != 0; --file.flushing) {
      const PendingChange& change = file.pending.front();
      const std::uint64_t end = change.offset + change.data.size();
      if (change.kind != PendingChange::Kind::kWrite) {
        apply_change(file.durable, change, 0, 0);
      } else if (file.durable.size() < end) {
        file.durable.resize(end);
      }
      for (std::uint64_t from = 0; from < change.data.size();) {
        const std::uint64_t in_sector = kSector - (change.offset + from) % kSector;
        const std::uint64_t to = std::min<std::uint64_t>(from + in_sector, change.data.size());
        if (keeps()) apply_change(file.durable, change, from, to);
        from = to;
      }
      file.pending.erase(file.pending.begin());
    }
  }
}

void Disk::apply(const Event& event) {
  switch (event.kind) {
    case Event::Kind::kCreate:
      opened_[event.path] = static_cast<int>(files_.size());
      pending_names_.push_back({event.path, static_cast<int>(files_.size())});
      files_.emplace_back();
      break;
    case Event::Kind::kWrite:
      file(event.path)
          .pending.push_back(
              {PendingChange::Kind::kWrite, event.offset, event.data.size(), event.data});
      break;
    case Event::Kind::kResize:
      file(event.path).pending.push_back({PendingChange::Kind::kResize, 0, event.length, {}});
      break;
    case Event::Kind::kAllocate:
      file(event.path)
          .pending.push_back({PendingChange::Kind::kAllocate, event.offset, event.length, {}});
      break;
    case Event::Kind::kFlushBegun: {
      DiskFile& flushed = file(event.path);
      flushed.flushing = flushed.pending.size();
      break;
    }
    case Event::Kind::kFlush: {
      DiskFile& flushed = file(event.path);
      const auto end = flushed.pending.begin() + static_cast<std::ptrdiff_t>(flushed.flushing);
      for (auto change = flushed.pending.begin(); change != end; ++change) {
        apply_change(flushed.durable, *change, 0, change->data.size());
      }
      flushed.pending.erase(flushed.pending.begin(), end);
      flushed.flushing = 0;
      break;
    }
    case Event::Kind::kLockFile:
      lock_name_ = event.path;
      lock_files_.push_back(event.data);
      break;
    case Event::Kind::kLockFileFlushed:
      if (lock_files_.size() > 1) lock_files_.erase(lock_files_.begin(), lock_files_.end() - 1);
      break;
    case Event::Kind::kLink:
    case Event::Kind::kRename:
      opened_[event.to] = opened_.at(event.path);
      pending_names_.push_back({event.to, opened_.at(event.path)});
      if (event.kind == Event::Kind::kRename) pending_names_.push_back({event.path, -1});
      break;
    case Event::Kind::kUnlink:
      pending_names_.push_back({event.path, -1});
      break;
    case Event::Kind::kFlushDirectory:
      for (const PendingName& change : pending_names_) {
        if (change.file < 0) {
          names_.erase(change.name);
        } else {
          names_[change.name] = change.file;
        }
      }
      pending_names_.clear();
      break;
    case Event::Kind::kBegun:
    case Event::Kind::kAcknowledged:
      break;
  }
}

}  // namespace kist::test
