/** The ways from one place to a Pod: by its own address, by its Service, by a node port; and what the oracle says of each. */

import { policyIntent } from '../../../src/intent/policy.js';
import type { Cluster } from '../../../src/model/cluster.js';
import { Ip } from '../../../src/net/ip.js';
import type { KubeObject } from '../../../src/objects/meta.js';
import { service, slice } from '../../plan/world.js';
import type { Question } from './suite.js';
import { ipOf, nodeOf, OUTSIDE, PODS } from './world.js';

export const PATHS = ['direct', 'service', 'nodePort'] as const;
export type PathKind = (typeof PATHS)[number];

/** The node whose port is asked. */
const DOOR = 'n1';

/** One Service for each Pod, port 80 of TCP and UDP. */
export function services(): KubeObject[] {
  return PODS.flatMap((pod, i) => {
    const name = pod.replace('/', '-');
    const ports = (['TCP', 'UDP'] as const).map(protocol => ({
      name: protocol.toLowerCase(),
      protocol,
      port: 80,
      nodePort: 30_100 + i,
    }));
    const clusterIPs = ([4, 6] as const).map(family => `${clusterIP(i, family)}`);
    const slices = ([4, 6] as const).map(family => ({
      ...slice(`${name}-${family}`, name, [[`${ipOf(pod, family)}`, { ready: true }, { nodeName: `n${nodeOf(pod)}` }]]),
      ports: ports.map(({ name, protocol }) => ({ name, protocol, port: 80 })),
    }));
    return [service(name, clusterIPs, { type: 'NodePort', ports }), ...slices];
  });
}

function clusterIP(i: number, family: 4 | 6): Ip {
  return Ip.of(family === 4 ? `10.96.9.${i + 1}` : `fd00:10:96::90${i + 1}`);
}

/** Whether a question can be asked by that way. */
export function leads(path: PathKind, { from, to, port }: Question): boolean {
  if (path === 'direct') return true;
  // These nodes have no default route, without which Linux does not let their own processes begin.
  return to.includes('/') && port === 80 && (path === 'nodePort' || from.includes('/'));
}

/** Where the packet is sent. */
export function target(path: PathKind, { to, port, family }: Question): { readonly ip: Ip; readonly port: number } {
  if (path === 'direct') return { ip: ipOf(to, family), port };
  const i = PODS.indexOf(to);
  return path === 'service' ? { ip: clusterIP(i, family), port } : { ip: ipOf(DOOR, family), port: 30_100 + i };
}

/** Each end's policies see the addresses that the connection has there. */
export function allowed(cluster: Cluster, path: PathKind, { from, to, protocol, port, family }: Question): boolean {
  const [source, destination] = [ipOf(from, family), ipOf(to, family)];
  const direct = policyIntent(cluster, { source, destination, protocol, port });
  const isAtDoor = `n${nodeOf(from)}` === DOOR && from !== OUTSIDE;
  if (path !== 'nodePort' || isAtDoor) return direct.allowed;
  const door = ipOf(DOOR, family);
  const number = target(path, { from, to, protocol, port, family }).port;
  const { egress } = policyIntent(cluster, { source, destination: door, protocol, port: number });
  // What goes on to another node does so under the door's address, so that the reply comes back there.
  const seen = `n${nodeOf(to)}` === DOOR ? source : door;
  const { ingress } = policyIntent(cluster, { source: seen, destination, protocol, port });
  return egress.allowed && ingress.allowed;
}
