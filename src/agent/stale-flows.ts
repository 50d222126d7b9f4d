/** Forgets what the kernel remembers of endpoints that are gone: sees which fronts lost some, and asks the kernel about those alone. */

import type { Connection, FlowPort } from '../kernel/flows.js';
import type { Change } from '../model/cluster.js';
import type { Ip } from '../net/ip.js';
import { affinityMap } from '../plan/services/affinity.js';
import { frontsOf } from '../plan/services/fronts.js';
import { CONNECTIONLESS, isForgotten, isStale, type Node } from '../plan/services/stale.js';
import { logger } from '../report/log.js';
import { exponential, Histogram } from './histogram.js';
import type { FamilyName } from './sync-state.js';

const log = logger('agent');

/** With more fronts than this, one walk over everything is cheaper than one for each. */
const MANY = 20;

interface Watched {
  readonly ip: Ip;
  readonly protocol: number;
  readonly port: number;
  /** Of its Service, in seconds. */
  readonly affinity: number | undefined;
  /** Texts of where it sends. */
  readonly targets: ReadonlySet<string>;
}

export class StaleFlows {
  /** By Service, of those whose entries can outlive an endpoint: connectionless ports, and session affinity. */
  readonly #services = new Map<string, ReadonlyMap<string, Watched>>();
  readonly #changed = new Set<string>();
  /** Entries that were forgotten. */
  readonly deleted: Record<FamilyName, number> = { IPv4: 0, IPv6: 0 };
  /** Seconds that each pass took. */
  readonly durations = new Histogram(exponential(0.001, 2, 15));

  constructor(private readonly port: FlowPort) {}

  /** Takes note of what will be in the kernel after the next flush. */
  changed(change: Change): void {
    for (const { kind, key } of change) if (kind === 'Service') this.#changed.add(key);
  }

  flushed(node: Node): void {
    const lost: Watched[] = [];
    for (const key of this.#changed) lost.push(...this.#compare(key, node));
    this.#changed.clear();
    if (lost.length > MANY) this.#pass(() => this.#whole(node));
    else if (lost.length > 0) this.#pass(() => this.#of(lost, node));
  }

  /** Everything, whoever left it: at the start, and now and then. */
  sweep(node: Node): void {
    this.#services.clear();
    for (const key of node.cluster.services.keys()) this.#compare(key, node);
    this.#pass(() => this.#whole(node));
  }

  /** The fronts that lost a target, or got their first one. */
  #compare(key: string, node: Node): Watched[] {
    const before = this.#services.get(key);
    const now = watched(key, node);
    if (now.size > 0) this.#services.set(key, now);
    else this.#services.delete(key);
    const lost: Watched[] = [];
    for (const [text, front] of before ?? []) {
      const targets = now.get(text)?.targets;
      const isLost = [...front.targets].some(target => !targets?.has(target));
      if (isLost || (front.targets.size === 0 && targets && targets.size > 0)) lost.push(front);
    }
    return lost;
  }

  #of(fronts: readonly Watched[], node: Node): void {
    const connections = fronts
      .filter(({ protocol }) => CONNECTIONLESS.includes(protocol))
      .flatMap(({ ip, protocol, port }) => this.port.connections({ protocol, to: { ip, port } }));
    this.#forget(connections, new Set(fronts.flatMap(mapOf)), node, true);
  }

  #whole(node: Node): void {
    const fronts = [...this.#services.values()].flatMap(service => [...service.values()]);
    const connections = CONNECTIONLESS.flatMap(protocol => this.port.connections({ protocol }));
    this.#forget(connections, new Set(fronts.flatMap(mapOf)), node, false);
  }

  #forget(connections: readonly Connection[], maps: ReadonlySet<string>, node: Node, gone: boolean): void {
    const stale = connections.filter(connection => isStale(connection, node, gone));
    const forgotten = [...maps].flatMap(map => this.port.learnt(map)).filter(learnt => isForgotten(learnt, node));
    this.port.forget(stale, forgotten);
    for (const { original } of stale) this.deleted[`IPv${original.source.family}`]++;
    for (const { key } of forgotten) this.deleted[`IPv${(key[0] as Ip).family}`]++;
  }

  /** The kernel's no is not the agent's end: what is stale now is so at the next sweep. */
  #pass(work: () => void): void {
    const begin = performance.now();
    try {
      work();
    } catch (error) {
      log.warn('stale connections cannot be looked for', { error });
    }
    this.durations.observe((performance.now() - begin) / 1000);
  }
}

function mapOf({ ip, affinity }: Watched): string[] {
  return affinity === undefined ? [] : [affinityMap(ip.family, affinity)];
}

function watched(key: string, node: Node): Map<string, Watched> {
  const found = new Map<string, Watched>();
  const service = node.cluster.services.get(key);
  const affinity = service?.affinitySeconds;
  if (!service || (affinity === undefined && service.ports.every(({ protocol }) => protocol === 'TCP'))) return found;
  for (const { ip, protocol, port, targets } of frontsOf(service, node)) {
    if (affinity === undefined && !CONNECTIONLESS.includes(protocol)) continue;
    const text = `${ip} ${protocol} ${port}`;
    // From outside and from everywhere: what either of them sends to is kept.
    const all = new Set(found.get(text)?.targets);
    for (const [target, number] of targets) all.add(`${target} ${number}`);
    found.set(text, { ip, protocol, port, affinity, targets: all });
  }
  return found;
}
