/** The node that the table is played on: its Pods, their namespaces, and a Service. */

import { type Family, Ip } from '../../../src/net/ip.js';
import type { KubeObject } from '../../../src/objects/meta.js';
import { node, service, slice } from '../../plan/world.js';
import type { PlaceName } from './cases.js';

/** Every place's servers listen here, TCP and UDP; a Service leads to the first of web. */
export const PORTS = [8080, 9090] as const;

const LAST: Readonly<Record<PlaceName, readonly [string, string]>> = {
  web: ['10.244.1.5', 'fd00:10:244:1::5'],
  client: ['10.244.1.6', 'fd00:10:244:1::6'],
  other: ['10.244.1.7', 'fd00:10:244:1::7'],
  node: ['172.30.0.11', 'fd00:172:30::11'],
  outside: ['172.30.0.1', 'fd00:172:30::1'],
};

export const PODS = { web: 'default', client: 'default', other: 'other' } as const;

const CLUSTER_IPS = ['10.96.1.1', 'fd00:10:96::11'] as const;

/** `web:8080`, `service:80`. */
export function target(text: string, family: Family): { readonly to: Ip; readonly port: number } {
  const [name = '', port] = text.split(':');
  const addresses = name === 'service' ? CLUSTER_IPS : LAST[name as PlaceName];
  return { to: Ip.of(addresses[family === 4 ? 0 : 1]), port: Number(port) };
}

export function addressesOf(name: PlaceName): readonly string[] {
  return LAST[name];
}

export const OBJECTS: readonly KubeObject[] = [
  node(1),
  namespace('default', {}),
  namespace('other', { team: 'a' }),
  ...(Object.keys(PODS) as (keyof typeof PODS)[]).map(pod),
  {
    ...service('web', [...CLUSTER_IPS], {
      type: 'NodePort',
      ports: (['TCP', 'UDP'] as const).map(protocol => ({
        name: protocol.toLowerCase(),
        protocol,
        port: 80,
        nodePort: 30080,
      })),
    }),
  },
  ...LAST.web.flatMap((ip, i) =>
    (['TCP', 'UDP'] as const).map(protocol =>
      slice(`web-${i}-${protocol}`.toLowerCase(), 'web', [[ip, { ready: true }, { nodeName: 'n1' }]], {
        protocol,
        portName: protocol.toLowerCase(),
      }),
    ),
  ),
];

function namespace(name: string, labels: Record<string, string>): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

function pod(name: keyof typeof PODS): KubeObject {
  const app = name === 'web' ? 'web' : 'client';
  const ports = name === 'web' ? [{ name: 'http', containerPort: 8080 }] : [];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: PODS[name], labels: { app } },
    spec: { nodeName: 'n1', containers: [{ name: 'c', ports }] },
    status: { phase: 'Running', podIPs: LAST[name].map(ip => ({ ip })) },
  };
}
