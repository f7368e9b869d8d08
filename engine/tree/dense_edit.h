#pragma once

#include <cstdint>
#include <span>

#include "engine/tree/node.h"

namespace kist::engine {

/// The functions of leaf_edit.h for dense leaves. Their unused bytes are zero at all times, so that
/// a commit never has to build one again.

bool dense_is_sound(const std::uint8_t* page, std::size_t page_size, std::size_t key_size);
void dense_build(std::uint8_t* page, std::size_t page_size, const TreeShape& shape,
                 std::span<const LeafRecord> records);
bool dense_insert(std::uint8_t* page, std::size_t page_size, std::size_t index, Bytes key);
void dense_erase(std::uint8_t* page, std::size_t index);

}  // namespace kist::engine
