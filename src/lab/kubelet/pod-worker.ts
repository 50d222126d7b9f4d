/** One Pod on this node from the first sight to the last. Does what `decide` says, keeps the state on disk and the API informed. */

import { rmSync } from 'node:fs';
import { ApiFailure } from '../../client/failure.js';
import { isNamespace } from '../../host/namespace.js';
import type { Pod } from '../../objects/pod.js';
import { resources } from '../../objects/resources.js';
import { logger } from '../../report/log.js';
import { ContainerRunner, type Owner } from './container-runner.js';
import { type Action, deadlineOf, decide } from './decide.js';
import { type NodeContext, tell } from './node-context.js';
import { notHonoured } from './not-honoured.js';
import { type PodRecord, writePod, writeState } from './record.js';
import { addressesOf, makeSandbox, newSandbox, removeSandbox } from './sandbox.js';
import { type ContainerState, members, newPodState, type PodState, stateOf, withContainer } from './state.js';
import { podStatus } from './status.js';
import { type StatusPublisher, statusPublisher } from './status-publisher.js';
import { ServiceTokens } from './tokens.js';
import { prepareVolume, releaseVolumes } from './volumes.js';

const log = logger('lab');
/** Pauses between attempts to set up or tear down, milliseconds. */
const RETRY = { first: 100, longest: 16_000 };

export class PodWorker implements Owner {
  readonly containers: ReadonlyMap<string, ContainerRunner>;
  #pod: Pod;
  #state: PodState;
  readonly #directory: string;
  readonly #publisher: StatusPublisher;
  readonly #tokens: ServiceTokens;
  readonly #busy = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #scheduled = false;
  #closed = false;
  /** Its directory is gone. */
  #removed = false;
  /** The API has forgotten the Pod. */
  #forgotten = false;
  /** The Pod's deletion as last seen: its grace period counts from then. */
  #deletion: { readonly seen: number; readonly grace: number } | undefined;
  readonly #hurry = new Set<() => void>();
  #failures = 0;
  #notBefore = 0;

  readonly #finished: Promise<void>;
  #finish!: () => void;

  constructor(
    readonly context: NodeContext,
    pod: Pod,
    record: PodRecord | undefined,
  ) {
    this.#finished = new Promise(resolve => {
      this.#finish = resolve;
    });
    this.#pod = pod;
    this.#state = record?.state ?? seeded(pod);
    this.#directory = context.places(pod.metadata.uid ?? '').pod;
    this.#publisher = statusPublisher(context.api);
    this.#tokens = new ServiceTokens(context.api, pod, () => this.refreshVolumes());
    this.containers = new Map(members(pod).map(member => [member.container.name, new ContainerRunner(member, this)]));
    if (record) this.#adopt();
    else this.#welcome();
    this.updated(pod);
  }

  pod(): Pod {
    return this.#pod;
  }

  state(): PodState {
    return this.#state;
  }

  /** The Pod's object changed. */
  updated(pod: Pod): void {
    this.#pod = pod;
    const { deletionTimestamp, deletionGracePeriodSeconds: grace = 0 } = pod.metadata;
    if (deletionTimestamp && (!this.#deletion || grace < this.#deletion.grace)) {
      this.#deletion = { seen: Date.now(), grace };
      for (const hurry of this.#hurry) hurry();
    }
    this.wake();
  }

  /** The Pod is gone from the API: its containers end at once. Resolves when nothing of it is left on the node. */
  forgotten(): Promise<void> {
    if (!this.#forgotten) {
      this.#forgotten = true;
      const deletionTimestamp = new Date().toISOString();
      const metadata = { ...this.#pod.metadata, deletionTimestamp, deletionGracePeriodSeconds: 0 };
      this.updated({ ...this.#pod, metadata });
    }
    return this.#finished;
  }

  /** Decides anew, once for all changes of this turn. */
  wake(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (!this.#closed) this.#step();
    });
  }

  /** An object that the Pod refers to changed. */
  refreshVolumes(): void {
    if (this.#state.sandbox && !this.#pod.metadata.deletionTimestamp) {
      try {
        this.#prepareVolumes();
      } catch (error) {
        // What is mounted stays as it is.
        log.debug('volumes not refreshed', { pod: this.#pod.metadata.name, error });
      }
    }
    this.#notBefore = 0;
    const waiting = Object.entries(this.#state.containers).filter(
      ([, now]) => now.waiting?.reason === 'CreateContainerConfigError',
    );
    for (const [name] of waiting) this.update(name, now => ({ ...now, backoff: { ...now.backoff, since: 0 } }));
    this.wake();
  }

  /** Leaves everything running. */
  async close(): Promise<void> {
    await this.#publisher.settled();
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#tokens.close();
    this.#publisher.close();
    for (const runner of this.containers.values()) runner.leave();
  }

  update(name: string, change: (now: ContainerState) => ContainerState): void {
    const before = stateOf(this.#state, name);
    const after = change(before);
    if (after !== before) this.#set(withContainer(this.#state, name, after));
  }

  stopTime(begun: number, grace: number): Promise<void> {
    return new Promise(resolve => {
      let timer: NodeJS.Timeout | undefined;
      const plan = () => {
        const deletion = this.#deletion;
        const end = deletion ? Math.max(begun, deletion.seen) + deletion.grace * 1000 : begun + grace * 1000;
        clearTimeout(timer);
        timer = setTimeout(
          () => {
            this.#hurry.delete(plan);
            resolve();
          },
          Math.max(0, end - Date.now()),
        ).unref();
      };
      this.#hurry.add(plan);
      plan();
    });
  }

  #set(state: PodState): void {
    if (this.#closed) return;
    this.#state = state;
    if (!this.#removed) writeState(this.#directory, state);
    this.wake();
  }

  #welcome(): void {
    writePod(this.#directory, this.#pod);
    for (const sentence of notHonoured(this.#pod)) tell(this.context, this.#pod, 'Warning', 'NotHonoured', sentence);
  }

  #adopt(): void {
    const { sandbox } = this.#state;
    // After a restart of the machine nothing of the Pod is there any more.
    if (sandbox && !isNamespace(sandbox.netns)) this.#state = { ...this.#state, sandbox: undefined };
    for (const runner of this.containers.values()) runner.adopt();
    this.#tokens.fetch().then(
      () => this.refreshVolumes(),
      error => log.warn('no service account token', { pod: this.#pod.metadata.name, error }),
    );
  }

  #step(): void {
    const now = Date.now();
    const deadline = deadlineOf(this.#pod, this.#state);
    if (deadline !== undefined && deadline <= now && !this.#state.failed) {
      const message = 'Pod was active on the node longer than the specified deadline';
      this.#set({ ...this.#state, failed: { reason: 'DeadlineExceeded', message } });
    }
    const { actions, again } = decide(this.#pod, this.#state, now);
    for (const action of actions) this.#begin(action);
    const next = Math.min(
      again ?? Number.POSITIVE_INFINITY,
      this.#notBefore > now ? this.#notBefore : Number.POSITIVE_INFINITY,
    );
    clearTimeout(this.#timer);
    if (Number.isFinite(next)) this.#timer = setTimeout(() => this.wake(), Math.min(next - now, 2 ** 31 - 1)).unref();
    if (this.#forgotten) return;
    const status = podStatus(this.#pod, this.#state, this.context.hostIPs, now);
    const troubled = Object.values(this.#state.containers).some(({ waiting }) => waiting);
    this.#publisher.publish(this.#pod, status, status.phase === 'Pending' && !troubled);
  }

  #begin(action: Action): void {
    const name = 'name' in action ? action.name : '';
    // What concerns the Pod as a whole waits for its containers.
    if (name ? this.#busy.has(name) : this.#busy.size > 0 || this.#notBefore > Date.now()) return;
    this.#busy.add(name);
    const done = () => {
      this.#busy.delete(name);
      this.wake();
    };
    this.#perform(action).then(done, error => {
      log.error('a Pod could not go on', { pod: this.#pod.metadata.name, action: action.do, error });
      this.#later();
      done();
    });
  }

  async #perform(action: Action): Promise<void> {
    switch (action.do) {
      case 'set up':
        return this.#setUp();
      case 'start':
        return this.containers.get(action.name)?.start();
      case 'stop': {
        const { deletionTimestamp, deletionGracePeriodSeconds } = this.#pod.metadata;
        const own = this.#pod.spec.terminationGracePeriodSeconds ?? 30;
        return this.containers
          .get(action.name)
          ?.stop(action.why, deletionTimestamp ? (deletionGracePeriodSeconds ?? own) : own);
      }
      case 'tear down':
        return this.#tearDown();
      case 'delete':
        return this.#delete();
    }
  }

  async #setUp(): Promise<void> {
    try {
      await this.#tokens.fetch();
      this.#prepareVolumes();
    } catch (error) {
      tell(this.context, this.#pod, 'Warning', 'FailedMount', (error as Error).message);
      return this.#later();
    }
    try {
      // A sandbox that was begun and not finished is removed first.
      if (this.#state.sandbox) await removeSandbox(this.#state.sandbox, this.#pod, this.context);
      const begun = newSandbox(this.#pod, this.context);
      this.#set({ ...this.#state, sandbox: begun });
      const sandbox = await makeSandbox(begun, this.#pod, this.context);
      this.#set({ ...this.#state, sandbox, podIPs: addressesOf(sandbox, this.#pod, this.context) });
      this.#failures = 0;
    } catch (error) {
      const { message } = error as Error;
      tell(this.context, this.#pod, 'Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${message}`);
      this.#later();
    }
  }

  #prepareVolumes(): void {
    const { namespace = '', uid = '' } = this.#pod.metadata;
    const inputs = {
      pod: this.#pod,
      references: this.context.references(namespace),
      placement: this.context.placement(this.#state.podIPs),
      token: (path: string) => this.#tokens.token(path),
    };
    for (const volume of this.#pod.spec.volumes ?? []) {
      try {
        prepareVolume(volume, this.context.places(uid), inputs);
      } catch (error) {
        // The kubelet's words, with the space before the colon.
        throw new Error(`MountVolume.SetUp failed for volume "${volume.name}" : ${(error as Error).message}`);
      }
    }
  }

  async #tearDown(): Promise<void> {
    try {
      await removeSandbox(this.#state.sandbox!, this.#pod, this.context);
    } catch (error) {
      tell(this.context, this.#pod, 'Warning', 'FailedKillPod', `error killing pod: ${(error as Error).message}`);
      return this.#later();
    }
    releaseVolumes(this.#pod, this.context.places(this.#pod.metadata.uid ?? ''));
    this.#failures = 0;
    this.#set({ ...this.#state, sandbox: undefined });
  }

  async #delete(): Promise<void> {
    const { namespace, name, uid } = this.#pod.metadata;
    await this.#publisher.settled();
    // Before the API forgets the Pod: who sees it gone finds nothing of it here.
    this.#removed = true;
    rmSync(this.#directory, { recursive: true, force: true });
    if (!this.#forgotten) {
      try {
        await this.context.api.delete(
          resources.pods,
          { namespace, name },
          { gracePeriodSeconds: 0, preconditions: { uid } },
        );
      } catch (error) {
        // Not found: it is gone. Conflict: another Pod has its name by now.
        if (!(error instanceof ApiFailure) || (error.status !== 404 && error.status !== 409)) return this.#later();
      }
    }
    await this.close();
    this.#finish();
  }

  #later(): void {
    this.#notBefore = Date.now() + Math.min(RETRY.longest, RETRY.first * 2 ** this.#failures++);
  }
}

/** A Pod without a record on this node: new, or its record went with the machine's restart, and only the API remembers its restarts. */
function seeded(pod: Pod): PodState {
  const state = newPodState(Date.now());
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  return [...initContainerStatuses, ...containerStatuses].reduce((so, { name, restartCount, containerID }) => {
    return withContainer(so, name, {
      ...stateOf(so, name),
      restarts: restartCount,
      runs: containerID ? restartCount + 1 : 0,
    });
  }, state);
}
