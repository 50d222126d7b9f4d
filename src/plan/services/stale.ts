/**
 * Which connections and learnt affinities lead to where their Service does not send anybody any more. A client that keeps its port
 * would otherwise follow its old entry for as long as it sends.
 */

import type { Connection, Learnt } from '../../kernel/flows.js';
import type { ServiceEntry, ServicePort } from '../../model/cluster.js';
import { PROTOCOL_NUMBERS, type Protocol } from '../../net/flow.js';
import type { Ip } from '../../net/ip.js';
import type { World } from '../feature.js';
import { type Front, frontsOf } from './fronts.js';
import { serving, type Target } from './select.js';

export type Node = Pick<World, 'cluster' | 'nodeName' | 'settings'>;

/** Where an entry in the kernel says that it was sent. */
export interface Sent {
  readonly ip: Ip;
  readonly protocol: number;
  readonly port: number;
}

/** Equal for what was sent to one front. */
export function sentText({ ip, protocol, port }: Sent): string {
  return `${ip} ${protocol} ${port}`;
}

export function sentOf({ protocol, original }: Connection): Sent {
  return { ip: original.destination, protocol, port: original.destinationPort };
}

/** Protocols whose entries live for as long as somebody sends. Of TCP an endpoint that is gone answers with a reset itself. */
export const CONNECTIONLESS: readonly number[] = [PROTOCOL_NUMBERS.UDP, PROTOCOL_NUMBERS.SCTP];

/**
 * A connection keeps an endpoint as long as that serves, even if new ones would not come to it. `gone`: it was asked for
 * by a front that this node had; otherwise only the Service ranges tell that a Service was meant which is no more.
 */
export function isStale(connection: Connection, node: Node, gone = false): boolean {
  const { protocol, reply } = connection;
  if (!CONNECTIONLESS.includes(protocol)) return false;
  const sent = sentOf(connection);
  const isTranslated = !reply.source.equals(sent.ip) || reply.sourcePort !== sent.port;
  const owner = ownerOf(sent, node);
  if (!owner) return isTranslated && (gone || node.settings.serviceCidrs.some(cidr => cidr.contains(sent.ip)));
  const targets = serving(owner.service, sent.ip.family, owner.port);
  // It began while there was no endpoint, and would stay untranslated now that there is one.
  if (!isTranslated) return targets.length > 0 && isFront(owner.service, sent, node);
  return !has(targets, reply.source, reply.sourcePort);
}

/** Where connections that were sent there may stay: also with endpoints that drain, until those are gone. */
export function keepers(sent: Sent, node: Node): readonly Target[] {
  const owner = ownerOf(sent, node);
  return owner ? serving(owner.service, sent.ip.family, owner.port) : [];
}

/** New connections follow what was learnt, so it must be where new connections go. */
export function isForgotten({ key, data }: Learnt, node: Node): boolean {
  const [, ip, protocol, port] = key as readonly [Ip, Ip, number, number];
  const owner = ownerOf({ ip, protocol, port }, node);
  const fronts =
    owner?.service.affinitySeconds === undefined ? [] : frontsAt(owner.service, { ip, protocol, port }, node);
  const [target, targetPort] = data as readonly [Ip, number];
  return !fronts.some(({ targets }) => has(targets, target, targetPort));
}

const PROTOCOLS = new Map(
  Object.entries(PROTOCOL_NUMBERS).map(([name, number]) => [number as number, name as Protocol]),
);

/** The Service port that a packet to there was for. */
interface Owner {
  readonly service: ServiceEntry;
  readonly port: ServicePort;
}

function ownerOf({ ip, protocol, port: number }: Sent, { cluster, settings }: Node): Owner | undefined {
  const name = PROTOCOLS.get(protocol);
  if (!name) return undefined;
  const byClusterIP = cluster.serviceByClusterIP(ip.toString());
  if (byClusterIP) {
    const port = byClusterIP.ports.find(other => other.protocol === name && other.port === number);
    return port && { service: byClusterIP, port };
  }
  const external = settings.addresses.some(own => own.equals(ip)) ? undefined : ip;
  const service = cluster.serviceByExternal(external, name, number);
  const front = service?.externals.find(other => other.number === number && other.port.protocol === name);
  return service && front && { service, port: front.port };
}

function isFront(service: ServiceEntry, sent: Sent, node: Node): boolean {
  return frontsAt(service, sent, node).some(({ targets }) => targets.length > 0);
}

function frontsAt(service: ServiceEntry, { ip, protocol, port }: Sent, node: Node): readonly Front[] {
  return frontsOf(service, node).filter(
    front => front.protocol === protocol && front.port === port && front.ip.equals(ip),
  );
}

function has(targets: readonly Target[], ip: Ip, port: number): boolean {
  return targets.some(([other, number]) => number === port && other.equals(ip));
}
