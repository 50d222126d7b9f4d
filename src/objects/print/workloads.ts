/** Workloads as `kubectl get` shows them. */
import type { CronJob, Job } from '../job.js';
import type { KubeObject, LabelSelector } from '../meta.js';
import type { PodSpec } from '../pod.js';
import type { PodDisruptionBudget } from '../pod-disruption-budget.js';
import { formatLabelSelector } from '../selectors.js';
import { age, humanDuration } from '../time.js';
import type { ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet } from '../workload.js';
import { AGE, type Column, count, labelText, NAME, NONE, text, wide } from './column.js';

export const selectorText = (selector: LabelSelector | undefined): string =>
  (selector && formatLabelSelector(selector)) || NONE;

function podColumns<T extends KubeObject>(spec: (object: T) => PodSpec | undefined): Column<T>[] {
  return [
    wide(text('Containers', object => (spec(object)?.containers ?? []).map(container => container.name).join(','))),
    wide(text('Images', object => (spec(object)?.containers ?? []).map(container => container.image ?? '').join(','))),
  ];
}

const selector = <T extends KubeObject & { readonly spec: { readonly selector?: LabelSelector } }>(): Column<T> =>
  wide(text('Selector', object => selectorText(object.spec.selector)));

const template = (object: { readonly spec: { readonly template?: { readonly spec: PodSpec } } }) =>
  object.spec.template?.spec;

export const deploymentColumns: readonly Column<Deployment>[] = [
  NAME,
  text('Ready', ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec.replicas ?? 1}`),
  count('Up-to-date', ({ status }) => status?.updatedReplicas ?? 0),
  count('Available', ({ status }) => status?.availableReplicas ?? 0),
  AGE,
  ...podColumns<Deployment>(template),
  selector(),
];

export const replicaSetColumns: readonly Column<ReplicaSet>[] = [
  NAME,
  count('Desired', ({ spec }) => spec.replicas ?? 1),
  count('Current', ({ status }) => status?.replicas ?? 0),
  count('Ready', ({ status }) => status?.readyReplicas ?? 0),
  AGE,
  ...podColumns<ReplicaSet>(template),
  selector(),
];

export const statefulSetColumns: readonly Column<StatefulSet>[] = [
  NAME,
  text('Ready', ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec.replicas ?? 1}`),
  AGE,
  ...podColumns<StatefulSet>(template),
];

export const daemonSetColumns: readonly Column<DaemonSet>[] = [
  NAME,
  count('Desired', ({ status }) => status?.desiredNumberScheduled ?? 0),
  count('Current', ({ status }) => status?.currentNumberScheduled ?? 0),
  count('Ready', ({ status }) => status?.numberReady ?? 0),
  count('Up-to-date', ({ status }) => status?.updatedNumberScheduled ?? 0),
  count('Available', ({ status }) => status?.numberAvailable ?? 0),
  text('Node Selector', object => labelText(template(object)?.nodeSelector)),
  AGE,
  ...podColumns<DaemonSet>(template),
  selector(),
];

export const jobColumns: readonly Column<Job>[] = [
  NAME,
  text('Status', jobWord),
  text('Completions', ({ spec, status }) => {
    const succeeded = status?.succeeded ?? 0;
    if (spec.completions !== undefined) return `${succeeded}/${spec.completions}`;
    return (spec.parallelism ?? 0) > 1 ? `${succeeded}/1 of ${spec.parallelism}` : `${succeeded}/1`;
  }),
  text('Duration', ({ status }, now) => {
    if (!status?.startTime) return '';
    const end = status.completionTime ? Date.parse(status.completionTime) : now.getTime();
    return humanDuration(end - Date.parse(status.startTime));
  }),
  AGE,
  ...podColumns<Job>(template),
  selector(),
];

function jobWord({ metadata, status }: Job): string {
  const holds = (type: string) =>
    status?.conditions?.some(condition => condition.type === type && condition.status === 'True');
  if (holds('Complete')) return 'Complete';
  if (holds('Failed')) return 'Failed';
  if (metadata.deletionTimestamp) return 'Terminating';
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find(holds) ?? 'Running';
}

export const cronJobColumns: readonly Column<CronJob>[] = [
  NAME,
  text('Schedule', ({ spec }) => spec.schedule),
  text('Timezone', ({ spec }) => spec.timeZone || NONE),
  text('Suspend', ({ spec }) => (spec.suspend === undefined ? '<unset>' : spec.suspend ? 'True' : 'False')),
  count('Active', ({ status }) => status?.active?.length ?? 0),
  text('Last Schedule', ({ status }, now) => (status?.lastScheduleTime ? age(status.lastScheduleTime, now) : NONE)),
  AGE,
  ...podColumns<CronJob>(({ spec }) => spec.jobTemplate.spec.template.spec),
  wide(text('Selector', ({ spec }) => selectorText(spec.jobTemplate.spec.selector))),
];

export const controllerRevisionColumns: readonly Column<ControllerRevision>[] = [
  NAME,
  text('Controller', ({ metadata }) => {
    const owner = metadata.ownerReferences?.find(reference => reference.controller);
    if (!owner) return NONE;
    const [version, group] = owner.apiVersion.split('/').reverse();
    return `${owner.kind.toLowerCase()}${group && version ? `.${group}` : ''}/${owner.name}`;
  }),
  count('Revision', ({ revision }) => revision),
  AGE,
];

export const disruptionBudgetColumns: readonly Column<PodDisruptionBudget>[] = [
  NAME,
  text('Min Available', ({ spec }) => String(spec.minAvailable ?? 'N/A')),
  text('Max Unavailable', ({ spec }) => String(spec.maxUnavailable ?? 'N/A')),
  count('Allowed Disruptions', ({ status }) => status?.disruptionsAllowed ?? 0),
  AGE,
];
