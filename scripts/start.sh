#!/bin/sh
# `npm start`: from a clean checkout to a running network with an application in it.
set -eu
cd "$(dirname "$0")/.."
. scripts/prepare.sh
require_root start
prepare
node dist/src/cli/main.js up "$@"
exec node dist/src/cli/main.js demo
