# Sourced by the two commands of the README: says in one line what is missing, installs and builds what is not there yet.

fail() {
  echo "podwire: $1" >&2
  exit 1
}

require_root() {
  [ "$(uname -s)" = Linux ] || fail "podwire programs the Linux kernel and this is $(uname -s); use a Linux machine"
  [ "$(id -u)" = 0 ] || fail "npm $1 needs root, because it makes network namespaces; run: sudo npm $1"
}

prepare() {
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
    fail "Node $(node -v) is too old; install Node 20.19 or newer"
  if [ ! -d node_modules ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    echo "Installing dependencies ..."
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
    touch node_modules/.package-lock.json
  fi
  npm run --silent build
}
