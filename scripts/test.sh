#!/bin/sh
# `npm test`: installs what the tests use as witnesses, builds, and runs every test. Arguments go to node's test runner.
set -eu
cd "$(dirname "$0")/.."
. scripts/prepare.sh
require_root test
. scripts/witnesses.sh
prepare

# A test that hangs fails after two minutes, and the rest goes on.
run() {
  concurrency=$1
  shift
  xargs sh scripts/alone.sh node --test --test-reporter=spec --test-timeout=120000 --test-concurrency="$concurrency" "$@" || status=1
}
status=0
find dist/test -name '*.test.js' -not -path 'dist/test/lab/*' | sort > dist/fast-tests
find dist/test/lab -name '*.test.js' | sort > dist/lab-tests
run 2 "$@" < dist/fast-tests
# Labs share routes and ports: one file at a time.
run 1 "$@" < dist/lab-tests
exit $status
