/**
 * Makes and removes attachments, so that a kill between any two steps leaves nothing behind that the next start does not
 * find: intent in the journal, kernel, commit in the journal. Knows the steps; knows no protocol and no plan.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { type CniError, cniError, ErrorCode } from '../cni/errors.js';
import type { AttachmentService } from '../cni/operations.js';
import type { AddRequest, AttachmentRef, CheckRequest, PodIdentity } from '../cni/protocol.js';
import type { Attached } from '../cni/result.js';
import { type Allocation, allocate, claim, type Pools, poolsOf, release } from '../ipam/pools.js';
import { Cidr } from '../net/cidr.js';
import type { Ip } from '../net/ip.js';
import type { Attachment } from '../plan/attachment.js';
import { hostPortHolder } from '../plan/services/host-ports.js';
import type { Settings } from '../plan/settings.js';
import { failpoint } from '../report/failpoint.js';
import { logger } from '../report/log.js';
import { attachedOf, newAttachment } from './attachment.js';
import type { Journal } from './journal.js';
import type { NodeNetwork } from './node-network.js';
import type { PodSide } from './pod-side.js';
import { type AttachmentRecord, idOf } from './record.js';

const log = logger('agent');

/** Milliseconds that ADD and DEL wait for an agent that has not yet learnt what it must know. */
const PATIENCE = 10_000;
/**
 * Milliseconds for which links of removed attachments are collected. Deleting one holds the kernel, and us, for an RCU grace
 * period of some 16 ms; deleting a group costs the same. Often the runtime removes the namespace first, and they go by themselves.
 */
const GATHER = 200;

export interface AttachmentHooks {
  /** The node has no address left for this Pod. */
  exhausted?(request: AddRequest, pool: string): void;
  /** It came, or nothing leads to it any more. */
  moved?(attachment: Attachment): void;
}

export class Attachments implements AttachmentService {
  #pools: Pools = [];
  #settings: Settings | undefined;
  #gathering: NodeJS.Timeout | undefined;

  constructor(
    private readonly profile: 'routed' | 'bridge',
    private readonly journal: Journal,
    private readonly network: NodeNetwork,
    private readonly podSide: PodSide,
    private readonly hooks: AttachmentHooks = {},
    private readonly patience = PATIENCE,
  ) {}

  /** What the kernel must hold from the start on: an attachment that was only begun or is leaving is not among them. */
  static living(journal: Journal): AttachmentRecord[] {
    return [...journal.records.values()].filter(record => record.state === 'attached');
  }

  /** After the first flush, which removed what no living attachment wants: forgets what was half made or half removed, mends what broke meanwhile. */
  recover(): void {
    for (const record of [...this.journal.records.values()]) {
      if (record.state !== 'attached') this.journal.remove(record.attachment.id);
    }
    this.#repairRemade();
  }

  get pools(): Pools {
    this.#follow();
    return this.#pools;
  }

  async add(request: AddRequest): Promise<Attached | CniError> {
    if (!(await this.#settled())) return notYet();
    const { ref, pod } = request;
    if (pod && !(await this.#within(() => this.network.isPolicyKnown(pod)))) return unknownPolicy(pod);
    const known = this.journal.records.get(idOf(request.ref));
    if (known) {
      // The runtime asks again because it never heard the answer, or it made the container anew under its old name.
      if (known.state === 'attached' && known.attachment.netns === request.netns) return this.#wire(known);
      this.#finish([known]);
    }
    if (!this.podSide.exists(request.netns)) {
      return cniError(ErrorCode.badEnvironment, `CNI_NETNS ${request.netns} is no network namespace`);
    }
    const settings = this.#follow();
    const taken = this.#takenPort(request, settings);
    if (taken) return cniError(ErrorCode.tryAgain, taken);
    let given = this.#allocate(pod);
    // Addresses that are only waiting for their links to go.
    if ('exhausted' in given && this.#finishLeaving() > 0) given = this.#allocate(pod);
    if ('exhausted' in given) {
      const pool = String(given.exhausted.cidr);
      this.hooks.exhausted?.(request, pool);
      return cniError(ErrorCode.tryAgain, `no address is left in ${pool}`, `${given.exhausted.used} are in use`);
    }
    const attachment = newAttachment(request, given.ips, this.profile, settings);
    const record: AttachmentRecord = { state: 'adding', ref, pod, attachment };
    this.journal.put(record);
    this.#pools = given.pools;
    failpoint('add-intent');
    return this.#wire(record);
  }

  /** Which host port somebody else has already. */
  #takenPort({ hostPorts }: AddRequest, settings: Settings): string | undefined {
    if (!hostPorts.length) return undefined;
    const others = [...this.journal.records.values()].map(({ attachment }) => attachment);
    const holder = hostPortHolder(hostPorts, others, settings);
    if (holder) {
      const { port, attachment } = holder;
      return `host port ${port.protocol}/${port.number} is taken by Pod ${attachment.namespace}/${attachment.name}`;
    }
    for (const { protocol, number } of hostPorts) {
      const service = this.network.cluster.serviceByExternal(undefined, protocol, number);
      if (service) return `host port ${protocol}/${number} is the node port of Service ${service.key}`;
    }
    return undefined;
  }

  async remove(ref: AttachmentRef): Promise<CniError | undefined> {
    const known = this.journal.records.get(idOf(ref));
    if (!known || known.state === 'leaving') return undefined;
    if (!(await this.#settled())) return notYet();
    this.#leave(known);
    return undefined;
  }

  async check(request: CheckRequest): Promise<CniError | undefined> {
    if (!(await this.#settled())) return notYet();
    const known = this.journal.records.get(idOf(request.ref));
    const damaged = (details: string) => cniError(ErrorCode.damaged, 'the attachment is not as ADD left it', details);
    if (known?.state !== 'attached') return cniError(ErrorCode.unknownContainer, 'no such attachment');
    const { attachment } = known;
    if (attachment.netns !== request.netns) return damaged(`its namespace is ${attachment.netns}`);
    const missing = attachment.ips.find(ip => !request.addresses.includes(String(Cidr.host(ip))));
    if (missing) return damaged(`prevResult lacks its address ${missing}`);
    const wrong = [...this.network.check(attachment.id), ...this.podSide.check(attachment)];
    return wrong.length > 0 ? damaged(wrong.join('; ')) : undefined;
  }

  async collect(network: string, valid: readonly AttachmentRef[]): Promise<CniError | undefined> {
    if (!(await this.#settled())) return notYet();
    const keep = new Set(valid.map(idOf));
    for (const record of [...this.journal.records.values()]) {
      if (record.ref.network === network && record.state === 'attached' && !keep.has(record.attachment.id))
        this.#leave(record);
    }
    return undefined;
  }

  /** A full pool is no reason: the node would become NotReady, and its Pods would be evicted for what they have. ADD says it. */
  status(): CniError | undefined {
    if (this.network.settings && this.#follow()) return undefined;
    return cniError(ErrorCode.unavailable, 'the agent does not know its Node and the cluster yet');
  }

  /** Frees what belongs to containers that went without DEL, and mends what somebody took from a living one. */
  sweep(): void {
    const living = Attachments.living(this.journal);
    const links = this.network.links();
    // A namespace takes its end of the link with it; a path alone could also be one that we do not see.
    const vanished = living.filter(
      ({ attachment }) => !links.has(attachment.link) && !this.podSide.exists(attachment.netns),
    );
    for (const { attachment } of vanished) log.info('a namespace vanished without DEL', { netns: attachment.netns });
    this.#finish(vanished);
    this.network.resync();
    this.#repairRemade();
  }

  #repairRemade(): void {
    const remade = this.network.remade();
    for (const { attachment } of remade.size > 0 ? Attachments.living(this.journal) : []) {
      if (!remade.has(attachment.link)) continue;
      try {
        this.podSide.repair(attachment);
      } catch (error) {
        log.warn('a Pod whose link went cannot be repaired', { netns: attachment.netns, error });
      }
    }
  }

  /** Ends what is gathering. */
  close(): void {
    this.#finishLeaving();
  }

  /** Node's side, Pod's side, commit. On failure everything is undone, so that the runtime may try again. */
  #wire(record: AttachmentRecord): Attached | CniError {
    const { attachment } = record;
    try {
      const refused = this.network.attach(attachment);
      if (refused.length > 0) throw new Error(refused.join('; '));
      this.hooks.moved?.(attachment);
      failpoint('add-node');
      this.podSide.wire(attachment);
      failpoint('add-pod');
      if (record.state !== 'attached') this.journal.put({ ...record, state: 'attached' });
      failpoint('add-commit');
      return attachedOf(attachment);
    } catch (error) {
      this.#finish([record]);
      return cniError(ErrorCode.kernel, `the container cannot be attached`, (error as Error).message);
    }
  }

  /** Nothing leads to it or passes it any more when this returns; its link and its addresses go with the next group. */
  #leave(record: AttachmentRecord): void {
    const attachment = { ...record.attachment, leaving: true };
    this.journal.put({ ...record, state: 'leaving', attachment });
    failpoint('del-intent');
    this.network.attach(attachment);
    this.hooks.moved?.(attachment);
    failpoint('del-unwired');
    this.#gathering ??= setTimeout(() => this.#finishLeaving(), GATHER);
  }

  #finishLeaving(): number {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    const leaving = [...this.journal.records.values()].filter(record => record.state === 'leaving');
    this.#finish(leaving);
    return leaving.length;
  }

  #finish(records: readonly AttachmentRecord[]): void {
    if (records.length === 0) return;
    this.network.detach(records.map(record => record.attachment.id));
    failpoint('del-links');
    for (const { attachment } of records) {
      this.journal.remove(attachment.id);
      this.#pools = release(this.#pools, attachment.ips);
    }
    failpoint('del-commit');
  }

  /** Addresses that no other Pod of the API has: policies would take this one for that one. */
  #allocate(pod: PodIdentity | undefined): Allocation {
    let given = allocate(this.#pools);
    const claimed: Ip[] = [];
    while (!('exhausted' in given) && given.ips.some(ip => this.network.isClaimed(ip, pod))) {
      claimed.push(...given.ips);
      given = allocate(given.pools);
    }
    return 'exhausted' in given ? given : { ...given, pools: release(given.pools, claimed) };
  }

  /** Whether the first flush was done, in time. */
  #settled(): Promise<boolean> {
    return this.#within(() => this.network.settings !== undefined);
  }

  async #within(isSo: () => boolean): Promise<boolean> {
    for (const end = Date.now() + this.patience; !isSo(); ) {
      if (Date.now() > end) return false;
      await sleep(5);
    }
    return true;
  }

  /** The pools of the Node's present pod CIDRs, without what is in use. */
  #follow(): Settings {
    const settings = this.network.settings!;
    if (settings !== this.#settings) {
      const used = [...this.journal.records.values()].flatMap(record => record.attachment.ips);
      this.#pools = claim(poolsOf(settings.podCidrs), used);
      this.#settings = settings;
    }
    return settings;
  }
}

function notYet(): CniError {
  return cniError(ErrorCode.tryAgain, 'the agent does not know its Node and the cluster yet');
}

function unknownPolicy({ namespace, name, uid }: PodIdentity): CniError {
  return cniError(
    ErrorCode.tryAgain,
    `the API has not told yet of Pod ${namespace}/${name}, so nobody can say which policies concern it`,
    `uid ${uid}; a container is not attached before its policies are in force`,
  );
}
