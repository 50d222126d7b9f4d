/** What is wrong with a Service, a policy or a Node becomes an Event on it. Knows who of all agents says it, how long it waits, and how much is too much. */

import type { EventRecorder, Regarding } from '../client/events.js';
import type { Change, Cluster, ServiceEntry, Subject } from '../model/cluster.js';
import { type Problem, problem } from '../model/problem.js';
import { list, text } from '../model/read.js';
import { isSymptom, symptom } from '../model/symptoms.js';
import { logger } from '../report/log.js';
import { regardingNode, regardingPolicy, regardingService } from './regarding.js';

/** Milliseconds: what is mended sooner, as a Node that waits for its pod CIDR, was no problem. */
const GRACE = 2000;
/** Where endpoints are missing: Pods are being made, or start. */
const SYMPTOM_GRACE: Readonly<Record<string, number>> = {
  'PW-S411': 10_000,
  'PW-S412': 10_000,
  'PW-S413': 30_000,
  'PW-S414': 10_000,
};

/** Events that may be said at once, and then so many more a minute: a node that dies takes thousands of Services along. */
const BURST = 50;

/** Milliseconds until what there was no room for is looked at again. */
const RETRY = 10_000;

const log = logger('agent');

interface Open {
  readonly since: number;
  readonly said: boolean;
}

/** A subject that changed lately, or has problems. */
interface Case {
  readonly subject: Subject;
  changed: number;
  /** When to look at it, milliseconds of the clock. */
  at: number;
  open: ReadonlyMap<string, Open>;
}

/**
 * Every agent sees every Service and policy, so one speaks for all: the one whose Node is the first by name of those that are ready.
 * What is wrong with a Node is said by its own agent. A problem is said once it has lasted, and not at each change of
 * its object; what there is no room for now is said later, if it is still so.
 */
export class ProblemReporter {
  readonly #cases = new Map<string, Case>();
  #budget = BURST;
  #counted = Date.now();
  #timer: NodeJS.Timeout | undefined;
  #cluster: Cluster | undefined;
  #synced = false;

  /** `sctp`: whether this node's kernel can serve it. */
  constructor(
    private readonly node: string,
    private readonly events: EventRecorder,
    private readonly sctp: () => boolean = () => true,
  ) {}

  changed(change: Change, cluster: Cluster): void {
    this.#cluster = cluster;
    const now = Date.now();
    for (const subject of change) {
      if (subject.kind === 'Pod' || subject.kind === 'Namespace') continue;
      const key = `${subject.kind} ${subject.key}`;
      const known = this.#cases.get(key);
      if (!known) this.#cases.set(key, { subject, changed: now, at: now + GRACE, open: NONE });
      else {
        known.changed = now;
        known.at = Math.min(known.at, now + GRACE);
      }
    }
    if (this.#synced) this.#timer ??= setTimeout(() => this.#look(), GRACE).unref();
  }

  /** Every first list is in: before, a Service might seem to lack what was only not heard of yet. */
  synced(): void {
    this.#synced = true;
    for (const one of this.#cases.values()) {
      one.changed = Date.now();
      one.at = one.changed + GRACE;
    }
    if (this.#cases.size > 0) this.#timer ??= setTimeout(() => this.#look(), GRACE).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #look(): void {
    this.#timer = undefined;
    const now = Date.now();
    const hadRoom = this.#budget >= 1;
    this.#budget = Math.min(BURST, this.#budget + ((now - this.#counted) / 60_000) * BURST);
    this.#counted = now;
    const speaker = speakerOf(this.#cluster!);
    for (const [key, one] of this.#cases) {
      if (one.at > now) continue;
      const found = this.#mine(one.subject, speaker) ? this.#problemsOf(one.subject) : [];
      one.at = Number.POSITIVE_INFINITY;
      one.open = new Map(found.map(each => [idOf(each.problem), this.#consider(one, each, now)]));
      if (one.open.size === 0) this.#cases.delete(key);
    }
    if (hadRoom && this.#budget < 1) log.warn('more problems than can be said at once, the others wait');
    let next = Number.POSITIVE_INFINITY;
    for (const { at } of this.#cases.values()) next = Math.min(next, at);
    if (Number.isFinite(next)) this.#timer = setTimeout(() => this.#look(), Math.max(1, next - now)).unref();
  }

  /** Says it when it is due, and otherwise sees to it that it is looked at then. */
  #consider(one: Case, { problem, regarding }: Found, now: number): Open {
    const { since, said } = one.open.get(idOf(problem)) ?? { since: one.changed, said: false };
    if (said) return { since, said };
    const due = since + (SYMPTOM_GRACE[problem.code] ?? GRACE);
    if (due > now || this.#budget < 1) {
      one.at = Math.min(one.at, due > now ? due : now + RETRY);
      return { since, said };
    }
    this.#budget--;
    const { code, message, advice } = problem;
    this.events.record(regarding, 'Warning', reasonOf(problem), `${code} ${message}; ${advice}`);
    return { since, said: true };
  }

  /** Whether it is this agent that speaks of what all of them see. */
  get speaks(): boolean {
    return this.#cluster !== undefined && speakerOf(this.#cluster) === this.node;
  }

  #mine({ kind, key }: Subject, speaker: string | undefined): boolean {
    return kind === 'Node' ? key === this.node : speaker === this.node;
  }

  #problemsOf({ kind, key }: Subject): readonly Found[] {
    if (kind === 'Node') {
      const regarding = regardingNode(key);
      return (this.#cluster!.nodes.get(key)?.problems ?? []).map(problem => ({ problem, regarding }));
    }
    if (kind === 'Policy') {
      const regarding = regardingPolicy(key);
      return (this.#cluster!.policies.get(key)?.problems ?? []).map(problem => ({ problem, regarding }));
    }
    const service = this.#cluster!.services.get(key);
    if (!service) return [];
    const regarding = regardingService(service);
    return this.#serviceProblems(service).map(problem => ({ problem, regarding }));
  }

  #serviceProblems(service: ServiceEntry): readonly Problem[] {
    const sctp = service.ports.some(({ protocol }) => protocol === 'SCTP') && !service.headless && !this.sctp();
    const missing = symptom(service);
    return [
      ...service.problems,
      ...service.slices.flatMap(slice => slice.problems),
      ...(sctp ? [problem(`Service ${service.key}`, 'PW-S415', { node: this.node })] : []),
      ...(missing ? [missing] : []),
    ];
  }
}

interface Found {
  readonly problem: Problem;
  readonly regarding: Regarding;
}

const NONE: ReadonlyMap<string, Open> = new Map();

function speakerOf({ nodes }: Cluster): string | undefined {
  let first: string | undefined;
  let ready: string | undefined;
  for (const [name, { object }] of nodes) {
    if (first === undefined || name < first) first = name;
    if ((ready === undefined || name < ready) && isReady(object)) ready = name;
  }
  return ready ?? first;
}

function isReady(node: unknown): boolean {
  const conditions = list(node, 'status', 'conditions');
  return conditions.some(each => text(each, 'type') === 'Ready' && text(each, 'status') === 'True');
}

/** Counts and names in a symptom's text may change, and it is the same. */
function idOf(problem: Problem): string {
  return isSymptom(problem) ? problem.code : `${problem.code} ${problem.message}`;
}

/** CamelCase and stable, as Kubernetes wants a reason; by the code's class, but for what only a node knows. */
function reasonOf({ code }: Problem): string {
  if (code === 'PW-S415') return 'ProtocolUnsupported';
  if (code.startsWith('PW-P')) return 'PolicyProblem';
  return code.startsWith('PW-S') ? 'ServiceProblem' : 'NodeNetworkProblem';
}
