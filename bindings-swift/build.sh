#!/bin/sh
# Builds the Swift binding and its programs against a finished build of libkist.
#
#     bindings-swift/build.sh KIST_BUILD_DIR [argument of `swift build`]...
#
# KIST_BUILD_DIR holds bin/libkist.so. Everything that is built goes to KIST_BUILD_DIR/swift, and links to the programs to
# KIST_BUILD_DIR/bin. KIST_SWIFT names the swift to use, otherwise the one on PATH is.
set -eu
cd "$(dirname "$0")"
build=$(cd "$1" && pwd)
shift
swift=${KIST_SWIFT:-swift}

"$swift" build --configuration release --scratch-path "$build/swift" \
  -Xlinker "-L$build/bin" -Xlinker -rpath -Xlinker "$build/bin" "$@"

products=$build/swift/release
ln -sf "$products/MainJob" "$build/bin/kist_demo_swift"
ln -sf "$products/Transfers" "$build/bin/kist_transfers_swift"
