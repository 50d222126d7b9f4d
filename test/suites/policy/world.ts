/** The cluster of every policy case: nine Pods in three namespaces, spread over three nodes, dual stack; and somebody outside. Knows no policy. */

import type { Family } from '../../../src/net/ip.js';
import { Ip } from '../../../src/net/ip.js';
import type { KubeObject } from '../../../src/objects/meta.js';
import { node } from '../../plan/world.js';

export const NAMESPACES = ['x', 'y', 'z'] as const;
const NAMES = ['a', 'b', 'c'] as const;
/** Where a, b and c of each namespace run. */
const NODES = { a: 1, b: 2, c: 3 } as const;

/** `x/a`. */
export const PODS: readonly string[] = NAMESPACES.flatMap(namespace => NAMES.map(name => `${namespace}/${name}`));
export const OUTSIDE = 'outside';
/** Nodes by their names, `n1`; whoever is `host` is a host-network Pod of n1. */
export const PLACES: readonly string[] = [...PODS, 'n1', 'n2', OUTSIDE];

export function nodeOf(place: string): number | undefined {
  if (place === OUTSIDE) return undefined;
  return place.startsWith('n') ? Number(place.slice(1)) : NODES[place.split('/')[1] as keyof typeof NODES];
}

export function ipOf(place: string, family: Family): Ip {
  if (place === OUTSIDE) return Ip.of(family === 4 ? '203.0.113.7' : '2001:db8::7');
  const number = nodeOf(place)!;
  if (place.startsWith('n')) return Ip.of(family === 4 ? `172.30.0.1${number}` : `fd00:172:30::1${number}`);
  const host = 10 + PODS.indexOf(place);
  return Ip.of(family === 4 ? `10.244.${number}.${host}` : `fd00:10:244:${number}::${host}`);
}

/** Each has TCP 80 and 81 and UDP 80; `web` is 80 everywhere but in c, where it is 81. */
function pod(place: string): KubeObject {
  const [namespace, name] = place.split('/') as [string, string];
  const web = name === 'c' ? 81 : 80;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, uid: place, labels: { pod: name, tier: name === 'c' ? 'db' : 'app' } },
    spec: {
      nodeName: `n${nodeOf(place)}`,
      containers: [
        {
          name: 'main',
          ports: [
            { name: 'web', protocol: 'TCP', containerPort: web },
            { name: 'dns', protocol: 'UDP', containerPort: 80 },
          ],
        },
      ],
    },
    status: { phase: 'Running', podIPs: ([4, 6] as const).map(family => ({ ip: `${ipOf(place, family)}` })) },
  } as unknown as KubeObject;
}

export function objects(): KubeObject[] {
  const namespaces = NAMESPACES.map(
    name =>
      ({
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: {
          name,
          labels: { ns: name, 'kubernetes.io/metadata.name': name, ...(name !== 'z' && { team: 'red' }) },
        },
      }) as unknown as KubeObject,
  );
  const nodes = [1, 2, 3].map(number => {
    const object = node(number);
    return { ...object, metadata: { ...object.metadata, labels: { 'kubernetes.io/hostname': `n${number}` } } };
  });
  return [...nodes, ...namespaces, ...PODS.map(pod)];
}
