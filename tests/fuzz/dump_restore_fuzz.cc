// What is read from elsewhere: dumps, and backups with their increments. The input says which and
// lists edits of a valid one; or it is itself taken for a dump. Checksums are made right again (a
// dump says that it has none) half of the time. Nothing may crash; what was accepted is a store
// that checks clean; what does not match its checksum is never accepted.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include <signal.h>
#include <sys/resource.h>

#include <kist/engine/backup.h>
#include <kist/engine/dump.h>

#include "engine/base/byte_order.h"
#include "engine/base/checksum.h"
#include "engine/upkeep/increment.h"
#include "tests/damage/seed_stores.h"
#include "tests/support/must.h"

namespace kist::test {
namespace {

using engine::as_bytes;
using engine::Database;

/// A valid one of each thing that can be imported.
struct Originals {
  std::string dump;
  std::string full;
  std::vector<std::string> increments;
  std::uint64_t checksum_seed = 0;  // of the environment
};

const Originals& originals() {
  static const Originals all = [] {
    Originals made;
    const SeedStore& seed = seed_stores()[1];
    const std::string path = scratch_directory() + "/original";
    const std::string part = scratch_directory() + "/part";
    write_file(path, seed.bytes);
    const Database database = must(Database::open(path));
    must(engine::dump(database, [&](engine::Bytes bytes) -> Result<void> {
      made.dump += engine::as_text(bytes);
      return {};
    }));
    engine::BackupPoint point = must(engine::backup(database, part)).point;
    made.full = read_file(part);
    for (int i = 0; i < 2; ++i) {
      engine::WriteTxn txn = must(database.write());
      must(txn.put({}, as_bytes("key 1"), as_bytes("increment " + std::to_string(i))));
      must(txn.commit());
      std::filesystem::remove(part);
      point = must(engine::backup_since(database, point, part)).point;
      made.increments.push_back(read_file(part));
    }
    std::filesystem::remove(part);
    engine::IncrementHeaderBytes header{};
    std::copy_n(made.increments[0].begin(), header.size(), header.begin());
    made.checksum_seed = must(engine::decode_increment_header(header, part)).slot.seed;
    return made;
  }();
  return all;
}

void load_text(std::string_view text, bool must_fail) {
  const Database database = must(Database::open_in_memory({.page_size = 512}));
  std::size_t at = 0;
  const auto source = [&](std::span<std::uint8_t> out) -> Result<std::size_t> {
    // In pieces of odd sizes, as pipes give them.
    const std::size_t size = std::min({out.size(), text.size() - at, 1 + at % 4093});
    std::copy_n(text.data() + at, size, out.begin());
    at += size;
    return size;
  };
  const auto loaded = engine::load(database, source);
  require(!loaded || !must_fail, "a dump was loaded that does not match its checksum");
  require(must(database.check()).clean(), "check() finds something after a load");
  if (!loaded) require(must(must(database.read()).count({})) == 0, "half of a dump was loaded");
}

// Edits that know lines.
void edit_lines(std::vector<std::string>& lines, const std::uint8_t* p) {
  const std::size_t i = engine::load16(p) % lines.size();
  const std::size_t j = engine::load16(p + 2) % lines.size();
  static constexpr std::string_view kLines[] = {"table",
                                                "end",
                                                " key",
                                                "=value",
                                                "#70000",
                                                "+part",
                                                "multi",
                                                "records 1",
                                                "records 18446744073709551615",
                                                "value-size 8",
                                                "key-order int64",
                                                "value-order double",
                                                "key-order custom",
                                                "key-comparator x",
                                                "sequence 18446744073709551615",
                                                "name text",
                                                "markers 1 2 3",
                                                "metadata \\00",
                                                "domain-version 7",
                                                "#18446744073709551615",
                                                "page-size 1",
                                                "value-order custom"};
  switch (p[4] % 8) {
    case 0:
      lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(i));
      if (lines.empty()) lines.emplace_back();
      return;
    case 1:
      lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(i), lines[j]);
      return;
    case 2:
      return std::swap(lines[i], lines[j]);
    case 3:
      lines[i] = kLines[p[5] % std::size(kLines)];
      return;
    case 4:
      lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(i),
                   std::string(kLines[p[5] % std::size(kLines)]));
      return;
    case 5:
      if (!lines[i].empty()) lines[i][p[5] % lines[i].size()] = static_cast<char>(p[6]);
      return;
    case 6:
      lines[i] += std::string(std::size_t{p[5]} * p[6], static_cast<char>(p[7]));
      return;
    default:
      lines[i] = lines[i].substr(0, p[5] % (lines[i].size() + 1)) + lines[j];
  }
}

void load_edited(std::span<const std::uint8_t> edits, bool without_checksum) {
  std::vector<std::string> lines;
  const std::string& dump = originals().dump;
  for (std::size_t at = 0; at < dump.size();) {
    const std::size_t end = dump.find('\n', at);
    lines.push_back(dump.substr(at, end - at));
    at = end + 1;
  }
  const std::string done = lines.back();
  lines.pop_back();
  for (std::size_t at = 0; at + 8 <= edits.size(); at += 8) edit_lines(lines, edits.data() + at);
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  text += (without_checksum ? "done -" : done) + '\n';
  load_text(text, !without_checksum && text != dump);
}

void edit_bytes(std::string& bytes, const std::uint8_t* p) {
  // The header and the heads of pieces are near the start, or anywhere.
  const std::size_t wide = engine::load16(p) % bytes.size();
  const std::size_t at = p[2] % 2 == 0 ? wide : wide % std::min<std::size_t>(bytes.size(), 700);
  const std::size_t width = std::min<std::size_t>(p[2] / 2U % 9, bytes.size() - at);
  for (std::size_t i = 0; i < width; ++i) bytes[at + i] = static_cast<char>(p[3 + i % 5]);
}

// Makes the checksums of an increment right again.
void reseal(std::string& bytes) {
  auto* data = reinterpret_cast<std::uint8_t*>(bytes.data());
  if (bytes.size() < engine::kIncrementHeaderSize) return;
  constexpr std::size_t kSlot = 64;
  constexpr std::size_t kChecksum = kSlot + engine::kMetaSlotSize;
  engine::store64(data + kSlot, engine::checksum(data + kSlot + 8, engine::kMetaSlotSize - 8, 0));
  engine::store64(data + kChecksum, engine::checksum(data, kChecksum, 0));
  const std::uint64_t seed = originals().checksum_seed;
  for (std::size_t at = engine::kIncrementHeaderSize;
       at + engine::kIncrementPieceSize <= bytes.size();) {
    engine::IncrementPieceBytes piece{};
    std::copy_n(data + at, piece.size(), piece.begin());
    engine::IncrementPiece decoded = engine::decode_increment_piece(piece);
    const std::size_t room = bytes.size() - at - piece.size();
    if (decoded.run.pages > room / 512) return;
    const auto pages = std::span(data + at + piece.size(), decoded.run.pages * 512);
    decoded.checksum = engine::increment_checksum(decoded.run, pages, seed);
    const auto sealed = engine::encode_increment_piece(decoded);
    std::copy(sealed.begin(), sealed.end(), data + at);
    at += piece.size() + pages.size();
  }
}

void restore_edited(std::span<const std::uint8_t> edits, bool sealed) {
  std::string full = originals().full;
  std::vector<std::string> parts = originals().increments;
  std::vector<std::string> names;
  for (std::size_t at = 0; at + 8 <= edits.size(); at += 8) {
    const std::uint8_t* p = edits.data() + at;
    const std::size_t which = p[7] % 5;
    if (which == 4) {
      std::swap(parts[0], parts[1]);
    } else {
      edit_bytes(which == 0 ? full : parts[which % 2], p);
    }
  }
  const std::string base = scratch_directory() + "/import";
  write_file(base, full);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (sealed) reseal(parts[i]);
    names.push_back(base + std::to_string(i));
    write_file(names.back(), parts[i]);
    static_cast<void>(engine::backup_point(names.back()));
  }
  const std::string result = base + "-restored";
  if (engine::restore(base, names, result)) {
    const Database database = must(Database::open(result));
    require(must(database.check()).clean(), "check() finds something after a restore");
    if (!sealed) {
      const auto value = must(must(database.read()).get({}, as_bytes("key 1")));
      require(value && engine::as_text(*value) == "increment 1", "a wrong value was restored");
    }
  }
  std::filesystem::remove(result);
  std::filesystem::remove(result + "-lock");
}

void run(std::span<const std::uint8_t> input) {
  const std::span<const std::uint8_t> edits = input.subspan(1);
  switch (input[0] % 8) {
    case 0:
      return load_text(engine::as_text(edits), false);
    case 1:
      return load_text("kist-dump 1\n" + std::string(engine::as_text(edits)) + "\ndone -\n", false);
    case 2:
    case 3:
      return load_edited(edits, false);
    case 4:
    case 5:
      return load_edited(edits, true);
    case 6:
      return restore_edited(edits, false);
    default:
      return restore_edited(edits, true);
  }
}

// Files say how long they want to become. Here, as on a small disk, that fails.
void limit_files() {
  ::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{std::uint64_t{64} << 20, RLIM_INFINITY};
  ::setrlimit(RLIMIT_FSIZE, &limit);
}

}  // namespace
}  // namespace kist::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool limited = (kist::test::limit_files(), true);
  static_cast<void>(limited);
  if (size == 0) return 0;
  try {
    kist::test::run({data, size});
  } catch (const std::exception& error) {
    std::cerr << error.what() << std::endl;
    std::abort();
  }
  return 0;
}
