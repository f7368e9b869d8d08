#pragma once

namespace kist::test::model::landed {

// What the engine can do so far.
inline constexpr bool kOrders = true;
inline constexpr bool kMultimaps = true;
inline constexpr bool kAppend = true;
inline constexpr bool kMultiCursors = true;
inline constexpr bool kContinue = true;  // and all else that a transaction can do

}  // namespace kist::test::model::landed
