/** One container of a Pod through its runs: start, watch over, stop, adopt. Knows how; when is decided elsewhere. */

import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatResolver, podResolver } from '../../dns/resolv-conf.js';
import type { Pod } from '../../objects/pod.js';
import { findImage, ImageError } from '../images/catalogue.js';
import { isAlive } from '../processes.js';
import type { Container } from '../runtime/container.js';
import { type Running, runInside } from '../runtime/exec.js';
import { adoptContainer, type ContainerProcess, startContainer } from '../runtime/process.js';
import { afterEnd, afterRefusal } from './backoff.js';
import { containerPlan, identityOf } from './container-plan.js';
import { ConfigError, environment } from './environment.js';
import { perform, type Target } from './handlers.js';
import { hostsFile } from './name-files.js';
import { type NodeContext, tell } from './node-context.js';
import { type Watch, watchOver } from './prober.js';
import { serviceVariables } from './service-variables.js';
import type { ContainerState, Member, PodState } from './state.js';
import { stateOf } from './state.js';
import { terminationMessage } from './termination-message.js';
import { containerMounts } from './volumes.js';

/** Milliseconds that a container has for its signal, also when its hook used up the grace period. */
const LAST = 2000;

/** What a container needs of its Pod. */
export interface Owner {
  readonly context: NodeContext;
  pod(): Pod;
  state(): PodState;
  update(name: string, change: (now: ContainerState) => ContainerState): void;
  /** Resolves when the time to stop is over, which may come nearer while waiting. */
  stopTime(begun: number, grace: number): Promise<void>;
}

export class ContainerRunner {
  readonly name: string;
  #process: ContainerProcess | undefined;
  #watching: Watch | undefined;

  constructor(
    readonly member: Member,
    readonly owner: Owner,
  ) {
    this.name = member.container.name;
  }

  get process(): ContainerProcess | undefined {
    return this.#process;
  }

  logPath(run: number): string {
    return join(this.#directory(), `${run}.log`);
  }

  /** Ends when the container runs and its postStart hook is done, or when it is clear that it cannot run. */
  async start(): Promise<void> {
    const before = stateOf(this.owner.state(), this.name);
    let plan: Container;
    try {
      plan = this.#plan();
    } catch (error) {
      return this.#refuse(error as Error);
    }
    this.#tell(
      'Normal',
      'Pulled',
      `Container image ${JSON.stringify(this.member.container.image)} already present on machine`,
    );
    this.#tell('Normal', 'Created', `Created container: ${this.name}`);
    rmSync(this.logPath(before.runs - 2), { force: true });
    const id = `podwire://${randomBytes(32).toString('hex')}`;
    const startedAt = Date.now();
    const counted = { runs: before.runs + 1, restarts: before.runs > 0 ? before.restarts + 1 : before.restarts };
    const { stdin, postStart } = {
      stdin: this.member.container.stdin === true,
      postStart: this.member.container.lifecycle?.postStart,
    };
    try {
      const options = {
        directory: this.#directory(),
        logPath: this.logPath(before.runs),
        stdin,
        silent: plan.program === 'pause',
      };
      this.#process = await startContainer(plan, options);
    } catch (error) {
      const { message } = error as Error;
      this.#tell('Warning', 'Failed', `Error: ${message}`);
      const ended = { exitCode: 128, reason: 'StartError', message, startedAt: 0, finishedAt: startedAt, id };
      this.owner.update(this.name, now => ({
        ...now,
        ...counted,
        waiting: undefined,
        before: now.ended,
        ended,
        backoff: afterEnd(now.backoff, startedAt, startedAt),
      }));
      return;
    }
    this.#tell('Normal', 'Started', `Started container ${this.name}`);
    const running = { startedAt, id, process: this.#process.process };
    const free = this.#initial(postStart !== undefined);
    this.owner.update(this.name, now => ({
      ...now,
      ...counted,
      ...free,
      waiting: undefined,
      doomed: undefined,
      running,
    }));
    this.#follow(this.#process);
    if (postStart) await this.#runPostStart();
    if (this.#process) this.#watch(false);
  }

  /** Goes on with a run that another kubelet began. */
  adopt(): void {
    const { running, runs, started } = stateOf(this.owner.state(), this.name);
    if (!running) return;
    if (!isAlive(running.process)) return this.#ended(undefined);
    this.#process = adoptContainer(running.process, { directory: this.#directory(), logPath: this.logPath(runs - 1) });
    this.#follow(this.#process);
    this.#watch(started);
  }

  /** preStop hook, signal, and after the grace period (seconds) the end. Until then its readiness is asked, as it may still serve. */
  async stop(why: string, grace: number): Promise<void> {
    const process = this.#process;
    if (!process) return;
    this.#watching?.relent();
    this.#tell('Normal', 'Killing', why || `Stopping container ${this.name}`);
    const { lifecycle } = this.member.container;
    const exited = process.exited.then(() => {});
    const over = this.owner.stopTime(Date.now(), grace);
    let rest: Promise<unknown> = over;
    if (lifecycle?.preStop && grace > 0) {
      const hook = perform(lifecycle.preStop, this.target(), grace * 1000).then(({ healthy, output }) => {
        if (!healthy) this.#tell('Warning', 'FailedPreStopHook', `PreStopHook failed: ${output}`);
      });
      await Promise.race([hook, exited, over]);
      const forced = this.owner.pod().metadata.deletionGracePeriodSeconds === 0;
      if (!forced) rest = Promise.all([over, sleep(LAST, undefined, { ref: false })]);
    }
    process.signal((lifecycle?.stopSignal as NodeJS.Signals | undefined) ?? 'SIGTERM');
    await Promise.race([exited, rest]);
    process.signal('SIGKILL');
    await exited;
  }

  /** A command in the running container. */
  exec(argv: readonly string[], streams: { readonly stdin: boolean; readonly tty: boolean }): Promise<Running> {
    const process = this.#process;
    if (!process) return Promise.reject(new Error(`container ${this.name} is not running`));
    const { pid } = process.process;
    const { container } = this.member;
    const identity = identityOf(this.owner.pod(), container);
    // As the container itself was started, whatever ConfigMaps say now.
    const env = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter(Boolean);
    const terminal = streams.tty ? ['TERM=xterm'] : [];
    return runInside(pid, {
      argv,
      env: [...env, ...terminal],
      workingDir: container.workingDir || '/',
      identity,
      ...streams,
    });
  }

  target(): Target {
    const { context } = this.owner;
    return {
      container: this.member.container,
      podIP: this.owner.state().podIPs[0] ?? '127.0.0.1',
      netns: context.netns,
      exec: command => this.exec(command, { stdin: false, tty: false }),
    };
  }

  /** Lets go of the container without ending it. */
  leave(): void {
    this.#watching?.stop();
    this.#process?.output.leave();
  }

  #plan(): Container {
    const { context } = this.owner;
    const pod = this.owner.pod();
    const { podIPs, sandbox } = this.owner.state();
    const { container } = this.member;
    const image = findImage(container.image ?? '', context.machine);
    const namespace = pod.metadata.namespace ?? '';
    const services = serviceVariables(context.services(), namespace, pod.spec.enableServiceLinks !== false);
    const variables = environment(pod, container, services, context.references(namespace), context.placement(podIPs));
    const places = context.places(pod.metadata.uid ?? '');
    const message = container.terminationMessagePath ?? '/dev/termination-log';
    const resolver = podResolver(pod, context.cluster, readFileSync('/etc/resolv.conf', 'utf8'));
    for (const sentence of resolver.omitted) tell(context, pod, 'Warning', 'DNSConfigForming', sentence);
    return containerPlan(pod, container, image, variables, {
      netns: sandbox!.netns,
      scratch: context.scratch,
      layers: context.layers(),
      hidden: context.hidden,
      files: {
        '/etc/resolv.conf': formatResolver(resolver),
        '/etc/hosts': pod.spec.hostNetwork
          ? readFileSync('/etc/hosts', 'utf8')
          : hostsFile(pod, podIPs, context.cluster.domain),
        '/etc/hostname': `${pod.spec.hostNetwork ? context.name : pod.metadata.name}\n`,
      },
      mounts: [
        ...containerMounts(pod, container, places, variables),
        ...(image.pause ? [] : [{ source: this.#messageFile(), target: message, readOnly: false, directory: false }]),
      ],
      nodeName: context.name,
    });
  }

  #directory(): string {
    return join(this.owner.context.places(this.owner.pod().metadata.uid ?? '').pod, 'containers', this.name);
  }

  #messageFile(): string {
    const path = join(this.#directory(), 'termination-log');
    mkdirSync(this.#directory(), { recursive: true });
    writeFileSync(path, '');
    chmodSync(path, 0o666);
    return path;
  }

  /** An image, an object or a file that is not there: tried again later. */
  #refuse(error: Error): void {
    const now = stateOf(this.owner.state(), this.name);
    const image = error instanceof ImageError;
    const again =
      now.waiting?.reason.startsWith(image ? 'ErrImage' : 'CreateContainer') ||
      now.waiting?.reason === 'ImagePullBackOff';
    const reason = image ? (again ? 'ImagePullBackOff' : 'ErrImagePull') : 'CreateContainerConfigError';
    if (image)
      this.#tell(
        'Warning',
        'Failed',
        `Failed to pull image ${JSON.stringify(this.member.container.image)}: ${error.message}`,
      );
    this.#tell(
      'Warning',
      again && image ? 'BackOff' : 'Failed',
      image && again
        ? `Back-off pulling image ${JSON.stringify(this.member.container.image)}`
        : `Error: ${image ? reason : error.message}`,
    );
    this.owner.update(this.name, state => ({
      ...state,
      waiting: { reason, message: error.message },
      backoff: afterRefusal(state.backoff, Date.now()),
    }));
    if (!image && !(error instanceof ConfigError)) this.#tell('Warning', 'FailedCreate', error.message);
  }

  #initial(hook: boolean): Pick<ContainerState, 'started' | 'ready'> {
    const { startupProbe, readinessProbe } = this.member.container;
    return { started: !hook && !startupProbe, ready: !hook && !startupProbe && !readinessProbe };
  }

  async #runPostStart(): Promise<void> {
    const { healthy, output } = await perform(this.member.container.lifecycle!.postStart!, this.target(), 2 ** 31 - 1);
    if (healthy) this.owner.update(this.name, now => ({ ...now, ...this.#initial(false) }));
    else {
      this.#tell('Warning', 'FailedPostStartHook', `PostStartHook failed: ${output}`);
      this.owner.update(this.name, now => ({ ...now, doomed: `FailedPostStartHook` }));
    }
  }

  #follow(process: ContainerProcess): void {
    void process.exited.then(code => {
      if (this.#process === process) this.#ended(code);
    });
  }

  #watch(started: boolean): void {
    const { container } = this.member;
    const set = (change: Partial<ContainerState>) =>
      this.owner.update(this.name, now => (now.running ? { ...now, ...change } : now));
    this.#watching = watchOver(container, this.target(), started, {
      started: () => set({ started: true, ready: !container.readinessProbe }),
      ready: ready => set({ ready }),
      failed: kind => set({ doomed: `Container ${this.name} failed ${kind} probe, will be restarted` }),
      unhealthy: (kind, output) =>
        this.#tell('Warning', 'Unhealthy', `${kind[0]!.toUpperCase()}${kind.slice(1)} probe failed: ${output}`),
    });
  }

  #ended(code: number | undefined): void {
    this.#watching?.stop();
    this.#process = undefined;
    const finishedAt = Date.now();
    this.owner.update(this.name, now => {
      if (!now.running) return now;
      const { startedAt, id } = now.running;
      const exitCode = code ?? 137;
      const reason = code === undefined ? 'ContainerStatusUnknown' : code === 0 ? 'Completed' : 'Error';
      const message =
        code === undefined
          ? 'The container could not be located when the kubelet came back'
          : this.#message(exitCode, now.runs - 1);
      const ended = { exitCode, reason, ...(message && { message }), startedAt, finishedAt, id };
      const backoff = afterEnd(now.backoff, startedAt, finishedAt);
      if (backoff.delay > 0)
        this.#tell(
          'Warning',
          'BackOff',
          `Back-off restarting failed container ${this.name} in pod ${this.owner.pod().metadata.name}_${this.owner.pod().metadata.namespace}(${this.owner.pod().metadata.uid})`,
        );
      return {
        ...now,
        running: undefined,
        doomed: undefined,
        started: false,
        ready: false,
        before: now.ended,
        ended,
        backoff,
      };
    });
  }

  #message(exitCode: number, run: number): string {
    const { terminationMessagePolicy: policy } = this.member.container;
    return terminationMessage(
      join(this.#directory(), 'termination-log'),
      exitCode !== 0 && policy === 'FallbackToLogsOnError' ? this.logPath(run) : undefined,
    );
  }

  #tell(type: 'Normal' | 'Warning', reason: string, message: string): void {
    tell(this.owner.context, this.owner.pod(), type, reason, message);
  }
}
