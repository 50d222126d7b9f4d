/** What a packet costs on its way through a ClusterIP: with one Service, with 40,000, on a plain route, and among kube-proxy's iptables rules. */

import { iptablesVersion } from './iptables-peer.js';
import { iptables, type Place, plain, planned } from './places.js';
import type { Row } from './row.js';
import { connections, firstPackets, measure, stream, type Traffic } from './traffic.js';

const MANY = 40_000;
const MANY_RULES = 10_000;

export async function bench(): Promise<Row[]> {
  if (process.getuid?.() !== 0) return [skipped('needs root, to make network namespaces')];
  const version = iptablesVersion();
  const places: Record<string, Place> = {};
  try {
    places.many = planned(MANY);
    places.one = planned(0);
    places.plain = plain();
    if (version) places.iptables = iptables(MANY_RULES);
    const rows = [
      ...compare('TCP connections', connections, places, rate => `${rate.toFixed(0)}/s`),
      ...compare('first packets, UDP', firstPackets, places, rate => `${rate.toFixed(0)}/s`),
      ...compare('bytes of a TCP stream', stream, places, rate => `${(rate / 2 ** 30).toFixed(2)} GiB/s`),
    ];
    return version ? rows : [...rows, skipped('iptables-legacy-restore is not installed (Debian: iptables)')];
  } finally {
    for (const place of Object.values(places)) place.close();
  }
}

/** Against each of the other places. Rules decide where a connection goes and not what it carries, so of a stream iptables is not asked. */
function compare(
  what: string,
  make: (place: Place) => Traffic,
  places: Readonly<Record<string, Place>>,
  text: (rate: number) => string,
): Row[] {
  const rates = measure(make, places);
  const row = (name: string, beside: string, label: string, goal: string): Row => ({
    name,
    ours: text(rates.many!),
    peer: `${text(rates[beside]!)} (${label})`,
    ratio: `${(rates.many! / rates[beside]!).toFixed(2)}×`,
    goal,
  });
  return [
    row(`${what} through a ClusterIP, ${MANY} Services`, 'one', '1 Service', '≥ 0.97×'),
    row('… against a plain route with conntrack', 'plain', 'to the Pod', '≥ 0.95×'),
    ...(rates.iptables !== undefined && make !== stream
      ? [row('… against the last of iptables rules', 'iptables', `${MANY_RULES} Services, iptables-legacy`, '≥ 6×')]
      : []),
  ];
}

function skipped(reason: string): Row {
  return { name: 'connections', ours: `skipped: ${reason}`, peer: '', ratio: '', goal: '' };
}
