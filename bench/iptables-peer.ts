/** Services in the shape of kube-proxy's iptables mode: a rule per Service in one list, a chain per Service and per endpoint. */

import { execFileSync } from 'node:child_process';
import { withNamespace } from '../src/host/namespace.js';
import { clusterIP, ENDPOINTS, endpointIP } from './services-objects.js';

const RESTORE = 'iptables-legacy-restore';

export function iptablesVersion(): string | undefined {
  try {
    return execFileSync(RESTORE, ['--version'], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

/** So many Services in that namespace, and last in the list the one that is measured. */
export function restoreServices(
  netns: string,
  services: number,
  measured: { readonly clusterIP: string; readonly endpoint: string },
): void {
  const chains: string[] = [];
  const rules: string[] = [];
  const add = (name: string, ip: string, endpoints: readonly string[]) => {
    chains.push(`:SVC-${name} - [0:0]`, ...endpoints.map((_, i) => `:SEP-${name}-${i} - [0:0]`));
    rules.push(`-A SERVICES -d ${ip}/32 -p tcp -m tcp --dport 80 -j SVC-${name}`);
    for (const [i, endpoint] of endpoints.entries()) {
      const left = endpoints.length - i;
      const chance = left === 1 ? '' : `-m statistic --mode random --probability ${(1 / left).toFixed(10)} `;
      rules.push(`-A SVC-${name} ${chance}-j SEP-${name}-${i}`);
      rules.push(`-A SEP-${name}-${i} -p tcp -m tcp -j DNAT --to-destination ${endpoint}`);
    }
  };
  for (let i = 0; i < services; i++)
    add(
      `${i}`,
      clusterIP(i),
      Array.from({ length: ENDPOINTS }, (_, endpoint) => `${endpointIP(i, endpoint)}:8080`),
    );
  add('measured', measured.clusterIP, [measured.endpoint]);
  const text = ['*nat', ':SERVICES - [0:0]', ...chains, '-A PREROUTING -j SERVICES', ...rules, 'COMMIT', ''].join('\n');
  withNamespace(netns, () => execFileSync(RESTORE, [], { input: text, stdio: ['pipe', 'ignore', 'inherit'] }));
}
