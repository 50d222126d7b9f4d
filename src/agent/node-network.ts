/**
 * The node's side of the network: events and attachments in, plan, kernel. Knows the order of things on one node;
 * knows no API server, no plugin and no feature.
 */

import type { PodIdentity } from '../cni/protocol.js';
import { diff } from '../kernel/diff.js';
import { key as keyOf } from '../kernel/kinds.js';
import type { KernelFailure, KernelPort, Operation } from '../kernel/port.js';
import { ClusterBuilder } from '../model/builder.js';
import type { Change, Cluster, ClusterEvent, Subject } from '../model/cluster.js';
import { text } from '../model/read.js';
import type { Ip } from '../net/ip.js';
import type { Attachment } from '../plan/attachment.js';
import type { Owner, PlanChange } from '../plan/feature.js';
import { Planner } from '../plan/planner.js';
import type { Settings } from '../plan/settings.js';
import { Reconciler } from '../reconcile/reconciler.js';
import { logger } from '../report/log.js';
import type { AgentConfig } from './config.js';
import { dnsPeersOf, sameSettings, settingsOf } from './node-settings.js';
import type { Flush } from './sync-state.js';

const log = logger('agent');

/** Milliseconds until a node is looked at again that has no address or pod CIDR yet; its Node's change does it sooner. */
const UNKNOWN_RETRY = 500;
/** Milliseconds after the kernel refused not a change but the conversation. */
const UNREADABLE_RETRY = 5000;

/** Annotation of a mirror Pod: the uid that its node knows it by. */
const STATIC_UID = 'kubernetes.io/config.hash';

export interface NetworkHooks {
  /** The entries that an event changed, before they are planned. */
  changed?(change: Change, cluster: Cluster): void;
  /** After each flush. */
  flushed?(flush: Flush): void;
  /** After the first flush: the kernel is as the cluster wants it, and attachments can be made. */
  ready?(): void;
}

export class NodeNetwork {
  readonly #builder: ClusterBuilder;
  readonly #reconciler: Reconciler;
  /** Subjects that changed since the last flush, by kind and key. */
  readonly #changes = new Map<string, Subject>();
  readonly #attachments: Map<string, Attachment>;
  #owners = new Set<Owner>();
  /** Links that were made since `remade` was asked, but for those that an `attach` made. */
  readonly #made = new Set<string>();
  #planner: Planner | undefined;
  #settings: Settings | undefined;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #synced = false;
  /** The node's own settings may have changed. */
  #self = true;
  #failures: readonly KernelFailure[] = [];
  readonly counters = { flushes: 0, operations: 0, failures: 0, repairs: 0 };

  /** `attachments` are those that the journal knows at the start. The port is this node's; the caller closes it. */
  constructor(
    private readonly config: AgentConfig,
    private readonly port: KernelPort,
    attachments: Iterable<Attachment>,
    private readonly hooks: NetworkHooks = {},
  ) {
    this.#builder = new ClusterBuilder(config);
    this.#reconciler = new Reconciler({
      read: kinds => port.read(kinds),
      ...(port.foreignChanges && { foreignChanges: () => port.foreignChanges!() }),
      apply: operations => this.#apply(operations),
      close: () => {},
    });
    this.#attachments = new Map(Array.from(attachments, attachment => [attachment.id, attachment]));
  }

  get cluster(): Cluster {
    return this.#builder.cluster;
  }

  /** What this node's Pods are given; undefined until its Node says so and the kernel follows. */
  get settings(): Settings | undefined {
    return this.#planner && this.#settings;
  }

  /** What the kernel refused at the last flush. */
  get failures(): readonly KernelFailure[] {
    return this.#failures;
  }

  /** Takes note; all events of one turn of the event loop go into the kernel together. False: it changes nothing. */
  apply(event: ClusterEvent): boolean {
    const change = this.#builder.apply(event);
    if (change.length === 0) return false;
    for (const subject of change) {
      this.#changes.set(`${subject.kind} ${subject.key}`, subject);
      if (subject.kind === 'Node' && this.#concernsSelf(subject.key)) this.#self = true;
    }
    this.hooks.changed?.(change, this.cluster);
    this.#schedule();
    return true;
  }

  /** Of other nodes only the addresses of a few are part of this one's settings. */
  #concernsSelf(node: string): boolean {
    if (node === this.config.node || !this.#settings) return true;
    return `${dnsPeersOf(this.cluster, this.config.node)}` !== `${this.#settings.dnsPeers}`;
  }

  /**
   * Every first list is in. Before that the kernel is left as the last agent left it: what it holds is better than a
   * plan made of half a cluster.
   */
  synced(): void {
    this.#synced = true;
    this.#schedule();
  }

  /** Whether it can be said which policies concern a Pod: as soon as the API has told of it, or when there are none. */
  isPolicyKnown({ namespace, name, uid }: PodIdentity): boolean {
    const { pods, namespaces, policies } = this.cluster;
    if (policies.size === 0) return true;
    const pod = pods.get(`${namespace}/${name}`);
    // The last Pod of that name had perhaps other labels. Of a static Pod the API has a mirror with a uid of its own.
    const isThis = uid === '' || pod?.uid === uid || text(pod?.object, 'metadata', 'annotations', STATIC_UID) === uid;
    return pod !== undefined && isThis && namespaces.has(namespace);
  }

  /** Whether the API still has another Pod under that address: policies would take its next Pod for that one. */
  isClaimed(ip: Ip, pod: PodIdentity | undefined): boolean {
    const owner = this.cluster.podsByIp.get(`${ip}`);
    return owner !== undefined && owner.key !== `${pod?.namespace}/${pod?.name}`;
  }

  /** Wires the node's side at once; what the kernel refused of it, empty when all is there. */
  attach(attachment: Attachment): readonly string[] {
    this.#attachments.set(attachment.id, attachment);
    const change = this.#planner!.attach(attachment);
    this.#set(change);
    this.flush();
    this.#made.delete(attachment.link);
    return [...change.keys()].flatMap(owner => {
      const status = this.#reconciler.statuses.get(owner);
      return status?.state === 'error' ? status.error : [];
    });
  }

  /** Removes all these attachments' objects from the node in one go. */
  detach(ids: Iterable<string>): void {
    for (const id of ids) {
      this.#attachments.delete(id);
      if (this.#planner) this.#set(this.#planner.detach(id));
    }
    if (this.#planner) this.flush();
  }

  /** What of an attachment's side of the node is missing in the kernel or otherwise than wanted, in words. */
  check(id: string): readonly string[] {
    const attachment = this.#attachments.get(id);
    if (!attachment || !this.#planner) return ['it is not planned'];
    const wanted = [...this.#planner.attach(attachment).values()].flat();
    const state = new Map(wanted.map(object => [keyOf(object), object]));
    const observed = this.port.read([...new Set(wanted.map(object => object.kind))]);
    return diff(state, observed, { remove: false }).map(({ object }) => `on the node: ${keyOf(object)}`);
  }

  /** Names of the links that had gone and were made anew since this was asked last: their other ends have to be set up again. */
  remade(): ReadonlySet<string> {
    const names = new Set(this.#made);
    this.#made.clear();
    return names;
  }

  /** Names of the links that the node has now. */
  links(): ReadonlySet<string> {
    return new Set(
      [...this.port.read(['link']).values()].flatMap(object => (object.kind === 'link' ? object.name : [])),
    );
  }

  /** Brings what changed into the kernel now. */
  flush(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#timer = this.#immediate = undefined;
    const begun = performance.now();
    if (!this.#synced || !this.#replan()) return;
    const result = this.#reconciler.flush();
    this.#settle(result);
    const { applied, failures } = result;
    this.hooks.flushed?.({ seconds: (performance.now() - begun) / 1000, applied, failures });
  }

  /** Reads everything back and repairs what somebody else changed. */
  resync(): void {
    this.#self = true;
    this.flush();
    if (!this.#planner) return;
    const result = this.#reconciler.resync();
    this.counters.repairs += result.applied;
    if (result.applied > 0)
      log.warn('repaired what somebody else changed in the kernel', { operations: result.applied });
    this.#settle(result);
  }

  stop(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#synced = false;
  }

  /** Plans what changed: everything when the node itself did, the changed subjects otherwise. False: nothing to plan yet. */
  #replan(): boolean {
    const settings = this.#self ? settingsOf(this.config, this.cluster, this.port) : undefined;
    if (this.#self && !settings && !this.#planner) this.#later(UNKNOWN_RETRY);
    this.#self = this.#self && !settings;
    const first = !this.#planner;
    if (settings && !(this.#settings && sameSettings(settings, this.#settings))) {
      this.#planner = new Planner(this.cluster, this.config.node, settings, this.#attachments.values());
      this.#settings = settings;
      const before = this.#owners;
      this.#owners = new Set();
      this.#set(this.#planner.start());
      for (const owner of before) if (!this.#owners.has(owner)) this.#reconciler.remove(owner);
    } else if (this.#planner && this.#changes.size > 0) {
      this.#set(this.#planner.apply([...this.#changes.values()]));
    }
    this.#changes.clear();
    if (first && this.#planner) queueMicrotask(() => this.hooks.ready?.());
    return this.#planner !== undefined;
  }

  #set(change: PlanChange): void {
    for (const [owner, objects] of change) {
      this.#reconciler.set(owner, objects);
      if (objects.length > 0) this.#owners.add(owner);
      else this.#owners.delete(owner);
    }
  }

  #apply(operations: readonly Operation[]): readonly KernelFailure[] {
    for (const { verb, object } of operations)
      if (verb === 'add' && object.kind === 'link') this.#made.add(object.name);
    return this.port.apply(operations);
  }

  #settle({ applied, failures, retryIn }: ReturnType<Reconciler['flush']>): void {
    this.counters.flushes++;
    this.counters.operations += applied;
    this.counters.failures += failures.length;
    for (const { operation, errno, message } of failures.slice(0, 5)) {
      log.warn('the kernel refused', { verb: operation.verb, kind: operation.object.kind, errno, message });
    }
    this.#failures = failures;
    if (retryIn !== undefined) this.#later(retryIn);
  }

  #schedule(): void {
    if (this.#synced) this.#immediate ??= setImmediate(() => this.#tryFlush());
  }

  #later(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tryFlush(), milliseconds).unref();
  }

  /** Where nobody waits for the result: a kernel that cannot even be read is asked again, and does not end the agent. */
  #tryFlush(): void {
    try {
      this.flush();
    } catch (error) {
      log.error('the kernel cannot be read or written', { error });
      this.#later(UNREADABLE_RETRY);
    }
  }
}
