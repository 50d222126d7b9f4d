/** Job: runs Pods until enough of them have succeeded, or too many have failed. */

import type { Job, Pod } from '../objects/kinds.js';
import { type Resource, resources } from '../objects/resources.js';
import { type Change, type Controller, keyOf, parseKey, timestamp, type View } from './controller.js';
import { claim, controllerKey } from './owners.js';
import { byUsefulness, isActive, isReady, podFrom } from './pods.js';
import { same, withCondition } from './values.js';

const jobs = resources.jobs as unknown as Resource;
const pods = resources.pods as unknown as Resource;

export const jobController: Controller = {
  name: 'job',
  watches: [jobs, pods],
  keys: object => (object.kind === 'Job' ? [keyOf(object)] : controllerKey(object, 'Job')),
  reconcile,
};

const INDEX = 'batch.kubernetes.io/job-completion-index';
/** After a failure the next Pod waits this long (ms), doubled for each further one up to the longest. */
const FIRST_PAUSE = 10_000;
const LONGEST_PAUSE = 600_000;

type Status = NonNullable<Job['status']>;
type Condition = NonNullable<Status['conditions']>[number];

/** A Job's Pods, counted. */
interface Tally {
  readonly active: readonly Pod[];
  readonly succeeded: readonly Pod[];
  readonly failed: readonly Pod[];
}

function reconcile(view: View, key: string): readonly Change[] {
  const job = view.get(resources.jobs, ...parseKey(key));
  if (!job || job.metadata.deletionTimestamp) return [];
  const claimed = claim(view, jobs, job, resources.pods, job.spec.selector);
  const tally: Tally = {
    active: claimed.owned.filter(isActive),
    succeeded: claimed.owned.filter(pod => pod.status?.phase === 'Succeeded'),
    failed: claimed.owned.filter(pod => pod.status?.phase === 'Failed'),
  };
  const end = ended(job);
  const verdict = end ? undefined : judge(view, job, tally);
  const steps = end
    ? expire(view, job, end)
    : verdict
      ? stop(tally, verdict)
      : job.spec.suspend
        ? halt(job, tally)
        : work(view, job, tally);
  return [...claimed.changes, ...steps, ...status(view, job, tally, verdict)];
}

function ended(job: Job): Condition | undefined {
  return job.status?.conditions?.find(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  );
}

interface Verdict {
  readonly type: 'Complete' | 'Failed';
  readonly reason: string;
  readonly message: string;
}

function judge(view: View, job: Job, { active, succeeded, failed }: Tally): Verdict | undefined {
  const { spec, status: before } = job;
  const fail = (reason: string, message: string): Verdict => ({ type: 'Failed', reason, message });
  const restarts =
    spec.template.spec.restartPolicy === 'OnFailure'
      ? [...active, ...failed].reduce((sum, pod) => sum + restartsOf(pod), 0)
      : 0;
  if (Math.max(failed.length, before?.failed ?? 0) > (spec.backoffLimit ?? 6) || restarts > (spec.backoffLimit ?? 6)) {
    return fail('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  }
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && before?.startTime && Date.parse(before.startTime) + deadline * 1000 <= view.now) {
    return fail('DeadlineExceeded', 'Job was active longer than specified deadline');
  }
  const done =
    spec.completionMode === 'Indexed' ? indexesOf(succeeded).size : Math.max(succeeded.length, before?.succeeded ?? 0);
  // Without a number of completions the first success ends the work, once nobody works any more.
  const enough = spec.completions === undefined ? done > 0 && active.length === 0 : done >= spec.completions;
  return enough
    ? { type: 'Complete', reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' }
    : undefined;
}

function restartsOf(pod: Pod): number {
  const all = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  return all.reduce((sum, container) => sum + container.restartCount, 0);
}

const remove = (object: Pod): Change => ({ do: 'delete', resource: pods, object });

/** The end of a Job ends its running Pods; the others stay, for their logs. */
function stop({ active }: Tally, { type }: Verdict): Change[] {
  return type === 'Failed' ? active.map(remove) : [];
}

function halt(job: Job, { active }: Tally): Change[] {
  const event: Change = { do: 'event', object: job, type: 'Normal', reason: 'Suspended', message: 'Job suspended' };
  return active.length ? [...active.map(remove), event] : [];
}

function work(view: View, job: Job, tally: Tally): Change[] {
  const { spec, status: before } = job;
  const parallelism = spec.parallelism ?? 1;
  const done = Math.max(tally.succeeded.length, before?.succeeded ?? 0);
  // A work queue starts no new Pod after the first success.
  const open = spec.completions === undefined ? (done > 0 ? 0 : parallelism) : spec.completions - done;
  const wanted = Math.min(parallelism, Math.max(0, open));
  const surplus = tally.active.length - wanted;
  if (surplus > 0 && spec.completions !== undefined) return byUsefulness(tally.active).slice(0, surplus).map(remove);
  const deadline = untilDeadline(view, job);
  const timer: Change[] = deadline === undefined ? [] : [{ do: 'again', after: deadline }];
  if (surplus >= 0) return timer;
  const pause = backoff(view, tally);
  if (pause > 0) return [...timer, { do: 'again', after: pause }];
  return [...timer, ...create(job, tally, -surplus)];
}

function untilDeadline(view: View, { spec, status: before }: Job): number | undefined {
  if (spec.activeDeadlineSeconds === undefined) return undefined;
  const start = before?.startTime ? Date.parse(before.startTime) : view.now;
  return Math.max(0, start + spec.activeDeadlineSeconds * 1000 - view.now);
}

function backoff(view: View, { failed }: Tally): number {
  if (failed.length === 0) return 0;
  const pause = Math.min(FIRST_PAUSE * 2 ** (failed.length - 1), LONGEST_PAUSE);
  return Math.max(...failed.map(finishTime)) + pause - view.now;
}

function finishTime(pod: Pod): number {
  const times = (pod.status?.containerStatuses ?? []).map(
    ({ state }) => Date.parse(state?.terminated?.finishedAt ?? '') || 0,
  );
  return Math.max(0, ...times) || Date.parse(pod.metadata.creationTimestamp ?? '') || 0;
}

function create(job: Job, { active, succeeded }: Tally, count: number): Change[] {
  const event = { owner: job, reason: 'SuccessfulCreate', message: 'Created pod: {name}' };
  if (job.spec.completionMode !== 'Indexed') {
    const object = podFrom(job.spec.template, jobs, job);
    return Array.from({ length: count }, () => ({ do: 'create', resource: pods, object, event }));
  }
  const taken = indexesOf([...active, ...succeeded]);
  const free = Array.from({ length: job.spec.completions ?? 0 }, (_, i) => i).filter(index => !taken.has(index));
  return free.slice(0, count).map(index => {
    const note = { [INDEX]: String(index) };
    const template = job.spec.template.spec;
    const env = { name: 'JOB_COMPLETION_INDEX', value: String(index) };
    const containers = template.containers.map(container => ({ ...container, env: [...(container.env ?? []), env] }));
    const spec = { ...template, containers, hostname: `${job.metadata.name}-${index}` };
    return {
      do: 'create',
      resource: pods,
      object: podFrom(job.spec.template, jobs, job, { labels: note, annotations: note, spec }),
      event,
    };
  });
}

function indexesOf(some: readonly Pod[]): Set<number> {
  return new Set(
    some.flatMap(pod => (pod.metadata.annotations?.[INDEX] ? [Number(pod.metadata.annotations[INDEX])] : [])),
  );
}

/** A finished Job with a time to live goes with its Pods. */
function expire(view: View, job: Job, end: Condition): Change[] {
  if (job.spec.ttlSecondsAfterFinished === undefined) return [];
  const left = Date.parse(end.lastTransitionTime ?? '') + job.spec.ttlSecondsAfterFinished * 1000 - view.now;
  if (left > 0) return [{ do: 'again', after: left }];
  return [{ do: 'delete', resource: jobs, object: job, propagationPolicy: 'Background' }];
}

function status(view: View, job: Job, { active, succeeded, failed }: Tally, verdict: Verdict | undefined): Change[] {
  const before = job.status;
  const time = timestamp(view.now);
  const stopped = verdict?.type === 'Failed';
  const indexes = [...indexesOf(succeeded)].sort((a, b) => a - b);
  const next: Status = {
    ...before,
    startTime: job.spec.suspend ? undefined : (before?.startTime ?? time),
    active: stopped ? 0 : active.length,
    ready: stopped ? 0 : active.filter(isReady).length,
    succeeded: Math.max(succeeded.length, before?.succeeded ?? 0),
    failed: Math.max(failed.length, before?.failed ?? 0) + (stopped ? active.length : 0),
    conditions: conditions(job, verdict, time),
    ...(job.spec.completionMode === 'Indexed' ? { completedIndexes: ranges(indexes) } : {}),
    ...(verdict?.type === 'Complete' ? { completionTime: time } : {}),
  };
  if (same(next, before)) return [];
  const changes: Change[] = [{ do: 'status', resource: jobs, object: { ...job, status: next } }];
  if (verdict?.type === 'Complete')
    changes.push({ do: 'event', object: job, type: 'Normal', reason: 'Completed', message: 'Job completed' });
  if (stopped)
    changes.push({ do: 'event', object: job, type: 'Warning', reason: verdict.reason, message: verdict.message });
  return changes;
}

function conditions(job: Job, verdict: Verdict | undefined, time: string): readonly Condition[] {
  let list: readonly Condition[] = job.status?.conditions ?? [];
  const say = (type: string, status: 'True' | 'False', reason: string, message: string) => {
    list = withCondition(list, { type, status, reason, message, lastProbeTime: time }, time);
  };
  if (verdict) {
    say(verdict.type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget', 'True', verdict.reason, verdict.message);
    say(verdict.type, 'True', verdict.reason, verdict.message);
  }
  const suspended = list.find(({ type }) => type === 'Suspended')?.status === 'True';
  if (job.spec.suspend && !suspended && !ended(job)) say('Suspended', 'True', 'JobSuspended', 'Job suspended');
  if (!job.spec.suspend && suspended) say('Suspended', 'False', 'JobResumed', 'Job resumed');
  return list;
}

/** `0-2,5`. */
function ranges(indexes: readonly number[]): string {
  const parts: [number, number][] = [];
  for (const index of indexes) {
    const last = parts.at(-1);
    if (last && last[1] === index - 1) last[1] = index;
    else parts.push([index, index]);
  }
  return parts.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join();
}
