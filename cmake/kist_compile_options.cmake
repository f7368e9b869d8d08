# Warnings and sanitizers for everything below the directory that includes this file.

add_compile_definitions(_FILE_OFFSET_BITS=64)
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion)
if(KIST_WERROR)
  add_compile_options(-Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports overlapping copies inside std::string's own operator+ (GCC bug 105651).
  add_compile_options(-Wno-restrict)
endif()

if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # GCC 12's library warns of its own use of a deprecated function inside std::inplace_merge.
  add_compile_options(-Wno-deprecated-declarations)
endif()

if(KIST_SANITIZE STREQUAL "address")
  set(kist_sanitizers address,undefined)
elseif(KIST_SANITIZE STREQUAL "thread")
  set(kist_sanitizers thread)
elseif(KIST_SANITIZE STREQUAL "fuzzer")
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "KIST_SANITIZE=fuzzer needs Clang: libFuzzer is a part of it")
  endif()
  # The fuzz targets add libFuzzer's main themselves; everything else is only instrumented.
  set(kist_sanitizers fuzzer-no-link,address,undefined)
elseif(KIST_SANITIZE)
  message(FATAL_ERROR "KIST_SANITIZE is ${KIST_SANITIZE}: expected address, thread, fuzzer or nothing")
endif()

if(KIST_SANITIZE)
  add_compile_options(-fsanitize=${kist_sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${kist_sanitizers})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Instrumentation hides initialisations from GCC's flow analysis.
    add_compile_options(-Wno-maybe-uninitialized)
  endif()
endif()
