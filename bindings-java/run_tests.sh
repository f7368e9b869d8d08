#!/bin/sh
# Compiles and runs the tests of the Java binding on the kist.jar in KIST_BUILD_DIR. JAVA_HOME may name another JDK than the one on PATH.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=${KIST_BUILD_DIR:-$here/../build/release}
jar=$build/bin/kist.jar
jars=${KIST_JUNIT_DIR:-/usr/share/java}
bin=${JAVA_HOME:+$JAVA_HOME/bin/}

junit=
for name in junit-jupiter-api junit-jupiter-engine junit-platform-commons junit-platform-engine junit-platform-launcher \
  opentest4j apiguardian-api; do
  junit=$junit:$jars/$name.jar
done
for file in "$jar" "$jars/junit-jupiter-api.jar"; do
  if [ ! -f "$file" ]; then
    echo "test-java: $file is missing (make build makes the one, the Debian package junit5 the other)" >&2
    echo "0 passed, 1 failed"
    exit 1
  fi
done

classes=$(mktemp -d)
trap 'rm -rf "$classes"' EXIT
find "$here/src/test/java" -name '*.java' >"$classes/sources"
"${bin}javac" --release 17 -encoding UTF-8 -Xlint:all,-classfile -Werror -d "$classes" -cp "$jar$junit" "@$classes/sources"

# A call that never returns cannot be interrupted from Java, so the whole run has a time limit.
# -Xcheck:jni stops at any wrong use of JNI by the native library. UTF-8 names of files need a locale that has them.
LC_ALL=C.UTF-8 timeout 1200 "${bin}java" -Xcheck:jni -Xmx512m -ea -Dkist.source="$here/.." -Dkist.jar="$jar" \
  -cp "$jar:$classes$junit" org.kist.TestRun
