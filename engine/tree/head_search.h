#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace kist::engine {

namespace head_internal {

/// Four heads in one register of the machine.
using Heads = std::uint32_t __attribute__((vector_size(16)));
constexpr std::size_t kLanes = 4;
/// Heads that are compared at once, at the end of a search.
constexpr std::size_t kWindow = 16;

/// A lane each: -1 where the head is less than `wanted`.
inline Heads less_than(const std::uint8_t* at, Heads wanted) {
  Heads heads;
  std::memcpy(&heads, at, sizeof heads);
  return static_cast<Heads>(heads < wanted);
}

/// How many of the kWindow heads from `at` are less than `head`.
inline std::size_t count_less(const std::uint8_t* at, std::uint32_t head) {
  static_assert(kWindow == 4 * kLanes);
  const Heads wanted = {head, head, head, head};
  Heads less = (less_than(at, wanted) + less_than(at + 16, wanted)) +
               (less_than(at + 32, wanted) + less_than(at + 48, wanted));
  less += __builtin_shufflevector(less, less, 2, 3, 0, 1);
  less += __builtin_shufflevector(less, less, 1, 0, 3, 2);
  return static_cast<std::uint32_t>(-less[0]);
}

inline std::uint32_t load_head(const std::uint8_t* at) {
  std::uint32_t head = 0;
  std::memcpy(&head, at, sizeof head);
  return head;
}

/// Halves [from, from + count) as long as more than `most` heads are left, without a branch that
/// depends on them, because nothing could predict it. Returns the new start.
inline const std::uint8_t* halve(const std::uint8_t* from, std::size_t count, std::size_t most,
                                 std::uint32_t head) {
  while (count > most) {
    const std::size_t half = count / 2;
    const auto less = static_cast<std::size_t>(load_head(from + 4 * half - 4) < head);
    from += 4 * half & (0 - less);
    count -= half;
  }
  return from;
}

}  // namespace head_internal

/// First index in [0, count) of the dense array of heads whose head is >= `head`, or count. It
/// halves the array until sixteen are left, which it compares at once. Heads that are in no order
/// give some index up to `count`.
inline std::size_t lower_bound_head(const std::uint8_t* heads, std::size_t count,
                                    std::uint32_t head) {
  using namespace head_internal;
  if (count >= kWindow) [[likely]] {
    const std::uint8_t* from = halve(heads, count, kWindow, head);
    // What lies before is less, so the window may begin earlier.
    const std::uint8_t* const last_window = heads + 4 * (count - kWindow);
    from = from < last_window ? from : last_window;
    return static_cast<std::size_t>(from - heads) / 4 + count_less(from, head);
  }
  if (count == 0) return 0;
  const std::uint8_t* const from = halve(heads, count, 1, head);
  return static_cast<std::size_t>(from - heads) / 4 + (load_head(from) < head ? 1 : 0);
}

}  // namespace kist::engine
