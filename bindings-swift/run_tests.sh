#!/bin/sh
# Builds the Swift binding against the build in KIST_BUILD_DIR and runs its tests. The last line is
# `N passed, N failed`; the status is 0 only if none failed.
set -u
here=$(cd "$(dirname "$0")" && pwd)
build=${KIST_BUILD_DIR:?names the build that holds bin/libkist.so}
swift=${KIST_SWIFT:-swift}
results=$build/swift/results

fail() {
  echo "$1" >&2
  echo '0 passed, 1 failed'
  exit 1
}

"$here/build.sh" "$build" --build-tests || fail 'the Swift binding does not build'
# SwiftPM adds the name of the test library to that of the file.
rm -f "$results"*.xml
cd "$here" || exit 1
timeout --kill-after=10 900 "$swift" test --configuration release --scratch-path "$build/swift" --skip-build --disable-xctest \
  --xunit-output "$results.xml" -Xlinker "-L$build/bin" -Xlinker -rpath -Xlinker "$build/bin" && status=0 || status=$?

# A test may have failed in several places.
counts=$(cat "$results"*.xml 2>/dev/null | awk '
  /<testcase / { tests += 1; counted = 0 }
  /<skipped/ { tests -= 1 }
  /<failure/ && !counted { failed += 1; counted = 1 }
  END { print tests + 0, failed + 0 }')
tests=${counts% *}
failed=${counts#* }
[ "$tests" -gt 0 ] || fail 'the Swift tests ended without results'
# A crash can leave results that do not show it.
if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
passed=$((tests - failed))
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
