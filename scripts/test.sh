#!/bin/sh
# `npm test`: installs what the tests use as witnesses, builds, and runs every test. Arguments go to node's test runner.
set -eu
cd "$(dirname "$0")/.."
. scripts/prepare.sh
require_root test
. scripts/witnesses.sh
prepare

# A test that hangs fails after two minutes, and the rest goes on.
export TEST="sh scripts/alone.sh node --test --test-reporter=spec --test-timeout=120000"
status=0
find dist/test -name '*.test.js' -not -path 'dist/test/lab/*' | sort | xargs $TEST --test-concurrency=2 "$@" || status=1
# Labs share routes and ports: each file is alone, and says what it has to say in one piece.
find dist/test/lab -name '*.test.js' | sort | xargs -P 2 -I FILE sh -c '
  file=$1
  shift
  said=$($TEST "$@" "$file" 2>&1)
  code=$?
  printf "%s\n" "$said"
  exit $code' each FILE "$@" || status=1
exit $status
