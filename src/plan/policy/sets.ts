/**
 * The sets that rules of policies look into, each named after what it means: whoever means the same uses the same set. Knows what
 * networks are in one; Pods and Nodes put themselves into theirs.
 */

import { hash } from 'node:crypto';
import type { DataType, NftElement, NftSet, Value } from '../../kernel/nft-objects.js';
import type { KernelObject } from '../../kernel/port.js';
import type { Peer, PodSet, PolicyEntry, PolicyRule } from '../../model/policy.js';
import { Cidr } from '../../net/cidr.js';
import type { Family } from '../../net/ip.js';
import { union } from '../../net/ranges.js';
import type { LabelSelector } from '../../objects/meta.js';
import { formatLabelSelector } from '../../objects/selectors.js';
import { element, FAMILIES, set, WORDS } from '../nft.js';
import { DIRECTIONS, type Direction } from './direction.js';

/** Every Pod of the cluster. */
export const ANY_POD: PodSet = { namespaces: { selector: {} }, pods: {} };

export type NetworkPeer = Extract<Peer, { kind: 'network' }>;

/** The addresses of Pods. */
export function podsSet(pods: PodSet, family: Family): NftSet {
  return named('pods', podSetText(pods), family, [WORDS[family].address]);
}

/** `address . protocol . port` of those Pods' container ports of that name. */
export function namedPortSet(pods: PodSet, port: string, family: Family): NftSet {
  const text = `${port} of ${podSetText(pods)}`;
  return named('ports', text, family, [WORDS[family].address, 'inet_proto', 'inet_service']);
}

/** The addresses of Nodes. */
export function nodesSet(selector: LabelSelector, family: Family): NftSet {
  return named('nodes', formatLabelSelector(selector) || 'all', family, [WORDS[family].address]);
}

/** One prefix is a value to compare with; more are a set with its elements. */
export type Networks = Cidr | { readonly set: NftSet; readonly elements: readonly NftElement[] };

/** Undefined: no address of that family. */
export function networks(peers: readonly NetworkPeer[], family: Family): Networks | undefined {
  const ranges = union(peers, family);
  const [first] = ranges;
  if (ranges.length < 2 && (first === undefined || first instanceof Cidr)) return first;
  const text = ranges.map(range => (range instanceof Cidr ? `${range}` : `${range.from}-${range.to}`)).join(', ');
  const one = named('networks', text, family, [WORDS[family].address], true);
  return { set: one, elements: ranges.map(range => element(one.name, [bare(range)], one.cause!)) };
}

/** Pods of which a rule asks for the addresses or, with `port`, for those with their container ports of that name. */
export interface UsedPods {
  /** Tells it from all others. */
  readonly key: string;
  readonly pods: PodSet;
  readonly port?: string;
}

/** The sets of Pods that a policy's rules look into. */
export function podsIn(policy: PolicyEntry): readonly UsedPods[] {
  let used = podsOf.get(policy);
  if (!used) podsOf.set(policy, (used = [...directed(policy)].flatMap(usedPods)));
  return used;
}

/** The sets of Nodes. */
export function nodesIn(policy: PolicyEntry): readonly LabelSelector[] {
  return [...directed(policy)].flatMap(([, { peers = [] }]) =>
    peers.flatMap(peer => (peer.kind === 'nodes' ? [peer.selector] : [])),
  );
}

/** All sets of a policy, and what is in them by itself: networks. */
export function setsOf(policy: PolicyEntry): KernelObject[] {
  return FAMILIES.flatMap(family => [
    ...podsIn(policy).map(({ pods, port }) =>
      port === undefined ? podsSet(pods, family) : namedPortSet(pods, port, family),
    ),
    ...nodesIn(policy).map(selector => nodesSet(selector, family)),
    ...[...directed(policy)].flatMap(([, { peers = [] }]) => {
      const found = networks(peers.filter(isNetwork), family);
      return found && 'set' in found ? [found.set, ...found.elements] : [];
    }),
  ]);
}

/** Started Pods and policies ask again and again. */
const podsOf = new WeakMap<PolicyEntry, readonly UsedPods[]>();

function* directed(policy: PolicyEntry): Generator<readonly [Direction, PolicyRule]> {
  for (const direction of DIRECTIONS) for (const rule of policy[direction] ?? []) yield [direction, rule];
}

function usedPods([direction, { peers, ports = [] }]: readonly [Direction, PolicyRule]): UsedPods[] {
  const used = (peers ?? []).flatMap(peer => (peer.kind === 'pods' ? [usedBy(peer.pods)] : []));
  if (direction === 'ingress') return used;
  const names = ports.flatMap(({ port }) => (port && 'name' in port ? [port.name] : []));
  return [...used, ...names.flatMap(name => destinations(peers).map(pods => usedBy(pods, name)))];
}

function usedBy(pods: PodSet, port?: string): UsedPods {
  const text = podSetText(pods);
  return port === undefined ? { key: text, pods } : { key: `${port} of ${text}`, pods, port };
}

/** Whose container ports an egress rule's named ports are. */
export function destinations(peers: PolicyRule['peers']): readonly PodSet[] {
  if (!peers) return [ANY_POD];
  const pods = peers.flatMap(peer => (peer.kind === 'pods' ? [peer.pods] : []));
  return pods.length < peers.length ? [...pods, ANY_POD] : pods;
}

export function isNetwork(peer: Peer): peer is NetworkPeer {
  return peer.kind === 'network';
}

/** Two sets of Pods with one text have the same members. */
export function podSetText({ namespaces, pods }: PodSet): string {
  const where = 'name' in namespaces ? namespaces.name : `[${formatLabelSelector(namespaces.selector)}]`;
  return `Pods [${formatLabelSelector(pods)}] in ${where}`;
}

/** A full-length prefix as the kernel reads it back: an address. */
function bare(range: Value): Value {
  return range instanceof Cidr && range.prefix === range.ip.bytes.length * 8 ? range.ip : range;
}

/** The comment says what is meant, cut to the kernel's 127 bytes. */
function named(word: string, text: string, family: Family, key: readonly DataType[], interval = false): NftSet {
  const name = `${word}-${hash('sha256', text).slice(0, 20)}-${family}`;
  return { ...set(name, key, interval ? { interval } : {}), cause: text.slice(0, 127) };
}
