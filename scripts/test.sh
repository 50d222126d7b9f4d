#!/bin/sh
# `npm test`: installs what the tests use as witnesses, builds, and runs every test. Arguments go to node's test runner.
set -eu
cd "$(dirname "$0")/.."
. scripts/prepare.sh
require_root test
. scripts/witnesses.sh
prepare
# Tests that share the machine's one lab, or measure it, run one file at a time; the rest side by side.
find dist/test -name '*.test.js' -not -path 'dist/test/lab/*' | sort | xargs node --test --test-reporter=spec --test-timeout=120000 --test-concurrency=2 "$@"
find dist/test/lab -name '*.test.js' | sort | xargs node --test --test-reporter=spec --test-timeout=120000 --test-concurrency=1 "$@"
