#pragma once

#include <string>

namespace kist::bench {

/// What a reader must know of a run, as Markdown: processor, memory, kernel, file system of
/// `directory`, compiler, date; then each engine's version, settings and durability.
std::string describe(const std::string& directory);

}  // namespace kist::bench
