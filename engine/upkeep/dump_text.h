#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <kist/engine/byte_stream.h>
#include <kist/engine/error.h>
#include <kist/engine/table.h>

namespace kist::engine {

/// The text of dumps, line by line: engine/docs/dump.md.

inline constexpr std::string_view kDumpTitle = "kist-dump ";
inline constexpr std::uint32_t kDumpVersion = 1;
/// Bytes of a value, or a part of one, in a line.
inline constexpr std::size_t kDumpPart = 65'536;

/// The word for an order, and back.
std::string_view order_word(Order order);
std::optional<Order> order_of_word(std::string_view word);

/// Appends `bytes` as printable text without line ends.
void escape(Bytes bytes, std::string& out);
/// Appends the bytes that escape() wrote. False when the text is not of that form.
bool unescape(std::string_view text, std::string& out);

/// Hands lines to a sink, in blocks, and knows the checksum of them all.
class DumpWriter {
 public:
  explicit DumpWriter(const ByteSink& sink);
  ~DumpWriter();
  DumpWriter(const DumpWriter&) = delete;
  DumpWriter& operator=(const DumpWriter&) = delete;

  /// A line of a word and text that needs no escaping.
  Result<void> line(std::string_view word, std::string_view text = {});
  /// A line of a mark (one character, or a word and a space) and escaped bytes.
  Result<void> escaped(std::string_view mark, Bytes bytes);
  /// The last line.
  Result<void> finish();

 private:
  Result<void> end_line();
  Result<void> flush();

  struct Hash;
  const ByteSink& sink_;
  std::string block_;
  std::unique_ptr<Hash> hash_;
};

/// Takes lines from a source.
class DumpReader {
 public:
  explicit DumpReader(const ByteSource& source);
  ~DumpReader();
  DumpReader(const DumpReader&) = delete;
  DumpReader& operator=(const DumpReader&) = delete;

  /// The next line, without its end. Errors: kDamaged when there is none, or one that is too long;
  /// those of the source.
  Result<std::string_view> next();
  /// The line that next() returned, again next time.
  void back() { again_ = true; }
  /// Holds the last line, which was just read, against all before it.
  Result<void> finish(std::string_view text);
  /// An error that names the line that was just read.
  std::unexpected<Error> wrong(std::string_view what) const;

 private:
  struct Hash;
  const ByteSource& source_;
  std::vector<std::uint8_t> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::string line_;
  std::uint64_t number_ = 0;
  bool again_ = false;
  std::unique_ptr<Hash> hash_;
};

}  // namespace kist::engine
