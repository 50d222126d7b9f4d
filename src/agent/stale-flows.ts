/** Forgets what the kernel remembers of endpoints that are gone: sees which fronts it concerns, and asks the kernel about those alone. */

import { type Connection, elementOf, type FlowPort } from '../kernel/flows.js';
import type { KernelPort } from '../kernel/port.js';
import type { Change } from '../model/cluster.js';
import type { Ip } from '../net/ip.js';
import type { Attachment } from '../plan/attachment.js';
import { affinityMap } from '../plan/services/affinity.js';
import { frontsOf } from '../plan/services/fronts.js';
import { hostPortFronts } from '../plan/services/host-ports.js';
import type { Target } from '../plan/services/select.js';
import {
  CONNECTIONLESS,
  isForgotten,
  isStale,
  keepers,
  type Node,
  type Sent,
  sentOf,
  sentText,
} from '../plan/services/stale.js';
import { exponential, Histogram } from '../report/histogram.js';
import { logger } from '../report/log.js';
import type { FamilyName } from './sync-state.js';

const log = logger('agent');

/** With more fronts than this, one walk over everything is cheaper than one for each. */
const MANY = 20;

interface Watched extends Sent {
  /** Of its Service, in seconds. */
  readonly affinity: number | undefined;
  /** Texts of where it sends new connections. */
  readonly targets: ReadonlySet<string>;
  /** And of where those that exist may stay. */
  readonly keepers: ReadonlySet<string>;
}

export class StaleFlows {
  /** By Service, of those whose entries can outlive an endpoint: connectionless ports, and session affinity. */
  readonly #services = new Map<string, ReadonlyMap<string, Watched>>();
  readonly #changed = new Set<string>();
  /** Entries that were forgotten. */
  readonly deleted: Record<FamilyName, number> = { IPv4: 0, IPv6: 0 };
  /** Seconds that each pass took. */
  readonly durations = new Histogram(exponential(0.001, 2, 15));

  constructor(
    private readonly port: FlowPort,
    private readonly kernel: KernelPort,
  ) {}

  /** Takes note of what will be in the kernel after the next flush. */
  changed(change: Change): void {
    for (const { kind, key } of change) if (kind === 'Service') this.#changed.add(key);
  }

  flushed(node: Node): void {
    const concerned: Watched[] = [];
    for (const key of this.#changed) concerned.push(...this.#compare(key, node));
    this.#changed.clear();
    if (concerned.length > 0) this.#pass(() => this.#of(concerned, node));
  }

  /** A Pod came, or nothing leads to it any more: what went to its host ports before goes where they lead now. */
  moved({ hostPorts }: Attachment, { settings }: Node): void {
    const fronts = hostPorts
      .flatMap(port => hostPortFronts(port, settings))
      .filter(({ protocol }) => CONNECTIONLESS.includes(protocol));
    if (!fronts.length) return;
    this.#pass(() =>
      this.port.forget(
        fronts.flatMap(({ protocol, ip, port }) => this.port.connections({ protocol, to: { ip, port } })),
      ),
    );
  }

  /** Everything, whoever left it: at the start, and now and then. */
  sweep(node: Node): void {
    this.#services.clear();
    for (const key of node.cluster.services.keys()) this.#compare(key, node);
    const fronts = [...this.#services.values()].flatMap(service => [...service.values()]);
    this.#pass(() => this.#forget(this.#all(), fronts, new Set(), node));
  }

  /** The fronts that lost a target, or got their first one. */
  #compare(key: string, node: Node): Watched[] {
    const before = this.#services.get(key);
    const now = watched(key, node);
    if (now.size > 0) this.#services.set(key, now);
    else this.#services.delete(key);
    const concerned: Watched[] = [];
    for (const [text, front] of before ?? []) {
      const next = now.get(text);
      if (!isWithin(front.targets, next?.targets) || !isWithin(front.keepers, next?.keepers)) concerned.push(front);
    }
    // What was sent there before went where the address alone led it: to nobody, or past the Service.
    for (const [text, front] of now)
      if (front.targets.size > 0 && !before?.get(text)?.targets.size) concerned.push(front);
    return concerned;
  }

  #of(fronts: readonly Watched[], node: Node): void {
    const connectionless = fronts.filter(({ protocol }) => CONNECTIONLESS.includes(protocol));
    const connections =
      fronts.length > MANY
        ? this.#all()
        : connectionless.flatMap(({ ip, protocol, port }) => this.port.connections({ protocol, to: { ip, port } }));
    this.#forget(connections, fronts, new Set(connectionless.map(sentText)), node);
  }

  #all(): readonly Connection[] {
    return CONNECTIONLESS.flatMap(protocol => this.port.connections({ protocol }));
  }

  /** `known`: texts of fronts which are or were this node's, whatever their addresses. */
  #forget(
    connections: readonly Connection[],
    fronts: readonly Watched[],
    known: ReadonlySet<string>,
    node: Node,
  ): void {
    const stale = connections.filter(flow => isStale(flow, node, known.has(sentText(sentOf(flow)))));
    const maps = new Set(fronts.flatMap(mapOf));
    const learnt = [...maps].flatMap(map => this.port.learnt(map)).filter(learnt => isForgotten(learnt, node));
    this.port.forget(stale);
    // By the port of the agent's own batches: a change by any other would count as a stranger's, and be looked into.
    this.kernel.apply(learnt.map(element => ({ verb: 'delete', object: elementOf(element) })));
    for (const { original } of stale) this.deleted[`IPv${original.source.family}`]++;
    for (const { key } of learnt) this.deleted[`IPv${(key[0] as Ip).family}`]++;
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

function isWithin(some: ReadonlySet<string>, others: ReadonlySet<string> | undefined): boolean {
  return [...some].every(one => others?.has(one));
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
    const sent = { ip, protocol, port };
    const text = sentText(sent);
    const other = found.get(text);
    // From outside and from everywhere: what either of them sends to is kept.
    found.set(text, {
      ...sent,
      affinity,
      targets: new Set([...(other?.targets ?? []), ...texts(targets)]),
      keepers: other?.keepers ?? new Set(texts(keepers(sent, node))),
    });
  }
  return found;
}

function texts(targets: readonly Target[]): string[] {
  return targets.map(([ip, port]) => `${ip} ${port}`);
}
