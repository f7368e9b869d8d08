#include <cstdint>

#include <kist/kist.h>

std::uint32_t kist_abi_version() noexcept {
  return KIST_ABI_VERSION;
}

const char* kist_version() noexcept {
  return KIST_VERSION;
}
