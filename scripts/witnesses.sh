# Sourced by test.sh: the real tools that check us. Debian's and Ubuntu's package names; elsewhere the tests that need one skip by name.

missing=
for pair in nft:nftables ip:iproute2 dig:dnsutils tcpdump:tcpdump conntrack:conntrack curl:curl busybox:busybox dnsperf:dnsperf; do
  command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair#*:}"
done
[ -x /usr/lib/cni/bridge ] || missing="$missing containernetworking-plugins"
if [ -n "$missing" ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing test witnesses:$missing"
  apt-get update -qq >/dev/null 2>&1 || true
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null </dev/null ||
    echo "podwire: could not install$missing; the tests that need them will skip" >&2
fi

# Debian's kubectl (1.20) beside whichever one is installed: both must work.
kubectl120="${XDG_CACHE_HOME:-$HOME/.cache}/podwire/kubectl-1.20"
if [ ! -x "$kubectl120" ] && command -v apt-get >/dev/null 2>&1; then
  work=$(mktemp -d)
  (cd "$work" && apt-get download -qq kubernetes-client >/dev/null 2>&1 && dpkg -x kubernetes-client_*.deb out &&
    mkdir -p "$(dirname "$kubectl120")" && cp out/usr/bin/kubectl "$kubectl120") ||
    echo "podwire: Debian's kubernetes-client could not be had; its kubectl stories will skip" >&2
  rm -rf "$work"
fi
[ -x "$kubectl120" ] && export PODWIRE_KUBECTL_120="$kubectl120"
