#include "engine/upkeep/dump_text.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
// The state of a checksum that is made piece by piece.
#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

namespace kist::engine {
namespace {

constexpr std::size_t kBlock = 65'536;
constexpr std::size_t kLongestLine = std::size_t{4} * 65'536;
constexpr std::array<std::string_view, 9> kOrders{"",      "bytes", "reversed", "uint32", "uint64",
                                                  "int32", "int64", "double",   "custom"};
constexpr std::string_view kDone = "done ";

std::optional<std::uint8_t> digit_value(char digit) {
  if (digit >= '0' && digit <= '9') return static_cast<std::uint8_t>(digit - '0');
  if (digit >= 'a' && digit <= 'f') return static_cast<std::uint8_t>(digit - 'a' + 10);
  return std::nullopt;
}

}  // namespace

std::string_view order_word(Order order) {
  const auto index = static_cast<std::size_t>(order);
  return index < kOrders.size() ? kOrders[index] : std::string_view();
}

std::optional<Order> order_of_word(std::string_view word) {
  const auto found = std::ranges::find(kOrders, word);
  if (word.empty() || found == kOrders.end()) return std::nullopt;
  return static_cast<Order>(found - kOrders.begin());
}

void escape(Bytes bytes, std::string& out) {
  static constexpr char kDigits[] = "0123456789abcdef";
  for (const std::uint8_t byte : bytes) {
    if (byte == '\\') {
      out += "\\\\";
    } else if (byte >= 0x20 && byte < 0x7F) {
      out += static_cast<char>(byte);
    } else {
      out += '\\';
      out += kDigits[byte >> 4U];
      out += kDigits[byte & 0xFU];
    }
  }
}

bool unescape(std::string_view text, std::string& out) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    if (++i == text.size()) return false;
    if (text[i] == '\\') {
      out += '\\';
      continue;
    }
    if (i + 1 == text.size()) return false;
    const auto high = digit_value(text[i]);
    const auto low = digit_value(text[++i]);
    if (!high || !low) return false;
    out += static_cast<char>(*high << 4U | *low);
  }
  return true;
}

struct DumpWriter::Hash {
  XXH3_state_t state;
};
struct DumpReader::Hash {
  XXH3_state_t state;
};

DumpWriter::DumpWriter(const ByteSink& sink) : sink_(sink), hash_(std::make_unique<Hash>()) {
  XXH3_64bits_reset(&hash_->state);
}
DumpWriter::~DumpWriter() = default;

Result<void> DumpWriter::line(std::string_view word, std::string_view text) {
  block_.append(word).append(text);
  return end_line();
}

Result<void> DumpWriter::escaped(std::string_view mark, Bytes bytes) {
  block_.append(mark);
  escape(bytes, block_);
  return end_line();
}

Result<void> DumpWriter::end_line() {
  block_ += '\n';
  return block_.size() < kBlock ? Result<void>() : flush();
}

Result<void> DumpWriter::flush() {
  XXH3_64bits_update(&hash_->state, block_.data(), block_.size());
  KIST_TRY(sink_(as_bytes(block_)));
  block_.clear();
  return {};
}

Result<void> DumpWriter::finish() {
  KIST_TRY(flush());
  const std::string last = fmt::format("{}{:016x}\n", kDone, XXH3_64bits_digest(&hash_->state));
  return sink_(as_bytes(last));
}

DumpReader::DumpReader(const ByteSource& source)
    : source_(source), buffer_(kBlock), hash_(std::make_unique<Hash>()) {
  XXH3_64bits_reset(&hash_->state);
}
DumpReader::~DumpReader() = default;

Result<std::string_view> DumpReader::next() {
  if (again_) {
    again_ = false;
    return line_;
  }
  line_.clear();
  ++number_;
  for (;;) {
    if (begin_ == end_) {
      begin_ = 0;
      KIST_ASSIGN(end_, source_(buffer_));
      if (end_ == 0) return wrong("the dump ends here, without its last line");
    }
    const char* const from = reinterpret_cast<const char*>(buffer_.data());
    const std::string_view rest(from + begin_, end_ - begin_);
    const std::size_t length = rest.find('\n');
    line_.append(rest.substr(0, length));
    begin_ += std::min(rest.size(), length == std::string_view::npos ? rest.size() : length + 1);
    if (line_.size() > kLongestLine) return wrong("is longer than any line of a dump");
    if (length == std::string_view::npos) continue;
    if (!line_.starts_with(kDone)) {
      XXH3_64bits_update(&hash_->state, line_.data(), line_.size());
      XXH3_64bits_update(&hash_->state, "\n", 1);
    }
    return line_;
  }
}

Result<void> DumpReader::finish(std::string_view text) {
  if (text == "-") return {};
  if (text == fmt::format("{:016x}", XXH3_64bits_digest(&hash_->state))) return {};
  return wrong("the dump does not match its checksum");
}

std::unexpected<Error> DumpReader::wrong(std::string_view what) const {
  return fail(ErrorCode::kDamaged, fmt::format("line {}: {}", number_, what));
}

}  // namespace kist::engine
