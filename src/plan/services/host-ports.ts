/** Ports of the node that lead to a port of one of its Pods (hostPort): elements of one map, asked after all Services. */

import type { NftRule } from '../../kernel/nft-objects.js';
import { PROTOCOL_NUMBERS } from '../../net/flow.js';
import type { Ip } from '../../net/ip.js';
import type { Attachment, HostPort } from '../attachment.js';
import { type Feature, NOTHING } from '../feature.js';
import { element, FAMILIES, rule, setPair, WORDS } from '../nft.js';
import type { Settings } from '../settings.js';
import { frontKey } from './chooser.js';
import type { Sent } from './stale.js';

/** Of a node port and a host port of one number the node port is found first: a Service is the whole cluster's. */
export const hostPortRules = (): NftRule[] =>
  FAMILIES.map(family => {
    const map = { set: `host-ports${family}` };
    return rule('host ports', {
      nat: 'dnat',
      family: WORDS[family].nat,
      to: { key: frontKey(family), map, port: true },
    });
  });

export const hostPortSets = () =>
  setPair('host-ports', ['ip', 'inet_proto', 'inet_service'], { data: ['ip', 'inet_service'] });

export const hostPorts: Feature = {
  name: 'services host ports',
  per: 'Attachment',
  plan: (attachment, { settings }) => {
    if (attachment.leaving || !attachment.hostPorts.length) return NOTHING;
    const cause = `Pod ${attachment.namespace}/${attachment.name}`;
    return attachment.hostPorts.flatMap(hostPort =>
      hostPortFronts(hostPort, settings).flatMap(({ ip, protocol, port }) => {
        const pod = attachment.ips.find(({ family }) => family === ip.family);
        const to = pod && [pod, hostPort.containerPort];
        return to ? element(`host-ports${ip.family}`, [ip, protocol, port], cause, to) : [];
      }),
    );
  },
};

/**
 * Where it is reached on this node: at its hostIP, or at all addresses of the node. Never at a loopback address, whose packets
 * Linux does not let out of the node's own loopback (route_localnet, see base).
 */
export function hostPortFronts({ protocol, number, hostIP }: HostPort, { addresses }: Settings): readonly Sent[] {
  const ips =
    hostIP && !isAny(hostIP) ? [hostIP] : addresses.filter(({ family }) => !hostIP || family === hostIP.family);
  return ips
    .filter(ip => !LOOPBACK.test(`${ip}`))
    .map(ip => ({ ip, protocol: PROTOCOL_NUMBERS[protocol], port: number }));
}

const LOOPBACK = /^(127\.|::1$)/;

function isAny(ip: Ip): boolean {
  return ip.bytes.every(byte => byte === 0);
}

/** The first of them who has one of these ports at one of these addresses already. */
export function hostPortHolder(
  wanted: readonly HostPort[],
  others: Iterable<Attachment>,
  settings: Settings,
): { readonly attachment: Attachment; readonly port: HostPort } | undefined {
  if (!wanted.length) return undefined;
  const textsOf = (port: HostPort) =>
    hostPortFronts(port, settings).map(({ ip, ...rest }) => `${ip} ${rest.protocol} ${rest.port}`);
  const texts = new Set(wanted.flatMap(textsOf));
  for (const attachment of others) {
    const port = attachment.leaving
      ? undefined
      : attachment.hostPorts.find(port => textsOf(port).some(text => texts.has(text)));
    if (port) return { attachment, port };
  }
  return undefined;
}
