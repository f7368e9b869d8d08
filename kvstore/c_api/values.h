#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <kist/engine/error.h>
#include <kist/kist.h>
#include <kist/store.h>
#include <kist/value.h>

namespace kist::c_api {

/// The bytes that a pointer and a size from outside describe; `name` is the parameter's. Errors:
/// kInvalidArgument when the pointer is null and the size is not zero, or the size is no possible
/// one.
Result<std::string_view> view_of(const void* data, std::size_t size, const char* name);

/// A key from outside, as it stands in the file; borrowed. Errors: kInvalidArgument.
Result<Key> key_of(const void* key, std::size_t size);

/// The range, borrowing the bounds given; null for all. Errors: kInvalidArgument, kUnsupported.
Result<Range> range_of(const kist_range* given);

/// A value from outside, borrowed. Errors: kInvalidArgument (null, no tag, null bytes).
Result<ValueView> view_of(const kist_value* value);
/// The same, or nothing for a null pointer.
Result<std::optional<ValueView>> optional_view_of(const kist_value* value);

/// `value` as C sees it, with bytes borrowed from where the view has them.
kist_value borrow(const ValueView& value);

/// `value` as C sees it, with bytes in memory of its own for kist_value_free. Throws
/// std::bad_alloc.
kist_value copy(const ValueView& value);

/// A run of bytes for C. Never a null pointer, so that other languages need no special case.
kist_bytes bytes_of(std::string_view text);

/// The value of `key` as `transaction` (Reader or Writer) sees it, checked to be of the type
/// `expected` unless that is KIST_TAG_NONE; borrowed as the transaction says. Errors:
/// kInvalidArgument (unknown tag) and those of Reader::get.
template <typename Transaction>
Result<std::optional<ValueView>> get_as(const Transaction& transaction, const Store& store,
                                        const Key& key, kist_tag expected);

/// Copies of many byte strings in few allocations, which all live as long as this object.
class Arena {
 public:
  /// A copy of `text`. Throws std::bad_alloc.
  std::string_view copy(std::string_view text);

 private:
  static constexpr std::size_t kChunkSize = 16 * 1024;
  std::vector<std::unique_ptr<char[]>> chunks_;
  char* next_ = nullptr;  // free part of the newest shared chunk
  std::size_t left_ = 0;
};

}  // namespace kist::c_api
