/** What the model finds wrong becomes an Event on the object that is wrong. Knows who of all agents says it. */

import type { EventRecorder, Regarding } from '../client/events.js';
import type { Change, Cluster, Subject } from '../model/cluster.js';
import type { Problem } from '../model/problem.js';

/** Milliseconds: what is mended sooner, as a Node that waits for its pod CIDR, was no problem. */
const GRACE = 2000;

/**
 * Every agent sees every Service, so one speaks for all: the one whose Node is first by name. What is wrong with a
 * Node is said by its own agent. A problem is said when it appears, not at each change of its object.
 */
export class ProblemReporter {
  readonly #said = new Map<string, ReadonlySet<string>>();
  readonly #changed = new Map<string, Subject>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly node: string,
    private readonly events: EventRecorder,
    private readonly grace = GRACE,
  ) {}

  changed(change: Change, cluster: Cluster): void {
    for (const subject of change) this.#changed.set(`${subject.kind} ${subject.key}`, subject);
    this.#timer ??= setTimeout(() => this.#report(cluster), this.grace).unref();
  }

  #report(cluster: Cluster): void {
    this.#timer = undefined;
    const changed = [...this.#changed];
    this.#changed.clear();
    for (const [key, subject] of changed) {
      if (!this.#mine(subject, cluster)) continue;
      const found = problemsOf(subject, cluster);
      const before = this.#said.get(key);
      for (const { problem, regarding } of found) {
        if (!before?.has(problem.code + problem.message)) {
          this.events.record(
            regarding,
            'Warning',
            reasonOf(problem),
            `${problem.code} ${problem.message}; ${problem.advice}`,
          );
        }
      }
      if (found.length > 0) this.#said.set(key, new Set(found.map(({ problem }) => problem.code + problem.message)));
      else this.#said.delete(key);
    }
  }

  #mine({ kind, key }: Subject, cluster: Cluster): boolean {
    if (kind === 'Node') return key === this.node;
    if (kind !== 'Service') return false;
    for (const name of cluster.nodes.keys()) if (name < this.node) return false;
    return true;
  }
}

function problemsOf(
  { kind, key }: Subject,
  cluster: Cluster,
): { readonly problem: Problem; readonly regarding: Regarding }[] {
  if (kind === 'Node') {
    const node = cluster.nodes.get(key);
    // kubectl shows a Node's events by the name in place of the uid, as kubelet writes it.
    return (node?.problems ?? []).map(problem => ({
      problem,
      regarding: { apiVersion: 'v1', kind, name: key, uid: key },
    }));
  }
  const service = cluster.services.get(key);
  if (!service) return [];
  const { namespace, name, object } = service;
  const regarding = { apiVersion: 'v1', kind, namespace, name, uid: object.metadata?.uid };
  const all = [...service.problems, ...service.slices.flatMap(slice => slice.problems)];
  return all.map(problem => ({ problem, regarding }));
}

/** CamelCase and stable, as Kubernetes wants a reason; by the code's class. */
function reasonOf({ code }: Problem): string {
  return code.startsWith('PW-S') ? 'ServiceProblem' : 'NodeNetworkProblem';
}
