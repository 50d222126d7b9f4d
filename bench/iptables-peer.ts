/** Services as kube-proxy's iptables mode writes them: a rule per Service in one list, a chain per Service and per endpoint, comments and marks. */

import { execFileSync } from 'node:child_process';
import { withNamespace } from '../src/host/namespace.js';
import { clusterIP, ENDPOINTS, endpointIP } from './services-objects.js';

const RESTORE = 'iptables-legacy-restore';

/** iptables's version, or undefined when it is not installed. */
export function iptablesVersion(): string | undefined {
  try {
    return execFileSync(RESTORE, ['--version'], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

interface Fronted {
  readonly clusterIP: string;
  readonly protocol: 'tcp' | 'udp';
  /** `address:port`. */
  readonly endpoints: readonly string[];
}

/** So many Services in that namespace, and last in the list those that are measured. */
export function restoreServices(netns: string, services: number, measured: readonly Fronted[]): void {
  const chains: string[] = [];
  const rules: string[] = [];
  const add = (name: string, { clusterIP, protocol, endpoints }: Fronted) => {
    const [service, title] = [`KUBE-SVC-${name}`, `default/service-${name}:http`];
    const to = `-p ${protocol} -m comment --comment "${title} cluster IP" -m ${protocol} --dport 80`;
    chains.push(service);
    rules.push(
      `-A KUBE-SERVICES -d ${clusterIP}/32 ${to} -j ${service}`,
      `-A ${service} ! -s 10.128.0.0/9 -d ${clusterIP}/32 ${to} -j KUBE-MARK-MASQ`,
    );
    for (const [i, endpoint] of endpoints.entries()) {
      const chain = `KUBE-SEP-${name}-${i}`;
      const left = endpoints.length - i;
      const chance = left === 1 ? '' : `-m statistic --mode random --probability ${(1 / left).toFixed(10)} `;
      chains.push(chain);
      rules.push(
        `-A ${service} -m comment --comment "${title} -> ${endpoint}" ${chance}-j ${chain}`,
        `-A ${chain} -s ${endpoint.split(':')[0]}/32 -m comment --comment "${title}" -j KUBE-MARK-MASQ`,
        `-A ${chain} -p ${protocol} -m comment --comment "${title}" -m ${protocol} -j DNAT --to-destination ${endpoint}`,
      );
    }
  };
  for (let i = 0; i < services; i++) {
    const endpoints = Array.from({ length: ENDPOINTS }, (_, endpoint) => `${endpointIP(i, endpoint)}:8080`);
    add(`${i}`, { clusterIP: clusterIP(i), protocol: 'tcp', endpoints });
  }
  for (const [i, service] of measured.entries()) add(`MEASURED-${i}`, service);
  const lines = [
    '*nat',
    ...['KUBE-SERVICES', 'KUBE-MARK-MASQ', 'KUBE-POSTROUTING', ...chains].map(name => `:${name} - [0:0]`),
    '-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
    '-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
    '-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING',
    '-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000',
    '-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN',
    '-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0',
    '-A KUBE-POSTROUTING -j MASQUERADE --random-fully',
    ...rules,
    'COMMIT',
    '',
  ];
  const options = { input: lines.join('\n'), stdio: ['pipe', 'ignore', 'inherit'] } as const;
  withNamespace(netns, () => execFileSync(RESTORE, [], { ...options, stdio: [...options.stdio] }));
}
