/** What a lab is made of, as its user says it: names, counts, profiles and address ranges. Knows no path and no kernel. */

import { Cidr } from '../net/cidr.js';
import type { Family, Ip } from '../net/ip.js';
import { PodwireError } from '../report/errors.js';
import { LAB_NAME } from './places.js';

export type Profile = 'routed' | 'bridge';
export type Overlay = 'none' | 'vxlan';
export type IpFamily = 'dual' | 'ipv4' | 'ipv6';

/** One range per IP family; a single-stack lab leaves the other out. */
export interface Ranges {
  readonly pods: readonly Cidr[];
  readonly services: readonly Cidr[];
  readonly nodes: readonly Cidr[];
  readonly internet: readonly Cidr[];
}

export interface LabConfig {
  readonly name: string;
  /** 1..50 */
  readonly nodes: number;
  /** Nodes are dealt out to so many zones `a`, `b`, `c`, …, 0..26; 0: none has a zone. */
  readonly zones: number;
  readonly profile: Profile;
  readonly overlay: Overlay;
  readonly ipFamily: IpFamily;
  /** TCP port of the API server on 127.0.0.1 and on the fabric. */
  readonly apiPort: number;
  /** Address ranges, IPv4 and IPv6 in this order. */
  readonly podCidrs: readonly string[];
  readonly serviceCidrs: readonly string[];
  readonly nodeCidrs: readonly string[];
  readonly internetCidrs: readonly string[];
  /** Where spec.externalIPs of Services may lie: nowhere, unless somebody says so (CVE-2020-8554). */
  readonly externalIpCidrs: readonly string[];
}

export const DEFAULTS: LabConfig = {
  name: 'default',
  nodes: 3,
  // As a regional cluster of a cloud has them. Without zones, as in kind, whatever is spread over zones would stay pending.
  zones: 3,
  profile: 'routed',
  overlay: 'none',
  ipFamily: 'dual',
  apiPort: 6443,
  // The same in every lab, test and example, so that an address tells what it is.
  podCidrs: ['10.244.0.0/16', 'fd00:10:244::/56'],
  serviceCidrs: ['10.96.0.0/16', 'fd00:10:96::/112'],
  nodeCidrs: ['172.30.0.0/24', 'fd00:172:30::/64'],
  internetCidrs: ['203.0.113.0/24', '2001:db8::/64'],
  externalIpCidrs: [],
};

/** The longest prefixes that still hold what the lab puts in: nodes, node ranges of /24 and /64, fixed addresses. */
const RANGE_OPTIONS = [
  ['podCidrs', 'pod-cidrs', 20, 58],
  ['serviceCidrs', 'service-cidrs', 24, 120],
  ['nodeCidrs', 'node-cidrs', 24, 120],
  ['internetCidrs', 'internet-cidrs', 24, 120],
] as const;

export const CLUSTER_DOMAIN = 'cluster.local';

/** Offsets of the fixed addresses inside the ranges of nodes and of the Internet. */
const AT = {
  host: 1,
  gateway: 254,
  firstNode: 11,
  internetGateway: 1,
  internetServer: 100,
  kubernetes: 1,
  dns: 10,
} as const;

/** Checks what the command line or a file gave; the first wrong value is a PW-L801 that names it. */
export function labConfig(given: Partial<LabConfig>): LabConfig {
  const config = { ...DEFAULTS, ...given };
  const wrong = (field: string, value: unknown, want: string) =>
    new PodwireError('PW-L801', { field, value: String(value), want });
  if (!LAB_NAME.test(config.name))
    throw wrong('name', config.name, '1 to 11 lower-case letters, digits or dashes, beginning with a letter');
  if (!Number.isInteger(config.nodes) || config.nodes < 1 || config.nodes > 50)
    throw wrong('nodes', config.nodes, '1 to 50');
  if (!Number.isInteger(config.zones) || config.zones < 0 || config.zones > ZONES.length)
    throw wrong('zones', config.zones, `0 to ${ZONES.length}`);
  if (!Number.isInteger(config.apiPort) || config.apiPort < 1 || config.apiPort > 65535)
    throw wrong('api-port', config.apiPort, '1 to 65535');
  const oneOf = (field: keyof LabConfig, label: string, words: readonly string[]) => {
    if (!words.includes(String(config[field]))) throw wrong(label, config[field], words.join(', '));
  };
  oneOf('profile', 'profile', ['routed', 'bridge']);
  oneOf('overlay', 'overlay', ['none', 'vxlan']);
  oneOf('ipFamily', 'ip-family', ['dual', 'ipv4', 'ipv6']);
  for (const [field, label, longest4, longest6] of RANGE_OPTIONS) {
    const [v4, v6] = config[field].map(text => Cidr.parse(text));
    if (
      config[field].length !== 2 ||
      v4?.family !== 4 ||
      v6?.family !== 6 ||
      v4.prefix > longest4 ||
      v6.prefix > longest6
    )
      throw wrong(
        label,
        config[field],
        `an IPv4 prefix of /${longest4} or shorter and an IPv6 prefix of /${longest6} or shorter, with a comma between`,
      );
  }
  for (const text of config.externalIpCidrs)
    if (!Cidr.parse(text)) throw wrong('external-ip-cidrs', text, 'prefixes with commas between');
  return config;
}

export function families(config: LabConfig): readonly Family[] {
  return config.ipFamily === 'dual' ? [4, 6] : config.ipFamily === 'ipv4' ? [4] : [6];
}

/** The Pod and Service ranges are of the lab's families; nodes and the Internet always have both, as real machines do. */
export function ranges(config: LabConfig): Ranges {
  const own = families(config);
  const parse = (texts: readonly string[]) => texts.map(text => Cidr.of(text));
  const ofFamily = (texts: readonly string[]) => parse(texts).filter(cidr => own.includes(cidr.family));
  return {
    pods: ofFamily(config.podCidrs),
    services: ofFamily(config.serviceCidrs),
    nodes: parse(config.nodeCidrs),
    internet: parse(config.internetCidrs),
  };
}

export function nodeNames(config: LabConfig): readonly string[] {
  return Array.from({ length: config.nodes }, (_, i) => `n${i + 1}`);
}

const ZONES = 'abcdefghijklmnopqrstuvwxyz';

/** The zone of the node with that index; undefined in a lab without zones. */
export function zoneOf(config: LabConfig, index: number): string | undefined {
  return config.zones > 0 ? ZONES[index % config.zones] : undefined;
}

/** Every fixed address of the lab, IPv4 first. */
export interface Addresses {
  readonly host: readonly Ip[];
  readonly gateway: readonly Ip[];
  readonly internetGateway: readonly Ip[];
  readonly internetServer: readonly Ip[];
  readonly kubernetes: readonly Ip[];
  readonly dns: readonly Ip[];
  node(name: string): readonly Ip[];
  /** The address under which a node appears in the Internet, by the gateway's 1:1 NAT. */
  publicNode(name: string): readonly Ip[];
}

export function addresses(config: LabConfig): Addresses {
  const range = ranges(config);
  const at = (cidrs: readonly Cidr[], offset: number) => cidrs.map(cidr => cidr.at(offset));
  const nodeOffset = (name: string) => AT.firstNode - 1 + Number(name.slice(1));
  return {
    host: at(range.nodes, AT.host),
    gateway: at(range.nodes, AT.gateway),
    internetGateway: at(range.internet, AT.internetGateway),
    internetServer: at(range.internet, AT.internetServer),
    kubernetes: at(range.services, AT.kubernetes),
    dns: at(range.services, AT.dns),
    node: name => at(range.nodes, nodeOffset(name)),
    publicNode: name => at(range.internet, nodeOffset(name)),
  };
}
